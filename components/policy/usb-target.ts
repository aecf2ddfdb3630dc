// SPDX-License-Identifier: Apache-2.0
// What no schema shows of a target that is flashed: nothing is written on a guess. For documents, and for programs that have none.

/** What is wrong with a target, at which of its keys, as the end of a sentence; undefined where nothing is. What is not known yet is right. */
export function usbTargetProblem(
	via: unknown,
	usb: { readonly serial?: unknown; readonly port?: unknown } | null | undefined,
): { key: "via" | "usb"; what: string } | undefined {
	const isGiven = usb !== undefined && usb !== null;
	if (via === "usb" && !isGiven)
		return { key: "via", what: "is usb, but target.usb is missing; allowed: usb with the one tablet that may be flashed" };
	if (via === "qemu" && isGiven) return { key: "usb", what: "is given, but via is qemu; allowed: with via: usb only" };
	if (isGiven && usb.serial === undefined && usb.port === undefined)
		return { key: "usb", what: "names no tablet; allowed: with serial, port or both" };
	return undefined;
}

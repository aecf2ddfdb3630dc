// SPDX-License-Identifier: Apache-2.0
// A real phone is flashed only when it says which one it is: nothing is written on a guess.
import type { Loaded, Phone, Problem } from "../manifest/index.ts";
import { valueProblem } from "./problems.ts";

/** Problems of a phone's target that no schema shows. */
export function checkTablet(phone: Loaded<Phone>): Problem[] {
	const { via, usb } = phone.document.target;
	if (via === "usb" && usb === null)
		return [
			valueProblem(
				phone,
				["target", "via"],
				"is usb, but target.usb is missing; allowed: usb with the one tablet that may be flashed",
			),
		];
	if (via !== "usb" && usb !== null)
		return [valueProblem(phone, ["target", "usb"], `is given, but via is ${via}; allowed: with via: usb only`)];
	if (usb !== null && usb.serial === undefined && usb.port === undefined)
		return [valueProblem(phone, ["target", "usb"], "names no tablet; allowed: with serial, port or both")];
	return [];
}

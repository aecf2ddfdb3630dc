// SPDX-License-Identifier: Apache-2.0
// A real phone is flashed only when it says which one it is, and cannot have what needs a line to it.
import type { PhoneDraft, Problem } from "../manifest/index.ts";
import { keyProblem, valueProblem } from "./problems.ts";
import { usbTargetProblem } from "./usb-target.ts";

/** Problems of a phone's target that no schema shows. */
export function checkTablet({ phone, personas }: PhoneDraft): Problem[] {
	if (phone === undefined) return [];
	const { via, usb } = phone.document.target;
	const problem = usbTargetProblem(via, usb);
	const target = problem === undefined ? [] : [valueProblem(phone, ["target", problem.key], problem.what)];
	if (via !== "usb") return target;
	// Volumes are made by this machine, and their keys handed over by it: neither reaches a tablet.
	const stored = personas.filter(({ document }) => document.storage.length > 0);
	const what = "cannot be had with `via: usb`, which does not reach the tablet's memory card; allowed: []";
	return [...target, ...stored.map((persona) => keyProblem(persona, ["storage"], what))];
}

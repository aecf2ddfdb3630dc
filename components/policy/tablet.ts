// SPDX-License-Identifier: Apache-2.0
// A real phone is flashed only when it says which one it is.
import type { Loaded, Phone, Problem } from "../manifest/index.ts";
import { valueProblem } from "./problems.ts";
import { usbTargetProblem } from "./usb-target.ts";

/** Problems of a phone's target that no schema shows. */
export function checkTablet(phone: Loaded<Phone>): Problem[] {
	const { via, usb } = phone.document.target;
	const problem = usbTargetProblem(via, usb);
	return problem === undefined ? [] : [valueProblem(phone, ["target", problem.key], problem.what)];
}

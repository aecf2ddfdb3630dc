// SPDX-License-Identifier: Apache-2.0
// Why a persona ended, in a few words for a person.
import type { PersonaReport } from "./report.ts";
import type { PersonaReason } from "./types.ts";

/** Empty where nothing needs to be said. */
export const REASONS: Readonly<Record<PersonaReason, string>> = {
	none: "",
	command: "",
	guestOff: "switched itself off",
	guestReset: "reset itself, as a panic does",
	guestCrashed: "reported its crash",
	badPayload: "a payload's digest is wrong",
	fault: "faulted",
	restartLimit: "crashed too often",
	watchdog: "its watchdog was not refreshed in time",
	background: "frozen while another is in front",
	unknown: "reason unknown",
};

/** The last fault in one line. */
export function faultText({ reason, pc, syndrome, address }: NonNullable<PersonaReport["lastFault"]>): string {
	const where = pc === undefined ? "" : ` at pc ${pc}, syndrome ${syndrome}, address ${address}`;
	return `${REASONS[reason]}${where}`;
}

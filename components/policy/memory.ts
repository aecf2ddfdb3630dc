// SPDX-License-Identifier: Apache-2.0
// Whether the personas fit in the board's RAM beside Veil.
import type { PhoneDraft, Problem } from "../manifest/index.ts";
import { keyProblem } from "./problems.ts";

/** A problem when the personas' RAM and the board's reserve are more than its RAM. The composer checks to the byte. */
export function checkMemory({ phone, board, personas }: PhoneDraft): Problem[] {
	if (phone === undefined || board === undefined) return [];
	const { ram, limits, name } = board.document;
	const wanted = personas.reduce((sum, { document }) => sum + document.resources.memoryMiB, 0);
	const free = ram.maxMiB - limits.reservedMiB;
	if (wanted <= free) return [];
	const each = personas.map(({ document }) => `${document.name} ${document.resources.memoryMiB}`).join(", ");
	const message =
		`do not fit in RAM: they want ${wanted} MiB (${each}); allowed: ${free} MiB together on board ${name} ` +
		`(${ram.maxMiB} MiB less ${limits.reservedMiB} MiB for Veil, kernels and initial filesystems)`;
	return [keyProblem(phone, ["personas"], message)];
}

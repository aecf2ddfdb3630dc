// SPDX-License-Identifier: Apache-2.0
// Whether the volumes of a phone have places of their own on a handset's disk.
import { VEIL_MAX_STORAGE_RANGES } from "../image/abi.ts";
import { diskShape, layoutProblems } from "../image/storage-layout.ts";
import type { PhoneDraft, Problem } from "../manifest/index.ts";
import { keyProblem, valueProblem } from "./problems.ts";

/** Problems of volumes that would lie on one another, and of more than Veil takes. */
export function checkVolumes({ phone, personas, board }: PhoneDraft): Problem[] {
	const volumes = personas.flatMap((loaded) =>
		loaded.document.storage.map(({ name, sizeMiB }, index) => ({ loaded, index, persona: loaded.document.name, name, sizeMiB })),
	);
	const disk = diskShape(board?.document.name ?? "");
	const problems = layoutProblems(volumes, disk).flatMap(({ volume, meets }): Problem[] => {
		const found = volumes.find((candidate) => candidate === volume);
		if (found === undefined) return [];
		const { loaded, index } = found;
		if (meets === undefined) {
			return [
				valueProblem(loaded, ["storage", index, "sizeMiB"], `reaches over the end of the disk; allowed: less, or another name`),
			];
		}
		// Twice the same name is said elsewhere.
		if (meets.persona === volume.persona && meets.name === volume.name) return [];
		const other = `volume ${meets.name} of persona ${meets.persona}`;
		return [
			valueProblem(loaded, ["storage", index, "name"], `has a place on the disk that ${other} reaches into; allowed: another name`),
		];
	});
	if (phone === undefined || volumes.length <= VEIL_MAX_STORAGE_RANGES) return problems;
	const message = `have ${volumes.length} volumes together; allowed: ${VEIL_MAX_STORAGE_RANGES}`;
	return [...problems, keyProblem(phone, ["personas"], message)];
}

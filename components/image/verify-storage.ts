// SPDX-License-Identifier: Apache-2.0
// The verifier's part for volumes: each is one persona's, none meets another or the partition table.
import { VEIL_MAX_PERSONA_VOLUMES, VEIL_STORAGE_FIRST_SECTOR } from "./abi.ts";
import { nameText } from "./veil-manifest.ts";
import type { RawImage } from "./verify.ts";

/** Everything that is wrong with an image's volumes, as sentences. */
export function* storageProblems({ tables }: RawImage): Generator<string> {
	const { storageRanges, personas } = tables;
	const end = (index: number) => (storageRanges[index]?.firstSector ?? 0n) + (storageRanges[index]?.sectorCount ?? 0n);
	for (const [index, range] of storageRanges.entries()) {
		const at = `volume ${nameText(range.name)}`;
		if (personas[range.persona] === undefined) yield `${at} is nobody's`;
		if (range.persona < (storageRanges[index - 1]?.persona ?? 0)) yield `${at} is out of order`;
		if (range.reserved !== 0) yield `${at}: a reserved field is not zero`;
		if (range.firstSector < BigInt(VEIL_STORAGE_FIRST_SECTOR)) yield `${at} lies on the partition table`;
		if (range.sectorCount === 0n || end(index) >= 1n << 64n) yield `${at} has no size that can be`;
		for (const [other, { firstSector }] of storageRanges.slice(0, index).entries()) {
			if (range.firstSector < end(other) && firstSector < end(index)) yield `${at} lies on another volume`;
		}
	}
	for (const index of personas.keys()) {
		const count = storageRanges.filter(({ persona }) => persona === index).length;
		if (count > VEIL_MAX_PERSONA_VOLUMES)
			yield `persona ${index} has ${count} volumes, at most ${VEIL_MAX_PERSONA_VOLUMES} are possible`;
	}
}

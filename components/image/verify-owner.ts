// SPDX-License-Identifier: Apache-2.0
// What the verifier's parts share: whether a range of host-physical memory belongs to one owner.
import type { Tables } from "./veil-manifest.ts";

export interface Range {
	from: bigint;
	to: bigint;
}

/** Problems of a range that is to be `owner`'s alone. */
export function* ownedBy(tables: Tables, owner: number, range: Range, name: string): Generator<string> {
	for (const region of tables.regions) {
		const overlaps = region.base < range.to && region.base + region.size > range.from;
		if (overlaps && region.owner !== owner) yield `${name} reaches into ${hex(region.base)}, which is not its own`;
	}
	const inside = (at: bigint) => tables.regions.some(({ base, size }) => at >= base && at < base + size);
	if (range.to <= range.from || !inside(range.from) || !inside(range.to - 1n)) yield `${name} lies outside RAM`;
}

/** An address for people. */
export function hex(value: bigint): string {
	return `0x${value.toString(16)}`;
}

// SPDX-License-Identifier: Apache-2.0
// Veil's manifest as a value, and its canonical bytes (see abi.h).
import {
	VEIL_ABI_VERSION,
	VEIL_MANIFEST_MAGIC,
	VEIL_NAME_BYTES,
	VEIL_POLICY_BYTES,
	type VeilManifest,
	type VeilPayload,
	type VeilPersona,
	type VeilRegion,
	type VeilSegment,
	type VeilStorageRange,
	type VeilSurface,
	type VeilTable,
	veilManifest,
	veilPayload,
	veilPersona,
	veilRegion,
	veilSegment,
	veilStorageRange,
	veilSurface,
} from "./abi.ts";
import type { Codec } from "./codec.ts";

/** The tables of a manifest in this version, in the order of their places. */
export const tableCodecs = {
	regions: veilRegion,
	payloads: veilPayload,
	segments: veilSegment,
	personas: veilPersona,
	surfaces: veilSurface,
	storageRanges: veilStorageRange,
} as const;

/** Tables this version leaves empty. */
export const emptyTables = ["passthrough"] as const;

/** The entries of the tables. */
export interface Tables {
	regions: VeilRegion[];
	payloads: VeilPayload[];
	segments: VeilSegment[];
	personas: VeilPersona[];
	surfaces: VeilSurface[];
	storageRanges: VeilStorageRange[];
}

type Derived = "magic" | "abiVersion" | "size" | "policyOffset" | "policyCapacity" | keyof Tables | (typeof emptyTables)[number];

/** A manifest: what its header says, and its tables' entries. */
export interface Manifest extends Omit<VeilManifest, Derived>, Tables {
	/** The policy's section: VEIL_POLICY_BYTES of them. */
	policy: Uint8Array;
}

/** Bytes of a manifest with tables of these lengths. */
export function manifestSize(counts: Record<keyof Tables, number>): number {
	return placeTables(counts).size + VEIL_POLICY_BYTES;
}

function placeTables(counts: Record<keyof Tables, number>): { size: number; places: Record<keyof Tables, VeilTable> } {
	let size: number = veilManifest.size;
	const place = (name: keyof Tables): VeilTable => {
		const table = { offset: size, count: counts[name] };
		size = align8(size + counts[name] * tableCodecs[name].size);
		return table;
	};
	// The order of evaluation is the order of the tables.
	const places = {
		regions: place("regions"),
		payloads: place("payloads"),
		segments: place("segments"),
		personas: place("personas"),
		surfaces: place("surfaces"),
		storageRanges: place("storageRanges"),
	};
	return { size, places };
}

/** The bytes of a manifest; sorts what has an order of its own. */
export function encodeManifest(manifest: Manifest): Uint8Array {
	const tables: Tables = {
		regions: [...manifest.regions].sort((a, b) => compare(a.base, b.base)),
		payloads: manifest.payloads,
		segments: [...manifest.segments].sort((a, b) => a.persona - b.persona || compare(a.guestAddress, b.guestAddress)),
		personas: manifest.personas,
		surfaces: manifest.surfaces,
		storageRanges: manifest.storageRanges,
	};
	const { size: policyOffset, places } = placeTables({
		regions: tables.regions.length,
		payloads: tables.payloads.length,
		segments: tables.segments.length,
		personas: tables.personas.length,
		surfaces: tables.surfaces.length,
		storageRanges: tables.storageRanges.length,
	});
	const size = policyOffset + VEIL_POLICY_BYTES;
	const none: VeilTable = { offset: size, count: 0 };
	const bytes = new Uint8Array(size);
	veilManifest.write(
		{
			...manifest,
			magic: VEIL_MANIFEST_MAGIC,
			abiVersion: VEIL_ABI_VERSION,
			size: BigInt(size),
			...places,
			passthrough: none,
			policyOffset,
			policyCapacity: VEIL_POLICY_BYTES,
		},
		bytes,
	);
	writeTable(veilRegion, tables.regions, bytes, places.regions.offset);
	writeTable(veilPayload, tables.payloads, bytes, places.payloads.offset);
	writeTable(veilSegment, tables.segments, bytes, places.segments.offset);
	writeTable(veilPersona, tables.personas, bytes, places.personas.offset);
	writeTable(veilSurface, tables.surfaces, bytes, places.surfaces.offset);
	writeTable(veilStorageRange, tables.storageRanges, bytes, places.storageRanges.offset);
	bytes.set(manifest.policy, policyOffset);
	return bytes;
}

function writeTable<T extends object>(codec: Codec<T>, entries: T[], bytes: Uint8Array, offset: number): void {
	for (const [index, entry] of entries.entries()) codec.write(entry, bytes, offset + index * codec.size);
}

/** Text as a field of VEIL_NAME_BYTES: ASCII with at least one NUL; the schemas keep names within that. */
export function nameBytes(text: string): Uint8Array {
	if (!/^[\x20-\x7e]*$/.test(text) || text.length >= VEIL_NAME_BYTES) {
		throw new RangeError(`"${text}" is not ASCII of at most ${VEIL_NAME_BYTES - 1} characters`);
	}
	const bytes = new Uint8Array(VEIL_NAME_BYTES);
	bytes.set(Buffer.from(text, "ascii"));
	return bytes;
}

/** The text of such a field. */
export function nameText(bytes: Uint8Array): string {
	const end = bytes.indexOf(0);
	return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("latin1");
}

function compare(a: bigint, b: bigint): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

function align8(value: number): number {
	return (value + 7) & ~7;
}

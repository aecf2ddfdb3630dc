// SPDX-License-Identifier: Apache-2.0
// Reads and writes little-endian C structures from a description of their fields; abi.ts holds the descriptions.

/** How one field is stored: an unsigned integer of 1, 2, 4 or 8 bytes, an array of bytes or of 16-bit integers, or another structure. */
export type FieldKind = "u8" | "u16" | "u32" | "u64" | { bytes: number } | { words: number } | { structure: Codec<object> };

/** One field: its name in TypeScript, how it is stored, and its offset in bytes. */
export type Field = readonly [name: string, kind: FieldKind, offset: number];

/** A structure's size, the places of its fields, and how it is read and written. */
export interface Codec<T extends object> {
	/** Name of the C structure. */
	readonly name: string;
	/** Bytes, padding included. */
	readonly size: number;
	readonly fields: readonly Field[];
	/** Reads one; throws RangeError when `bytes` is too short. */
	read(bytes: Uint8Array, offset?: number): T;
	/** Writes one into `bytes`, padding and array remainders as zeros; throws RangeError when a value does not fit. */
	write(value: T, bytes: Uint8Array, offset?: number): void;
	/** Writes one into new bytes. */
	encode(value: T): Uint8Array;
	/** Offset in bytes of a field. */
	offsetOf(field: keyof T & string): number;
}

/** Makes the codec of a structure; what it is given comes from the generator, which checked it against the C header. */
export function structure<T extends object>(name: string, size: number, fields: readonly Field[]): Codec<T> {
	const write = (value: T, bytes: Uint8Array, offset = 0): void => {
		const view = viewOf(bytes, offset, size, name);
		bytes.fill(0, offset, offset + size);
		for (const [field, kind, at] of fields) {
			writeField(view, at, kind, (value as Record<string, unknown>)[field], `${name}.${field}`);
		}
	};
	return {
		name,
		size,
		fields,
		read(bytes, offset = 0) {
			const view = viewOf(bytes, offset, size, name);
			return Object.fromEntries(fields.map(([field, kind, at]) => [field, readField(view, at, kind)])) as T;
		},
		write,
		encode(value) {
			const bytes = new Uint8Array(size);
			write(value, bytes);
			return bytes;
		},
		offsetOf(field) {
			const found = fields.find(([candidate]) => candidate === field);
			if (found === undefined) throw new RangeError(`${name} has no field ${field}`);
			return found[2];
		},
	};
}

function viewOf(bytes: Uint8Array, offset: number, size: number, name: string): DataView {
	if (offset < 0 || offset + size > bytes.length) {
		throw new RangeError(`${name} needs ${size} bytes at ${offset}, there are ${bytes.length}`);
	}
	return new DataView(bytes.buffer, bytes.byteOffset + offset, size);
}

function readField(view: DataView, at: number, kind: FieldKind): unknown {
	if (kind === "u8") return view.getUint8(at);
	if (kind === "u16") return view.getUint16(at, true);
	if (kind === "u32") return view.getUint32(at, true);
	if (kind === "u64") return view.getBigUint64(at, true);
	const here = new Uint8Array(view.buffer, view.byteOffset + at);
	if ("bytes" in kind) return here.slice(0, kind.bytes);
	if ("words" in kind) return Array.from({ length: kind.words }, (_, index) => view.getUint16(at + 2 * index, true));
	return kind.structure.read(here);
}

function writeField(view: DataView, at: number, kind: FieldKind, value: unknown, name: string): void {
	if (kind === "u64") {
		if (typeof value !== "bigint" || value < 0n || value >= 1n << 64n) throw new RangeError(`${name}: ${String(value)}`);
		view.setBigUint64(at, value, true);
	} else if (typeof kind === "string") {
		const bits = kind === "u8" ? 8 : kind === "u16" ? 16 : 32;
		if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value >= 2 ** bits) {
			throw new RangeError(`${name}: ${String(value)} is no unsigned integer of ${bits} bits`);
		}
		if (bits === 8) view.setUint8(at, value);
		else if (bits === 16) view.setUint16(at, value, true);
		else view.setUint32(at, value, true);
	} else if ("bytes" in kind) {
		if (!(value instanceof Uint8Array) || value.length > kind.bytes) {
			throw new RangeError(`${name}: needs at most ${kind.bytes} bytes`);
		}
		new Uint8Array(view.buffer, view.byteOffset + at, kind.bytes).set(value);
	} else if ("words" in kind) {
		if (!Array.isArray(value) || value.length > kind.words) throw new RangeError(`${name}: needs at most ${kind.words} integers`);
		for (const [index, word] of value.entries()) writeField(view, at + 2 * index, "u16", word, `${name}[${index}]`);
	} else {
		kind.structure.write(value as object, new Uint8Array(view.buffer, view.byteOffset + at, kind.structure.size));
	}
}

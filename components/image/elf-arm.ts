// SPDX-License-Identifier: Apache-2.0
// Reads a 32-bit ARM program in ELF: the bytes of memory it starts with, and which of them are instructions, by its mapping symbols
// (ELF for the Arm Architecture, 5.5.5).
import { UserError } from "../util/errors.ts";

/** What the bytes of a range are. */
export type CodeKind = "arm" | "thumb";

/** A range of instructions in {@link ArmProgram.bytes}. */
export interface CodeRange {
	kind: CodeKind;
	/** Bytes from the start. */
	start: number;
	end: number;
}

/** A program as it is in memory before its first instruction. */
export interface ArmProgram {
	/** From `address` on; gaps are zeros. */
	bytes: Uint8Array;
	/** Load address of the first byte: physical, or virtual where the linker knew no other. */
	address: number;
	/** Where it starts, counted from `address`. */
	entry: number;
	/** Bytes from `address` that it takes, zeroed data (.bss) included. */
	memorySize: number;
	/** Sorted, without overlaps. */
	code: CodeRange[];
}

const EM_ARM = 40;
const PT_LOAD = 1;
const SHT_PROGBITS = 1;
const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
const SHF_ALLOC = 2;
const SHF_EXECINSTR = 4;

interface Section {
	type: number;
	flags: number;
	address: number;
	offset: number;
	size: number;
	link: number;
}

interface Segment {
	offset: number;
	loadAddress: number;
	fileSize: number;
	memorySize: number;
	virtualAddress: number;
}

/** Whether these are the first bytes of an ELF file. */
export function isElf(head: Uint8Array): boolean {
	return head.length >= 4 && head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

/**
 * Reads a program.
 *
 * @param name - of the file, for messages
 * @throws UserError when it is none for little-endian ARM, is damaged, or has no symbols that tell its instructions from its data
 */
export function armProgram(file: Uint8Array, name: string): ArmProgram {
	try {
		return read(file, name);
	} catch (error) {
		if (error instanceof RangeError) throw new UserError("the ELF file is damaged", { where: name, cause: error });
		throw error;
	}
}

function read(file: Uint8Array, name: string): ArmProgram {
	const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
	if (file[4] !== 1 || file[5] !== 1 || view.getUint16(18, true) !== EM_ARM)
		throw new UserError("the ELF file is not for 32-bit little-endian ARM", { where: name });
	const segments = table(view, view.getUint32(28, true), view.getUint16(42, true), view.getUint16(44, true), segmentAt).filter(
		({ type, memorySize }) => type === PT_LOAD && memorySize > 0,
	);
	const sections = table(view, view.getUint32(32, true), view.getUint16(46, true), view.getUint16(48, true), sectionAt);
	// By sections, since a linker may put the file's own headers into a segment.
	const parts = sections.flatMap((section) => {
		const isFilled = section.type !== SHT_NOBITS && (section.flags & SHF_ALLOC) !== 0 && section.size > 0;
		const place = isFilled ? placeOf(section, segments) : undefined;
		return place === undefined ? [] : [{ offset: section.offset, size: section.size, place }];
	});
	if (parts.length === 0) throw new UserError("the ELF file has nothing to load", { where: name });
	const address = Math.min(...parts.map(({ place }) => place));
	const size = Math.max(...parts.map(({ place, size }) => place + size)) - address;
	if (size > MAX_BYTES) throw new UserError(`the ELF file's parts are ${size} bytes apart`, { where: name });
	const bytes = new Uint8Array(size);
	for (const { offset, size, place } of parts) {
		if (offset + size > file.length) throw new RangeError("a section ends outside the file");
		bytes.set(file.subarray(offset, offset + size), place - address);
	}
	const start = view.getUint32(24, true);
	const entered = segments.find(({ virtualAddress, fileSize }) => start >= virtualAddress && start < virtualAddress + fileSize);
	const entry = entered === undefined ? -1 : start - entered.virtualAddress + entered.loadAddress - address;
	if (entry < 0 || entry % 4 !== 0)
		throw new UserError("the ELF file does not start at an ARM instruction of its own", { where: name });
	return {
		bytes,
		address,
		entry,
		memorySize: Math.max(...segments.map(({ loadAddress, memorySize }) => loadAddress + memorySize)) - address,
		code: codeRanges(view, sections, segments, address, name),
	};
}

/** More than any guest of this architecture has. */
const MAX_BYTES = 256 * 1024 * 1024;

function table<T>(view: DataView, offset: number, entrySize: number, count: number, entry: (view: DataView, at: number) => T): T[] {
	return Array.from({ length: count }, (_, index) => entry(view, offset + index * entrySize));
}

function segmentAt(view: DataView, at: number): Segment & { type: number } {
	const word = (offset: number) => view.getUint32(at + offset, true);
	return {
		type: word(0),
		offset: word(4),
		virtualAddress: word(8),
		loadAddress: word(12),
		fileSize: word(16),
		memorySize: word(20),
	};
}

function sectionAt(view: DataView, at: number): Section {
	const word = (offset: number) => view.getUint32(at + offset, true);
	return { type: word(4), flags: word(8), address: word(12), offset: word(16), size: word(20), link: word(24) };
}

// Code that is copied elsewhere before it runs, as exception vectors are, has another address but lies in the file like any other.
function codeRanges(view: DataView, sections: Section[], segments: Segment[], address: number, name: string): CodeRange[] {
	const marks = mappingSymbols(view, sections);
	const ranges: CodeRange[] = [];
	for (const [index, section] of sections.entries()) {
		if (section.type !== SHT_PROGBITS || (section.flags & SHF_ALLOC) === 0 || section.size === 0) continue;
		const own = (marks.get(index) ?? []).sort((a, b) => a.value - b.value);
		const hasCode = (section.flags & SHF_EXECINSTR) !== 0;
		if (hasCode && own[0]?.value !== section.address) {
			throw new UserError("the ELF file does not say which of its bytes are instructions", {
				where: name,
				remedy: "bring it with its symbol table: not stripped",
			});
		}
		const place = placeOf(section, segments);
		if (place === undefined) continue;
		for (const [at, { kind, value }] of own.entries()) {
			const start = value - section.address;
			const end = (own[at + 1]?.value ?? section.address + section.size) - section.address;
			if (start < 0 || end > section.size) throw new RangeError("a mapping symbol lies outside its section");
			if (kind !== undefined && end > start) ranges.push({ kind, start: place - address + start, end: place - address + end });
		}
	}
	return ranges.sort((a, b) => a.start - b.start);
}

function placeOf(section: Section, segments: Segment[]): number | undefined {
	const segment = segments.find(
		({ offset, fileSize }) => section.offset >= offset && section.offset + section.size <= offset + fileSize,
	);
	return segment === undefined ? undefined : section.offset - segment.offset + segment.loadAddress;
}

interface Mark {
	/** Undefined: data. */
	kind: CodeKind | undefined;
	value: number;
}

const NAME = /^\$([atd])(\.|$)/;

/** The mapping symbols by their sections' numbers. */
function mappingSymbols(view: DataView, sections: Section[]): Map<number, Mark[]> {
	const marks = new Map<number, Mark[]>();
	for (const symbols of sections.filter(({ type }) => type === SHT_SYMTAB)) {
		const names = sections[symbols.link];
		if (names === undefined) throw new RangeError("the symbols have no names");
		for (let at = symbols.offset; at + 16 <= symbols.offset + symbols.size; at += 16) {
			const kind = NAME.exec(shortName(view, names, view.getUint32(at, true)))?.[1];
			if (kind === undefined) continue;
			const section = view.getUint16(at + 14, true);
			const mark: Mark = { kind: kind === "a" ? "arm" : kind === "t" ? "thumb" : undefined, value: view.getUint32(at + 4, true) };
			const list = marks.get(section);
			if (list === undefined) marks.set(section, [mark]);
			else list.push(mark);
		}
	}
	return marks;
}

/** The first three characters of a name, which tell whether it is a mapping symbol's. */
function shortName(view: DataView, names: Section, offset: number): string {
	let text = "";
	for (let at = names.offset + offset; text.length < 3; at++) {
		const character = view.getUint8(at);
		if (character === 0) break;
		text += String.fromCharCode(character);
	}
	return text;
}

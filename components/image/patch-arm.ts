// SPDX-License-Identifier: Apache-2.0
// Replaces what an ARMv6 kernel must not do in user mode, where Veil runs it: instructions that do something else there without trapping.
// Each becomes an `svc` of the same condition whose number says which word of the guest's table it was (abi.h, VEIL_PATCH_SVC). Only
// instructions are looked at, by the mapping symbols: literals look just like them.
import { UserError } from "../util/errors.ts";
import { VEIL_MAX_PATCHES, VEIL_PATCH_SVC } from "./abi.ts";
import type { ArmProgram, CodeRange } from "./elf-arm.ts";

/** A patched program. */
export interface Patched {
	bytes: Uint8Array;
	/** The instructions that were replaced, each once, in the order of their numbers. */
	table: number[];
	/** How many were replaced, by kind. */
	report: Record<string, number>;
}

/** Another number means other bytes from the same kernel. */
export const PATCH_RECIPE = 1;

const SVC = 0x0f000000;
const ALWAYS = 0xe;
const UNCONDITIONAL = 0xf;

interface Kind {
	name: string;
	mask: number;
	value: number;
	/** Which of those that match are meant; default: all. */
	only?: (word: number) => boolean;
	/** It has no condition: bits 31 to 28 are part of its encoding. */
	isUnconditional?: true;
}

const bit = (word: number, number: number) => ((word >>> number) & 1) === 1;
const writesControl = (word: number) => (word & 0x00030000) !== 0; // fields c and x: mode, masks and state; f and s are user mode's as well

/** Instructions whose meaning depends on a privileged mode and which do not trap in user mode (Arm DDI 0100I, A4.1 and B1). */
const KINDS: readonly Kind[] = [
	{ name: "cps", mask: 0xfff1fe20, value: 0xf1000000, isUnconditional: true },
	{ name: "srs", mask: 0xfe5fffe0, value: 0xf84d0500, isUnconditional: true },
	{ name: "rfe", mask: 0xfe50ffff, value: 0xf8100a00, isUnconditional: true },
	{ name: "mrs cpsr", mask: 0x0fff0fff, value: 0x010f0000 },
	{ name: "mrs spsr", mask: 0x0fff0fff, value: 0x014f0000 },
	{ name: "msr cpsr", mask: 0x0ff0fff0, value: 0x0120f000, only: writesControl },
	{ name: "msr cpsr", mask: 0x0ff0f000, value: 0x0320f000, only: writesControl },
	{ name: "msr spsr", mask: 0x0ff0fff0, value: 0x0160f000 },
	{ name: "msr spsr", mask: 0x0ff0f000, value: 0x0360f000 },
	{ name: "ldm with pc ^", mask: 0x0e508000, value: 0x08508000 },
	{ name: "ldm ^", mask: 0x0e508000, value: 0x08500000 },
	{ name: "stm ^", mask: 0x0e500000, value: 0x08400000 },
	{ name: "movs pc", mask: 0x0c10f000, value: 0x0010f000, only: isExceptionReturn },
	{ name: "ldrt", mask: 0x0d300000, value: 0x04300000, only: isUnprivileged },
	{ name: "strt", mask: 0x0d300000, value: 0x04200000, only: isUnprivileged },
];

// Data processing with the PC as its result. Comparisons have none; multiplications and other loads have bits 7 and 4 set.
function isExceptionReturn(word: number): boolean {
	const operation = (word >>> 21) & 15;
	if (operation >= 8 && operation <= 11) return false;
	return bit(word, 25) || !(bit(word, 7) && bit(word, 4));
}

// Media instructions have bits 25 and 4 set.
function isUnprivileged(word: number): boolean {
	return !(bit(word, 25) && bit(word, 4));
}

/** The kind of an ARM instruction that must be replaced; undefined for all others. */
export function sensitiveKind(word: number): string | undefined {
	const isUnconditional = word >>> 28 === UNCONDITIONAL;
	return KINDS.find(
		(kind) =>
			(kind.isUnconditional === true) === isUnconditional &&
			(word & kind.mask) >>> 0 === kind.value &&
			(kind.only === undefined || kind.only(word)),
	)?.name;
}

/**
 * Replaces every sensitive instruction of a program.
 *
 * @param name - of its file, for messages
 * @throws UserError when it has one in Thumb state, where nothing can take its place; calls its system by the numbers patches have; or has
 * more different ones than a table holds
 */
export function patchProgram({ bytes, code }: Pick<ArmProgram, "bytes" | "code">, name: string): Patched {
	const patched = Uint8Array.from(bytes);
	const view = new DataView(patched.buffer);
	const numbers = new Map<number, number>();
	const report: Record<string, number> = {};
	for (const { kind, start, end } of code) {
		if (kind === "thumb") refuseThumb(view, start, end, name);
		else {
			for (const at of instructions(start, end)) {
				const word = view.getUint32(at, true);
				if (isOfPatches(word)) throw refused(`the svc at offset ${hex(at)} has a number that patches use`, name);
				const found = sensitiveKind(word);
				if (found === undefined) continue;
				const original = withoutCondition(word);
				const number = numbers.get(original) ?? numbers.size;
				if (number >= VEIL_MAX_PATCHES)
					throw refused(`it has more than ${VEIL_MAX_PATCHES} different privileged instructions`, name);
				numbers.set(original, number);
				report[found] = (report[found] ?? 0) + 1;
				view.setUint32(at, ((conditionOf(word) << 28) | SVC | (VEIL_PATCH_SVC + number)) >>> 0, true);
			}
		}
	}
	return { bytes: patched, table: [...numbers.keys()], report };
}

/** The program as it was before {@link patchProgram}. */
export function restoreProgram(patched: Uint8Array, code: readonly CodeRange[], table: readonly number[]): Uint8Array {
	const bytes = Uint8Array.from(patched);
	const view = new DataView(bytes.buffer);
	for (const { kind, start, end } of code) {
		if (kind !== "arm") continue;
		for (const at of instructions(start, end)) {
			const word = view.getUint32(at, true);
			const original = isOfPatches(word) ? table[(word & 0xffffff) - VEIL_PATCH_SVC] : undefined;
			if (original === undefined) continue;
			const isUnconditional = original >>> 28 === UNCONDITIONAL;
			view.setUint32(at, isUnconditional ? original : ((word & 0xf0000000) | (original & 0x0fffffff)) >>> 0, true);
		}
	}
	return bytes;
}

/** A table as Veil reads it. */
export function patchTable(table: readonly number[]): Uint8Array {
	const bytes = new Uint8Array(table.length * 4);
	const view = new DataView(bytes.buffer);
	for (const [index, word] of table.entries()) view.setUint32(index * 4, word, true);
	return bytes;
}

/** A report as a line: `3,103 instructions (cps 1,924, mrs cpsr 1,025, ...)`. */
export function patchSummary(report: Readonly<Record<string, number>>): string {
	const kinds = Object.entries(report).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
	const all = kinds.reduce((sum, [, count]) => sum + count, 0);
	const list = kinds.map(([kind, count]) => `${kind} ${count.toLocaleString("en")}`).join(", ");
	return `${all.toLocaleString("en")} instructions${list === "" ? "" : ` (${list})`}`;
}

// The table holds each once, whatever its conditions.
function withoutCondition(word: number): number {
	return word >>> 28 === UNCONDITIONAL ? word : ((word & 0x0fffffff) | (ALWAYS << 28)) >>> 0;
}

function conditionOf(word: number): number {
	const condition = word >>> 28;
	return condition === UNCONDITIONAL ? ALWAYS : condition;
}

function isOfPatches(word: number): boolean {
	return word >>> 28 !== UNCONDITIONAL && (word & 0x0ff00000) === (SVC | VEIL_PATCH_SVC);
}

function* instructions(start: number, end: number): Generator<number> {
	for (let at = start; at + 4 <= end; at += 4) yield at;
}

// Thumb of this architecture has one: CPS. It is as long as a Thumb svc, which has no room for a number of ours.
function refuseThumb(view: DataView, start: number, end: number, name: string): void {
	for (let at = start; at + 2 <= end; at += 2)
		if ((view.getUint16(at, true) & 0xffe8) === 0xb660)
			throw refused(`the Thumb instruction cps at offset ${hex(at)} cannot be replaced`, name);
}

function refused(what: string, name: string): UserError {
	return new UserError(`${name} cannot be made ready for a phone without virtualization hardware: ${what}`, { where: name });
}

function hex(value: number): string {
	return `0x${value.toString(16)}`;
}

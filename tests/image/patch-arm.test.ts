// SPDX-License-Identifier: Apache-2.0
// Kernels that run in user mode: which instructions are replaced, that nothing else is, and that all of it can be undone.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { VEIL_MAX_PATCHES, VEIL_PATCH_SVC } from "../../components/image/abi.ts";
import { type ArmProgram, armProgram, type CodeRange } from "../../components/image/elf-arm.ts";
import { patchProgram, patchSummary, patchTable, restoreProgram, sensitiveKind } from "../../components/image/patch-arm.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const COMPILER = "arm-linux-gnueabi-gcc";

// Stubs run elsewhere than where they lie, as a kernel's exception vectors do.
const SCRIPT = `ENTRY(_start)
SECTIONS {
	. = 0xc0008000;
	.text : { *(.text) }
	.rodata : { *(.rodata) }
	stubs = .;
	.stubs 0xffff0000 : AT(stubs) { *(.stubs) }
	. = stubs + SIZEOF(.stubs);
	.data : AT(ADDR(.data)) { *(.data) }
	.bss : AT(ADDR(.bss)) { *(.bss) }
	/DISCARD/ : { *(.ARM.attributes) }
}
`;

/** An assembled and linked program. */
function program(source: string): { elf: Uint8Array; path: string } {
	const folder = temporaryFolder();
	const path = join(folder, "kernel");
	writeFileSync(`${path}.S`, `\t.syntax unified\n\t.arch armv6\n\t.global _start\n${source}`);
	writeFileSync(`${path}.ld`, SCRIPT);
	const options = ["-march=armv6", "-nostdlib", "-static", "-Wl,--build-id=none", "-Wl,--no-warn-rwx-segments"];
	execFileSync(COMPILER, [...options, `-Wl,-T,${path}.ld`, "-o", path, `${path}.S`]);
	return { elf: readFileSync(path), path };
}

function wordsOf(bytes: Uint8Array): number[] {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	return Array.from({ length: bytes.length >> 2 }, (_, index) => view.getUint32(index * 4, true));
}

function bytesOf(words: readonly number[]): Uint8Array {
	return patchTable(words);
}

const SENSITIVE: readonly [instruction: string, kind: string][] = [
	["mrs r3, cpsr", "mrs cpsr"],
	["mrsne r4, spsr", "mrs spsr"],
	["msr cpsr_c, r9", "msr cpsr"],
	["msreq cpsr_fsxc, r9", "msr cpsr"],
	["msr cpsr_x, #0x200", "msr cpsr"],
	["msr cpsr_c, #0xd3", "msr cpsr"],
	["msr spsr_f, r0", "msr spsr"],
	["msr spsr_cxsf, #0xd3", "msr spsr"],
	["cpsid i", "cps"],
	["cpsie aif, #0x13", "cps"],
	["cps #0x1f", "cps"],
	["srsdb sp!, #0x13", "srs"],
	["srsia sp, #0x1b", "srs"],
	["rfeia r3", "rfe"],
	["rfedb sp!", "rfe"],
	["ldmia sp, {r0-r14}^", "ldm ^"],
	["ldmia sp!, {r0-r12, pc}^", "ldm with pc ^"],
	["stmdb r8, {sp, lr}^", "stm ^"],
	["movs pc, lr", "movs pc"],
	["subs pc, lr, #4", "movs pc"],
	["subsgt pc, lr, r1, lsl #2", "movs pc"],
	["mvns pc, r1", "movs pc"],
	["ldrt r3, [r4], #4", "ldrt"],
	["ldrbtls r3, [r4], -r1, lsl #2", "ldrt"],
	["strt r3, [r4], #0", "strt"],
	["strbt r3, [r4], r5", "strt"],
];

const HARMLESS = [
	"msr cpsr_f, r9",
	"msr cpsr_s, #0x10000",
	"msr cpsr_fs, #0x10000",
	"nop",
	"setend be",
	"swi 0x123456",
	"swi 0",
	"bkpt #3",
	"bxj r3",
	"mrc p15, 0, r0, c1, c0, 0",
	"mcr p15, 0, r0, c7, c10, 4",
	"ldmia sp!, {r0-r12, pc}",
	"stmdb sp!, {r0-r12, lr}",
	"mov pc, lr",
	"add pc, pc, r1, lsl #2",
	"cmp r1, pc",
	"tst r15, #1",
	"movs lr, pc",
	"mul r4, r5, r6",
	"muls r4, r5, r6",
	"umulls r4, r5, r6, r7",
	"ldrsh r1, [r2], #2",
	"ldrd r2, [r4], #8",
	"ldr pc, [r4], #4",
	"ldr r3, [r4, #4]!",
	"ldrb r3, [r4], #1",
	"ldrex r1, [r2]",
	"strex r0, r1, [r2]",
	"swp r0, r1, [r2]",
	"pld [r1, #32]",
	"sxtb r1, r2",
	"usad8 r1, r2, r3",
	"uxtab r1, r2, r3, ror #8",
	"ssat r1, #4, r2",
	"rev r1, r2",
	"blx r3",
	"udf #0x5645",
];

test.each(SENSITIVE)("%s is replaced", (instruction, kind) => {
	const { elf, path } = program(`_start:\n\t${instruction}\n`);
	const found = armProgram(elf, path);
	const patched = patchProgram(found, path);
	const [original = 0] = wordsOf(found.bytes);
	const [word = 0] = wordsOf(patched.bytes);
	expect(patched.report).toEqual({ [kind]: 1 });
	expect(word & 0x0fffffff).toBe(0x0f000000 | VEIL_PATCH_SVC);
	expect(word >>> 28).toBe(original >>> 28 === 0xf ? 0xe : original >>> 28);
	expect(patched.table[0]).toBe(original >>> 28 === 0xf ? original : ((original & 0x0fffffff) | 0xe0000000) >>> 0);
});

test("what means the same in user mode stays", () => {
	const { elf, path } = program(`_start:\n${HARMLESS.map((instruction) => `\t${instruction}\n`).join("")}`);
	const found = armProgram(elf, path);
	const { bytes, table, report } = patchProgram(found, path);
	expect(report).toEqual({});
	expect(table).toEqual([]);
	expect(Buffer.compare(bytes, found.bytes)).toBe(0);
});

test("data that looks like instructions stays, wherever it lies, and instructions that are copied before they run do not", () => {
	const { elf, path } = program(
		`_start:
	cpsid i
	ldr r0, =0xf10c0080
	mrsne r1, cpsr
	bx lr
	.word 0xe10f1000, 0xf10c0080
	mrseq r1, cpsr
	.ltorg
	.section .rodata
	.word 0xe10f1000
	.arm
	msr cpsr_c, r0
	.data
	.word 0xf10c0080
	.section .stubs, "ax"
	movs pc, lr
`,
	);
	const found = armProgram(elf, path);
	const { bytes, table, report } = patchProgram(found, path);
	expect(report).toEqual({ cps: 1, "mrs cpsr": 2, "msr cpsr": 1, "movs pc": 1 });
	expect(table).toHaveLength(4);
	const changed = wordsOf(bytes).filter((word, index) => word !== wordsOf(found.bytes)[index]);
	expect(changed).toHaveLength(5);
	expect(Buffer.compare(restoreProgram(bytes, found.code, table), found.bytes)).toBe(0);
});

test("a program says where it goes, where it starts and what it takes", () => {
	const source = "\t.bss\n\t.space 0x20000\n\t.text\n\tnop\n_start:\n\tnop\n\t.data\n\t.word 1\n";
	const { elf, path } = program(source);
	const { address, entry, bytes, memorySize } = armProgram(elf, path);
	expect(address).toBe(0xc0008000);
	expect(entry).toBe(4);
	expect(memorySize).toBeGreaterThanOrEqual(bytes.length + 0x20000 - 3);
	execFileSync("arm-linux-gnueabi-objcopy", ["-O", "binary", path, `${path}.bin`]);
	expect(Buffer.compare(bytes, readFileSync(`${path}.bin`))).toBe(0);
});

/** Ranges of instructions and data, with words that are often sensitive. */
const programs = fc
	.array(
		fc.tuple(
			fc.boolean(),
			fc.array(
				fc.oneof(
					fc.integer({ min: 0, max: 0xffffffff }),
					fc
						.tuple(fc.integer({ min: 0, max: 14 }), fc.constantFrom(0x010f1000, 0x0121f001, 0x01b0f00e, 0x04b01004))
						.map(([condition, word]) => ((condition << 28) | word) >>> 0),
					fc.constantFrom(0xf10c0080, 0xf1080080, 0xf8d30a00),
				),
				{ maxLength: 12 },
			),
		),
		{ maxLength: 20 },
	)
	.map((parts) => {
		const words: number[] = [];
		const code: CodeRange[] = [];
		for (const [isCode, part] of parts) {
			const own = isCode ? part.filter((word) => word >>> 28 === 0xf || (word & 0x0ff00000) !== 0x0ff00000) : part;
			if (isCode) code.push({ kind: "arm", start: words.length * 4, end: (words.length + own.length) * 4 });
			words.push(...own);
		}
		return { bytes: bytesOf(words), code };
	});

test("whatever is replaced can be put back, keeps its condition, and is found in the table", () => {
	fc.assert(
		fc.property(programs, (given: Pick<ArmProgram, "bytes" | "code">) => {
			const { bytes, table, report } = patchProgram(given, "kernel");
			expect(Buffer.compare(restoreProgram(bytes, given.code, table), given.bytes)).toBe(0);
			const isCode = (index: number) => given.code.some(({ start, end }) => index * 4 >= start && index * 4 < end);
			const before = wordsOf(given.bytes);
			let replaced = 0;
			for (const [index, word] of wordsOf(bytes).entries()) {
				const original = before[index] ?? 0;
				if (!isCode(index) || sensitiveKind(original) === undefined) {
					expect(word).toBe(original);
					continue;
				}
				replaced++;
				const entry = table[(word & 0xfffff) >>> 0] ?? 0;
				expect((word & 0x0ff00000) >>> 0).toBe(0x0ff00000);
				expect(word >>> 28).toBe(original >>> 28 === 0xf ? 0xe : original >>> 28);
				expect(entry & 0x0fffffff).toBe(original & 0x0fffffff);
			}
			expect(Object.values(report).reduce((sum, count) => sum + count, 0)).toBe(replaced);
			expect(new Set(table).size).toBe(table.length);
		}),
		{ seed: 800, numRuns: 300 },
	);
});

// Its disassembler knows these instructions by other means than we do.
test("binutils agrees about any word", () => {
	const folder = temporaryFolder();
	let state = 1136;
	const random = () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return (state ^ (state >>> 13)) >>> 0;
	};
	// Conditional ones with few set bits where "should be" fields lie, else hardly any would be of interest.
	const shapes = [0x010f0000, 0x014f0000, 0x0120f000, 0x0160f000, 0x0320f000, 0x0360f000, 0x08400000, 0x0010f000, 0x04200000];
	const words = Array.from({ length: 20_000 }, (_, index) => {
		const shape = shapes[index % shapes.length] ?? 0;
		const noise = random() & (index % 3 === 0 ? 0x0fffffff : 0x0009ffff);
		return index % 7 === 0
			? random()
			: (((random() % 15) << 28) | (shape ^ (noise & ~0x0000f000) ^ (noise & 0xf000 & random()))) >>> 0;
	});
	writeFileSync(join(folder, "words"), bytesOf(words));
	const text = execFileSync("arm-linux-gnueabi-objdump", ["-D", "-b", "binary", "-m", "armv6", join(folder, "words")], {
		encoding: "utf8",
		maxBuffer: 1 << 26,
	});
	let sensitive = 0;
	const lines = text.split("\n").filter((line) => /^\s+[0-9a-f]+:\t/.test(line));
	expect(lines).toHaveLength(words.length);
	for (const [index, line] of lines.entries()) {
		const word = words[index] ?? 0;
		const shown = line.split("\t").slice(2).join(" ");
		if (/UNDEFINED|UNPREDICTABLE|undefined instruction|<illegal/.test(shown)) continue;
		if (/^m[rs][rs].*, (lsl|lsr|asr|ror|rrx)/.test(shown)) continue; // bits set that should be zero
		const expected = kindShown(shown);
		expect([shown, sensitiveKind(word)]).toEqual([shown, expected]);
		if (expected !== undefined) sensitive++;
	}
	expect(sensitive).toBeGreaterThan(1000);
});

const CONDITION = "(?:eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?";
const SHOWN: readonly [RegExp, string][] = [
	[/^cps/, "cps"],
	[/^srs/, "srs"],
	[/^rfe/, "rfe"],
	[new RegExp(`^mrs${CONDITION} .*CPSR`), "mrs cpsr"],
	[new RegExp(`^mrs${CONDITION} .*SPSR`), "mrs spsr"],
	[new RegExp(`^msr${CONDITION} CPSR_[fs]*[xc]`), "msr cpsr"],
	[new RegExp(`^msr${CONDITION} SPSR`), "msr spsr"],
	[/^ldm.*pc\}\^/, "ldm with pc ^"],
	[/^ldm.*\}\^/, "ldm ^"],
	[/^stm.*\}\^/, "stm ^"],
	[new RegExp(`^(and|eor|sub|rsb|add|adc|sbc|rsc|orr|mov|lsl|lsr|asr|ror|rrx|bic|mvn)s${CONDITION} pc,`), "movs pc"],
	[new RegExp(`^ldrb?t${CONDITION} `), "ldrt"],
	[new RegExp(`^strb?t${CONDITION} `), "strt"],
];

function kindShown(text: string): string | undefined {
	return SHOWN.find(([pattern]) => pattern.test(text))?.[1];
}

test("what cannot be patched is refused, with the reason", () => {
	const thumb = program("\t.thumb\n\t.thumb_func\nother:\n\tcpsid i\n\t.arm\n_start:\n\tnop\n");
	expect(() => patchProgram(armProgram(thumb.elf, "kernel"), "kernel")).toThrow(/Thumb instruction cps at offset 0x0/);
	const own = program("_start:\n\tswi 0xf00001\n");
	expect(() => patchProgram(armProgram(own.elf, "kernel"), "kernel")).toThrow(/svc at offset 0x0 has a number that patches use/);
	const many = Array.from({ length: VEIL_MAX_PATCHES + 1 }, (_, index) => (0xe4b00000 | index) >>> 0);
	const code: CodeRange[] = [{ kind: "arm", start: 0, end: many.length * 4 }];
	expect(() => patchProgram({ bytes: bytesOf(many), code }, "kernel")).toThrow(/more than 1024 different/);
	const fits = patchProgram({ bytes: bytesOf(many), code: [{ kind: "arm", start: 4, end: many.length * 4 }] }, "kernel");
	expect(fits.table).toHaveLength(VEIL_MAX_PATCHES);
});

test("files that are no ARM programs with symbols are refused, and damaged ones", () => {
	const { elf, path } = program("_start:\n\tcpsid i\n");
	execFileSync("arm-linux-gnueabi-strip", [path, "-o", `${path}.stripped`]);
	expect(() => armProgram(readFileSync(`${path}.stripped`), "kernel")).toThrow(/does not say which of its bytes are instructions/);
	expect(() => armProgram(readFileSync("/bin/true"), "kernel")).toThrow(/not for 32-bit little-endian ARM/);
	const change = fc.record({ at: fc.nat(elf.length - 1), byte: fc.nat(255), length: fc.nat(elf.length) });
	fc.assert(
		fc.property(change, ({ at, byte, length }) => {
			const damaged = Uint8Array.from(elf.subarray(0, Math.max(length, 20)));
			if (at < damaged.length) damaged[at] = byte;
			try {
				const found = armProgram(damaged, "kernel");
				patchProgram(found, "kernel");
			} catch (error) {
				expect((error as Error).name).toBe("UserError");
			}
		}),
		{ seed: 800, numRuns: 500 },
	);
});

test("a report says how many of which kind", () => {
	expect(patchSummary({ cps: 1924, "mrs cpsr": 12 })).toBe("1,936 instructions (cps 1,924, mrs cpsr 12)");
	expect(patchSummary({})).toBe("0 instructions");
});

// SPDX-License-Identifier: Apache-2.0
// Flash: what a device image becomes in partitions and FIASCO, that any changed byte is found, and that an emulated N800 starts it.
import { execFile, execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VEIL_ABI_VERSION, VEIL_IMAGE_MAGIC, VEIL_PAGE_SIZE, veilImageHeader } from "../../components/image/abi.ts";
import { type FiascoDevice, fiascoProblems, makeFiasco } from "../../components/image/fiasco.ts";
import { FLASH_BYTES, writeFlashImage } from "../../components/image/flash-image.ts";
import { type BootCode, bootCode, bootCodeInputs, LOADER_BYTES, loaderTable } from "../../components/image/flash-loader.ts";
import { type FlashPart, flashParts, type PartFile, writeFlashParts } from "../../components/image/flash-parts.ts";
import { openStore } from "../../components/image/store.ts";
import { type Board, boardByName } from "../../components/manifest/index.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { silent } from "../../components/util/progress.ts";

const N800: FiascoDevice = { product: "RX-34", revisions: ["801", "1602"], version: "1.0" };
const ENTRY = 0x80010000;
const HELLO = "started from flash";
const QEMU = "qemu-system-arm";

let folder: string;
let board: Board;
let code: BootCode;
let image: Buffer;
let cut: FlashPart[];
let parts: PartFile[];

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "persona-flash-"));
	board = (await boardByName("n800", packageRoot())).document;
	code = await builtCode("store");
	image = testImage();
	writeFileSync(join(folder, "device.img"), image);
	cut = await flashParts(join(folder, "device.img"), code.loader, board);
	parts = await writeFlashParts(cut, folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The board's boot code, built once in each store. */
async function builtCode(name: string): Promise<BootCode> {
	const inputs = await bootCodeInputs(board);
	if (inputs === undefined) throw new Error("the N800 has boot code");
	return bootCode("n800", inputs, { store: await openStore(join(folder, name)), progress: silent });
}

/** A device image whose Veil says hello on the third serial line, and has payloads of three blocks of flash. */
function testImage(): Buffer {
	const source = `.arm
		.global _start
		_start: b 1f
		.space ${veilImageHeader.size - 4}
		1: ldr r0, =0x4806e000
		adr r1, 3f
		2: ldrb r2, [r1], #1
		cmp r2, #0
		strneb r2, [r0]
		bne 2b
		b .
		3: .asciz "${HELLO}\\n"
		.ltorg`;
	const elf = join(folder, "hello.elf");
	execFileSync(
		"arm-linux-gnueabi-gcc",
		["-nostdlib", "-static", "-march=armv6", `-Wl,-Ttext=${ENTRY},--build-id=none`, "-x", "assembler", "-", "-o", elf],
		{ input: source, stdio: ["pipe", "ignore", "ignore"] },
	);
	execFileSync("arm-linux-gnueabi-objcopy", ["-O", "binary", "-j", ".text", elf, `${elf}.bin`]);
	const hello = readFileSync(`${elf}.bin`);
	const bytes = Buffer.concat([Buffer.alloc(2 * VEIL_PAGE_SIZE), randomBytes(3 * 128 * 1024 + 4711)]);
	hello.copy(bytes);
	const head = veilImageHeader.read(bytes);
	veilImageHeader.write(
		{
			...head,
			veilMagic: BigInt(VEIL_IMAGE_MAGIC),
			abiVersion: VEIL_ABI_VERSION,
			manifestOffset: BigInt(VEIL_PAGE_SIZE),
			manifestSize: 1000n,
		},
		bytes,
	);
	return bytes;
}

/** What an emulated tablet says that starts from this flash. */
async function boot(flash: string, until: string): Promise<string> {
	const child = execFile(QEMU, [
		"-M",
		"n800",
		"-m",
		"128M",
		"-display",
		"none",
		"-nodefaults",
		"-serial",
		"null",
		"-serial",
		"null",
		"-serial",
		"stdio",
		"-drive",
		`if=mtd,format=raw,file=${flash}`,
	]);
	let said = "";
	return new Promise((settle) => {
		const deadline = setTimeout(() => child.kill("SIGKILL"), 60_000);
		child.stdout?.on("data", (text: string) => {
			said += text;
			if (said.includes(until)) child.kill("SIGKILL");
		});
		child.once("close", () => {
			clearTimeout(deadline);
			settle(said);
		});
	});
}

async function flashed(name: string): Promise<string> {
	const path = join(folder, name);
	await writeFlashImage(path, cut, code.slide);
	return path;
}

function u32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value);
	return bytes;
}

function flip(path: string, offset: number): void {
	const file = openSync(path, "r+");
	const byte = Buffer.alloc(1);
	readSync(file, byte, 0, 1, offset);
	writeSync(file, Buffer.from([(byte[0] ?? 0) ^ 0x10]), 0, 1, offset);
}

describe("the parts of a device image", () => {
	test("hold all of it, and the loader's table says what they are", () => {
		const [kernel, rootfs] = parts.map(({ path }) => readFileSync(path));
		expect(Buffer.concat([kernel?.subarray(LOADER_BYTES) ?? Buffer.alloc(0), rootfs ?? Buffer.alloc(0)]).equals(image)).toBe(true);
		const { entry, pieces } = loaderTable(kernel ?? Buffer.alloc(0));
		expect(entry).toBe(ENTRY);
		expect(pieces.map(({ name, ram, size }) => ({ name, ram, size }))).toEqual([
			{ name: "kernel", ram: ENTRY, size: 2 * VEIL_PAGE_SIZE },
			{ name: "rootfs", ram: ENTRY + 2 * VEIL_PAGE_SIZE, size: image.length - 2 * VEIL_PAGE_SIZE },
		]);
		const digest = createHash("sha256")
			.update(image.subarray(2 * VEIL_PAGE_SIZE))
			.digest();
		expect(Buffer.from(pieces[1]?.sha256 ?? []).equals(digest)).toBe(true);
	});

	test("that do not fit their partition are refused by name", async () => {
		const small = {
			...board,
			storage: {
				...board.storage,
				partitions: board.storage?.partitions?.map((one) => (one.name === "rootfs" ? { ...one, sizeBytes: 131072 } : one)),
			},
		} as Board;
		await expect(flashParts(join(folder, "device.img"), code.loader, small)).rejects.toThrow(
			/partition rootfs of board n800 holds 131072 bytes/,
		);
	});

	test("are the same bytes when they are made again", async () => {
		const again = mkdtempSync(join(tmpdir(), "persona-flash-"));
		try {
			const { loader } = await builtCode("another store");
			const other = await writeFlashParts(await flashParts(join(folder, "device.img"), loader, board), again);
			expect(other.map(({ sha256 }) => sha256)).toEqual(parts.map(({ sha256 }) => sha256));
		} finally {
			rmSync(again, { recursive: true });
		}
	});
});

describe("a FIASCO image", () => {
	test("holds the parts, for the tablet it is made for", async () => {
		const path = join(folder, "phone.fiasco");
		await makeFiasco(path, parts, N800);
		expect(await fiascoProblems(path, parts, N800)).toEqual([]);
	});

	// With one, 0xFFFF 0.9 sets the tablet's before it has written anything, in a dry run even.
	test("has no release for the whole of it", async () => {
		const path = join(folder, "phone.fiasco");
		await makeFiasco(path, parts, N800);
		const said = execFileSync("0xFFFF", ["-M", path, "-i"], { encoding: "utf8" });
		expect(said).toMatch(/Image version: 1\.0/);
		expect(said).not.toMatch(/release version/);
	});

	// 0xFFFF 0.9 took 801 for 8013 when a byte of its stack, which depends on the contents, happened to be a digit.
	test("is for the same tablets whatever it holds, and however they are listed", async () => {
		const path = join(folder, "some.fiasco");
		for (let round = 0; round < 60; round++) {
			const contents = Buffer.from(Array.from({ length: 512 }, (_, at) => (at * (round + 3) * 7 + round * 31) & 0xff));
			const part = { name: "rootfs", offset: 0, before: 0, room: 512, path: join(folder, "some.bin"), size: 512 };
			writeFileSync(part.path, contents);
			const revisions = round % 2 === 0 ? N800.revisions : [...N800.revisions].reverse();
			const sha256 = createHash("sha256").update(contents).digest("hex");
			await makeFiasco(path, [{ ...part, sha256 }], { ...N800, revisions });
		}
		await expect(makeFiasco(path, parts, { ...N800, revisions: ["801", "802"] })).rejects.toThrow(/one hardware revision/);
	});

	test("with a changed byte in a piece is refused, and the piece named", async () => {
		const good = join(folder, "good.fiasco");
		await makeFiasco(good, parts, N800);
		const bytes = readFileSync(good);
		for (const { name, path } of parts) {
			const at = bytes.indexOf(readFileSync(path).subarray(0, 4096)) + 3000;
			const bad = join(folder, "bad.fiasco");
			cpSync(good, bad);
			flip(bad, at);
			expect((await fiascoProblems(bad, parts, N800)).join()).toContain(name === "kernel" ? "kernel" : name);
		}
	});

	test("cut short, of another device or without a revision is refused", async () => {
		const path = join(folder, "other.fiasco");
		await makeFiasco(path, parts, { ...N800, product: "RX-44" });
		expect(await fiascoProblems(path, parts, N800)).not.toEqual([]);
		writeFileSync(path, readFileSync(path).subarray(0, statSync(path).size - 1000));
		expect(await fiascoProblems(path, parts, { ...N800, product: "RX-44" })).not.toEqual([]);
		await expect(makeFiasco(path, parts, { ...N800, revisions: [] })).rejects.toThrow(/needs a hardware revision/);
	});
});

describe("an emulated N800", () => {
	test("starts what is in its flash", async () => {
		expect(await boot(await flashed("flash.img"), HELLO)).toContain(HELLO);
	});

	test("has it where a tablet's boot loader would write it: a kernel behind a page of its own", async () => {
		const flash = readFileSync(await flashed("flash.img"));
		const [kernel] = parts;
		const at = kernel?.offset ?? 0;
		expect(flash.subarray(at, at + 12)).toEqual(Buffer.concat([Buffer.from("NOLO img"), u32(kernel?.size ?? 0)]));
		expect(flash.subarray(at + 2048, at + 2048 + (kernel?.size ?? 0)).equals(readFileSync(kernel?.path ?? ""))).toBe(true);
	});

	test("skips bad blocks as a flasher does", async () => {
		const flash = await flashed("worn.img");
		const rootfs = parts[1];
		if (rootfs === undefined) throw new Error("no rootfs");
		const block = 128 * 1024;
		// The second block of the partition is bad: what was in it and after it lies a block further on.
		const moved = Buffer.concat([
			readFileSync(rootfs.path).subarray(0, block),
			Buffer.alloc(block, 0x55),
			readFileSync(rootfs.path).subarray(block),
		]);
		const file = openSync(flash, "r+");
		writeSync(file, moved, 0, moved.length, rootfs.offset);
		writeSync(file, Buffer.alloc(2), 0, 2, FLASH_BYTES + ((rootfs.offset + block) / 2048) * 64);
		expect(await boot(flash, HELLO)).toContain(HELLO);
	});

	test.each([
		["kernel", () => (parts[0]?.offset ?? 0) + (parts[0]?.before ?? 0) + LOADER_BYTES + 100_000],
		["rootfs", () => (parts[1]?.offset ?? 0) + 300_000],
	])("does not start when a byte of %s has changed, and says so", async (name, place) => {
		const flash = await flashed("damaged.img");
		flip(flash, place());
		const said = await boot(flash, HELLO);
		expect(said).toContain(`${name} is damaged`);
		expect(said).not.toContain(HELLO);
	});
});

test("0xFFFF is what packs and reads FIASCO images", async () => {
	const { stdout } = await promisify(execFile)("0xFFFF", ["-h"]).catch((error: { stdout: string }) => error);
	expect(stdout).toContain("Open Free Fiasco");
});

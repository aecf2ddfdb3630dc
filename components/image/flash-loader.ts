// SPDX-License-Identifier: Apache-2.0
// What a phone starts from flash: the board's first-stage loader, and its table of what to bring into RAM (boards/n800/loader/flash.h).
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { Board } from "../manifest/index.ts";
import { canonicalJson, sha256 } from "../util/digest.ts";
import { UserError } from "../util/errors.ts";
import { packageRoot } from "../util/paths.ts";
import { ProcessError, run } from "../util/process.ts";
import { toolEnvironment } from "../util/tool-env.ts";
import { builtOnce } from "./built-once.ts";
import { structure } from "./codec.ts";
import { compilerVersion } from "./compiler.ts";
import type { BootCodeInputs, BuildContext } from "./types.ts";

/** Bytes at the front of the kernel partition that are the loader's. */
export const LOADER_BYTES = 16384;
/**
 * What Nokia's boot loader writes before a kernel when it flashes one: a page that begins with a mark and the kernel's size (0xFFFF 0.9,
 * doc/dumping and src/local.c). The loader's pieces in that partition come after both.
 */
export const KERNEL_HEAD_BYTES = 2048;
/** Offset of its table in it. */
export const LOADER_TABLE = 32;
const LOADER_MAGIC = 0x444c5056;
const LOADER_PIECES = 4;

/** Part of a device image as it lies in flash; offsets and sizes are bytes, `ram` is physical. */
export interface LoaderPiece {
	name: string;
	partition: number;
	partitionEnd: number;
	/** From the start of the partition, blocks that are bad not counted. */
	offset: number;
	ram: number;
	size: number;
	sha256: Uint8Array;
}

interface RawPiece extends Omit<LoaderPiece, "name"> {
	name: Uint8Array;
}

const tableHead = structure<{ magic: number; count: number; entry: number; reserved: number }>("loader_table", 16, [
	["magic", "u32", 0],
	["count", "u32", 4],
	["entry", "u32", 8],
	["reserved", "u32", 12],
]);

const rawPiece = structure<RawPiece>("loader_piece", 64, [
	["name", { bytes: 12 }, 0],
	["partition", "u32", 12],
	["partitionEnd", "u32", 16],
	["offset", "u32", 20],
	["ram", "u32", 24],
	["size", "u32", 28],
	["sha256", { bytes: 32 }, 32],
]);

/** Another number means other bytes from the same sources. */
const RECIPE = 1;
/** What a loader shares with Veil, beside its own folder. */
const SHARED = ["hypervisor/include", "hypervisor/core", "hypervisor/devices", "hypervisor/platforms", "hypervisor/arch/host"];

/** Boot code of a board as compiled. */
export interface BootCode {
	/** Moves to the end of RAM, brings and checks the pieces, starts Veil. */
	loader: Uint8Array;
	/** Stands for the vendor's boot loader on an emulated phone; goes to offset 0x400 of the flash. */
	slide: Uint8Array;
}

const folderOf = (board: string) => `boards/${board}/loader`;

/** What a board's boot code is built from; undefined where it has none. @throws UserError when the cross compiler is missing */
export async function bootCodeInputs({
	name,
	architecture,
	flashing,
}: Pick<Board, "name" | "architecture" | "flashing">): Promise<BootCodeInputs | undefined> {
	if (flashing === undefined) return undefined;
	return { sources: await sourcesDigest(packageRoot(), name), compiler: await compilerVersion(architecture), recipe: RECIPE };
}

/** Every file of the folders: few enough that it does not matter which of them the loader reads. */
async function sourcesDigest(root: string, board: string): Promise<string> {
	const lines: string[] = [];
	for (const folder of [folderOf(board), ...SHARED]) {
		const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
		for (const entry of entries.filter((one) => one.isFile())) {
			const path = join(entry.parentPath, entry.name);
			lines.push(`${relative(root, path)} ${sha256(await readFile(path))}`);
		}
	}
	return sha256(lines.sort().join("\n"));
}

/**
 * A board's boot code, from the store where it was built from the same inputs before.
 *
 * @throws UserError when it does not compile
 */
export async function bootCode(
	board: string,
	inputs: BootCodeInputs,
	context: Pick<BuildContext, "store" | "signal" | "progress">,
): Promise<BootCode> {
	const key = sha256(canonicalJson({ kind: "boot-code", board, ...inputs }));
	const { path } = await builtOnce(key, { ...context, log: `loader-${board}` }, async (progress) => {
		progress("compiling the loader");
		const { loader, slide } = await compile(board, inputs, context.signal);
		const both = { loader: loader.toString("base64"), slide: slide.toString("base64") };
		return context.store.put(Buffer.from(canonicalJson(both)), context.signal);
	});
	const both = JSON.parse(await readFile(path, "utf8")) as { loader: string; slide: string };
	return { loader: Buffer.from(both.loader, "base64"), slide: Buffer.from(both.slide, "base64") };
}

async function compile(
	board: string,
	{ sources }: BootCodeInputs,
	signal?: AbortSignal,
): Promise<{ loader: Buffer; slide: Buffer }> {
	// A copy, in a folder whose path has no spaces, which make cannot take; what is compiled is then what was digested.
	const scratch = await mkdtemp(join(tmpdir(), "persona-loader-"));
	const folder = folderOf(board);
	try {
		for (const part of [folder, ...SHARED]) await cp(join(packageRoot(), part), join(scratch, part), { recursive: true });
		if ((await sourcesDigest(scratch, board)) !== sources)
			throw new UserError(`the loader of board ${board} changed while it was built`, { remedy: "run the same command again" });
		const env = toolEnvironment({ HOME: scratch, LC_ALL: "C.UTF-8", TZ: "UTC", SOURCE_DATE_EPOCH: "0" });
		await run("make", ["-C", join(scratch, folder), `BUILD=${scratch}/build`], { env, signal, killAfterMs: 400 });
		return {
			loader: await readFile(join(scratch, "build", "loader.bin")),
			slide: await readFile(join(scratch, "build", "slide.bin")),
		};
	} catch (error) {
		if (!(error instanceof ProcessError)) throw error;
		const tail = error.stderr.trim().split("\n").slice(-8).join("\n");
		throw new UserError(`the loader of board ${board} does not compile:\n${tail}`, { where: folder, cause: error });
	} finally {
		await rm(scratch, { recursive: true, force: true });
	}
}

/** The page before a kernel of so many bytes, as Nokia's boot loader writes it. */
export function kernelHead(size: number): Uint8Array {
	const page = Buffer.alloc(KERNEL_HEAD_BYTES);
	page.write("NOLO img", "latin1");
	page.writeUInt32LE(size, 8);
	return page;
}

/** The loader with its table filled in, as long as its room in flash. */
export function filledLoader(loader: Uint8Array, pieces: readonly LoaderPiece[], entry: number): Uint8Array {
	if (loader.length > LOADER_BYTES) throw new RangeError(`the loader has ${loader.length} bytes, its room ${LOADER_BYTES}`);
	if (pieces.length > LOADER_PIECES) throw new RangeError(`the loader takes ${LOADER_PIECES} pieces, not ${pieces.length}`);
	const bytes = new Uint8Array(LOADER_BYTES);
	bytes.set(loader);
	tableHead.write({ magic: LOADER_MAGIC, count: pieces.length, entry, reserved: 0 }, bytes, LOADER_TABLE);
	for (const [index, piece] of pieces.entries()) {
		const name = Buffer.from(piece.name);
		if (name.length >= 12) throw new RangeError(`partition ${piece.name} has a name too long for the loader`);
		rawPiece.write({ ...piece, name }, bytes, LOADER_TABLE + tableHead.size + index * rawPiece.size);
	}
	return bytes;
}

/** The table of a loader. @throws RangeError when it has none */
export function loaderTable(bytes: Uint8Array): { entry: number; pieces: LoaderPiece[] } {
	const { magic, count, entry } = tableHead.read(bytes, LOADER_TABLE);
	if (magic !== LOADER_MAGIC || count > LOADER_PIECES) throw new RangeError("there is no loader with a table");
	const pieces = Array.from({ length: count }, (_, index) => {
		const raw = rawPiece.read(bytes, LOADER_TABLE + tableHead.size + index * rawPiece.size);
		return { ...raw, name: Buffer.from(raw.name).toString("latin1").replace(/\0.*$/s, "") };
	});
	return { entry, pieces };
}

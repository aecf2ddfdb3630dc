// SPDX-License-Identifier: Apache-2.0
// A device image cut into what goes into a phone's flash partitions: arithmetic and copying, no tool is asked.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Board } from "../manifest/index.ts";
import { UserError } from "../util/errors.ts";
import { VEIL_PAGE_SIZE, veilImageHeader } from "./abi.ts";
import { filledLoader, LOADER_BYTES, type LoaderPiece } from "./flash-loader.ts";
import { alignUp } from "./layout.ts";

/** Partitions a device image goes to: its first bytes, which Nokia's boot loader starts, and the rest. */
const FIRST = "kernel";
const REST = "rootfs";

/** What one partition begins with. */
export interface FlashPart {
	/** The partition, which is also the name FIASCO has for it. */
	readonly name: string;
	/** Of the partition, from the start of the flash, in bytes. */
	readonly offset: number;
	readonly room: number;
	readonly path: string;
	/** Bytes. */
	readonly size: number;
	/** Hex. */
	readonly sha256: string;
}

/**
 * Writes the files `kernel.bin` (loader, Veil, manifest) and `rootfs.bin` (payloads) into `folder`.
 *
 * @throws UserError when a part does not fit its partition
 */
export async function writeFlashParts(
	imagePath: string,
	loader: Uint8Array,
	board: Pick<Board, "name" | "load" | "storage">,
	folder: string,
): Promise<FlashPart[]> {
	const first = partitionOf(board, FIRST);
	const rest = partitionOf(board, REST);
	const image = await open(imagePath);
	try {
		const { size } = await image.stat();
		const head = new Uint8Array(veilImageHeader.size);
		await image.read(head, 0, head.length, 0);
		const { manifestOffset, manifestSize } = veilImageHeader.read(head);
		const split = Math.min(Number(manifestOffset) + alignUp(Number(manifestSize), VEIL_PAGE_SIZE), size);
		const { address } = board.load;
		const pieces: LoaderPiece[] = [
			await pieceOf(image, first, LOADER_BYTES, address, 0, split),
			await pieceOf(image, rest, 0, address + split, split, size),
		].filter((piece) => piece.size > 0);
		fits(board, first, LOADER_BYTES + split);
		fits(board, rest, size - split);
		const parts = [
			await writePart(first, join(folder, `${FIRST}.bin`), filledLoader(loader, pieces, address), image, 0, split),
			await writePart(rest, join(folder, `${REST}.bin`), new Uint8Array(), image, split, size),
		].filter((part) => part.size > 0);
		return parts;
	} finally {
		await image.close();
	}
}

interface Partition {
	name: string;
	offsetBytes: number;
	sizeBytes: number;
}

function partitionOf(board: Pick<Board, "name" | "storage">, name: string): Partition {
	const found = board.storage?.partitions?.find((partition) => partition.name === name);
	if (found === undefined)
		throw new UserError(`board ${board.name} has no flash partition ${name}, so nothing can be flashed on it`);
	return found;
}

function fits(board: Pick<Board, "name">, { name, sizeBytes }: Partition, bytes: number): void {
	if (bytes <= sizeBytes) return;
	throw new UserError(`partition ${name} of board ${board.name} holds ${sizeBytes} bytes, the device image needs ${bytes} there`, {
		remedy: "take fewer packages, or smaller kernels",
	});
}

async function pieceOf(
	image: FileHandle,
	partition: Partition,
	offset: number,
	ram: number,
	from: number,
	to: number,
): Promise<LoaderPiece> {
	const hash = createHash("sha256");
	for await (const chunk of bytesOf(image, from, to)) hash.update(chunk);
	return {
		name: partition.name,
		partition: partition.offsetBytes,
		partitionEnd: partition.offsetBytes + partition.sizeBytes,
		offset,
		ram,
		size: to - from,
		sha256: hash.digest(),
	};
}

async function writePart(
	partition: Partition,
	path: string,
	head: Uint8Array,
	image: FileHandle,
	from: number,
	to: number,
): Promise<FlashPart> {
	const hash = createHash("sha256").update(head);
	const file = await open(path, "w");
	try {
		await file.writeFile(head);
		for await (const chunk of bytesOf(image, from, to)) {
			hash.update(chunk);
			await file.writeFile(chunk);
		}
	} finally {
		await file.close();
	}
	return {
		name: partition.name,
		offset: partition.offsetBytes,
		room: partition.sizeBytes,
		path,
		size: (await stat(path)).size,
		sha256: hash.digest("hex"),
	};
}

async function* bytesOf(file: FileHandle, from: number, to: number): AsyncGenerator<Uint8Array> {
	const chunk = new Uint8Array(1 << 20);
	for (let at = from; at < to; ) {
		const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, to - at), at);
		if (bytesRead === 0) throw new RangeError(`the image ends at ${at}, not at ${to}`);
		yield chunk.slice(0, bytesRead);
		at += bytesRead;
	}
}

/** The bytes of a part, from its file. */
export function readPart(part: FlashPart): AsyncIterable<Uint8Array> {
	return createReadStream(part.path);
}

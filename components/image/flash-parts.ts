// SPDX-License-Identifier: Apache-2.0
// A device image cut into what goes into a phone's flash partitions: arithmetic and reading, no tool is asked.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Board } from "../manifest/index.ts";
import { UserError } from "../util/errors.ts";
import { VEIL_PAGE_SIZE, veilImageHeader } from "./abi.ts";
import { filledLoader, KERNEL_HEAD_BYTES, LOADER_BYTES, type LoaderPiece } from "./flash-loader.ts";
import { alignUp } from "./layout.ts";

/** Partitions a device image goes to: its first bytes, which Nokia's boot loader starts, and the rest. */
const FIRST = "kernel";
const REST = "rootfs";

/** What one partition begins with: a head, then a range of the device image. */
export interface FlashPart {
	/** The partition, which is also the name FIASCO has for it. */
	readonly name: string;
	/** Of the partition, from the start of the flash, in bytes. */
	readonly offset: number;
	/** Bytes at the partition's front that the boot loader writes itself when it is given the part. */
	readonly before: number;
	readonly room: number;
	/** Bytes. */
	readonly size: number;
	readonly head: Uint8Array;
	/** From `from` up to, but not with, `to`. */
	readonly image: { readonly path: string; readonly from: number; readonly to: number };
}

/** A part in a file of its own. */
export interface PartFile extends Omit<FlashPart, "head" | "image"> {
	readonly path: string;
	/** Hex. */
	readonly sha256: string;
}

/**
 * Cuts a device image into parts: `kernel` (loader, Veil, manifest) and `rootfs` (payloads).
 *
 * @throws UserError when a part does not fit its partition
 */
export async function flashParts(
	imagePath: string,
	loader: Uint8Array,
	board: Pick<Board, "name" | "load" | "storage">,
): Promise<FlashPart[]> {
	const first = partitionOf(board, FIRST);
	const rest = partitionOf(board, REST);
	const { split, size } = await whereToCut(imagePath);
	const { address } = board.load;
	const pieces: LoaderPiece[] = [
		await pieceOf(imagePath, first, KERNEL_HEAD_BYTES + LOADER_BYTES, address, 0, split),
		await pieceOf(imagePath, rest, 0, address + split, split, size),
	].filter((piece) => piece.size > 0);
	const head = filledLoader(loader, pieces, address);
	const parts = [
		partOf(board, first, KERNEL_HEAD_BYTES, head, imagePath, 0, split),
		partOf(board, rest, 0, new Uint8Array(), imagePath, split, size),
	];
	return parts.filter((part) => part.size > 0);
}

/** Writes each part to a file `<partition>.bin` in `folder`. */
export function writeFlashParts(parts: readonly FlashPart[], folder: string): Promise<PartFile[]> {
	return Promise.all(
		parts.map(async (part) => {
			const path = join(folder, `${part.name}.bin`);
			const hash = createHash("sha256");
			const file = await open(path, "w");
			try {
				for await (const chunk of readPart(part)) {
					hash.update(chunk);
					await file.writeFile(chunk);
				}
			} finally {
				await file.close();
			}
			const { name, offset, before, room, size } = part;
			return { name, offset, before, room, size, path, sha256: hash.digest("hex") };
		}),
	);
}

/** The bytes of a part. */
export async function* readPart({ head, image }: FlashPart): AsyncGenerator<Uint8Array> {
	if (head.length > 0) yield head;
	yield* bytesOf(image.path, image.from, image.to);
}

/** Where payloads begin in a device image, and its size. */
async function whereToCut(imagePath: string): Promise<{ split: number; size: number }> {
	const image = await open(imagePath);
	try {
		const { size } = await image.stat();
		const head = new Uint8Array(veilImageHeader.size);
		await image.read(head, 0, head.length, 0);
		const { manifestOffset, manifestSize } = veilImageHeader.read(head);
		return { split: Math.min(Number(manifestOffset) + alignUp(Number(manifestSize), VEIL_PAGE_SIZE), size), size };
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

function partOf(
	board: Pick<Board, "name">,
	{ name, offsetBytes, sizeBytes }: Partition,
	before: number,
	head: Uint8Array,
	path: string,
	from: number,
	to: number,
): FlashPart {
	const size = head.length + to - from;
	const room = sizeBytes - before;
	if (size > room) {
		throw new UserError(`partition ${name} of board ${board.name} holds ${room} bytes, the device image needs ${size} there`, {
			remedy: "take fewer packages, or smaller kernels",
		});
	}
	return { name, offset: offsetBytes, before, room, size, head, image: { path, from, to } };
}

async function pieceOf(
	imagePath: string,
	partition: Partition,
	offset: number,
	ram: number,
	from: number,
	to: number,
): Promise<LoaderPiece> {
	const hash = createHash("sha256");
	for await (const chunk of bytesOf(imagePath, from, to)) hash.update(chunk);
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

async function* bytesOf(path: string, from: number, to: number): AsyncGenerator<Uint8Array> {
	if (from === to) return;
	let at = from;
	for await (const chunk of createReadStream(path, { start: from, end: to - 1, highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
		at += chunk.length;
		yield chunk;
	}
	if (at !== to) throw new RangeError(`the image ends at ${at}, not at ${to}`);
}

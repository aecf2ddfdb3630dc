// SPDX-License-Identifier: Apache-2.0
// The flash of an emulated phone as QEMU keeps it in a file: all pages, then all their spare areas (QEMU 7.2, hw/block/onenand.c).
import { open } from "node:fs/promises";
import { kernelHead } from "./flash-loader.ts";
import { type FlashPart, readPart } from "./flash-parts.ts";

/** Bytes of the OneNAND of an N800, and of the spare areas of its pages: 64 a page of 2048. */
export const FLASH_BYTES = 256 << 20;
const SPARE_BYTES = FLASH_BYTES / 32;
/** Where the code lies that the emulated phone executes first; what is before it reads as instructions without effect. */
const SLIDE_OFFSET = 0x400;
const BLOCK = 128 * 1024;

/**
 * Writes the parts and the slide into a flash image. A file that is there keeps everything else, as a tablet does that is flashed;
 * a new one is a flash fresh from its maker, without bad blocks. What was never written takes no room on the host's disk.
 */
export async function writeFlashImage(path: string, parts: readonly FlashPart[], slide: Uint8Array): Promise<void> {
	const file = await open(path, "a").then(async (made) => {
		await made.close();
		return open(path, "r+");
	});
	try {
		if ((await file.stat()).size !== FLASH_BYTES + SPARE_BYTES) {
			await file.truncate(FLASH_BYTES + SPARE_BYTES);
			await file.write(Buffer.alloc(SPARE_BYTES, 0xff), 0, SPARE_BYTES, FLASH_BYTES);
		}
		await file.write(slide, 0, slide.length, SLIDE_OFFSET);
		for (const part of parts) {
			let at = part.offset + part.before;
			if (part.before > 0) await file.write(kernelHead(part.size), 0, part.before, part.offset);
			for await (const chunk of readPart(part)) {
				await file.write(chunk, 0, chunk.length, at);
				at += chunk.length;
			}
			// The rest of the last block is erased, as flashing leaves it.
			const rest = (BLOCK - (at % BLOCK)) % BLOCK;
			await file.write(Buffer.alloc(rest, 0xff), 0, rest, at);
		}
	} finally {
		await file.close();
	}
}

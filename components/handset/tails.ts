// SPDX-License-Identifier: Apache-2.0
// The ends of logs, fit for a terminal and for error messages.
import { open } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../util/errors.ts";
import { printable } from "../util/printable.ts";
import { FILE } from "./run-folder.ts";

/** The last bytes of a file; none when there is no file. */
export async function lastBytes(path: string, count: number): Promise<Buffer> {
	try {
		const file = await open(path);
		try {
			const { size } = await file.stat();
			const length = Math.min(size, count);
			const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
			return buffer.subarray(0, bytesRead);
		} finally {
			await file.close();
		}
	} catch (error) {
		if (errorCode(error) === "ENOENT") return Buffer.alloc(0);
		throw error;
	}
}

// The screen comes with a BIOS for PCs, which distributions leave out of QEMU for arm64 and no arm64 machine would run.
const QEMU_NOISE = /Could not open option rom 'vgabios-ramfb\.bin'/;

/** What QEMU has said last; what it says of every handset with a screen is left out. */
export async function lastQemuLines(folder: string, count: number): Promise<string> {
	return lastLines(join(folder, FILE.qemuLog), count, undefined, QEMU_NOISE);
}

/** The last lines of a file that are not empty and not `noise`, made harmless, each after `indent`. */
export async function lastLines(path: string, count: number, indent = "  | ", noise?: RegExp): Promise<string> {
	const lines = printable(await lastBytes(path, count * 200)).split("\n");
	return lines
		.filter((line) => line.trim() !== "" && noise?.test(line) !== true)
		.slice(-count)
		.map((line) => `${indent}${line.slice(0, 200)}`)
		.join("\n");
}

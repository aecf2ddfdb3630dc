// SPDX-License-Identifier: Apache-2.0
// The ends of logs, fit for a terminal and for error messages.
import { open } from "node:fs/promises";
import { errorCode } from "../util/errors.ts";
import { printable } from "./printable.ts";

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

/** The last lines of a file that are not empty, made harmless, each after `indent`. */
export async function lastLines(path: string, count: number, indent = "  | "): Promise<string> {
	const lines = printable(await lastBytes(path, count * 200)).split("\n");
	return lines
		.filter((line) => line.trim() !== "")
		.slice(-count)
		.map((line) => `${indent}${line.slice(0, 200)}`)
		.join("\n");
}

// SPDX-License-Identifier: Apache-2.0
// A log that cannot fill the disk: when it is full, it becomes the one before, and a new one begins.
import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import { errorCode } from "../util/errors.ts";

/** Appends raw bytes. Keeps the current file and the one before, each at most `maxBytes` long. */
export class RotatingLog {
	private readonly path: string;
	private readonly maxBytes: number;
	private file: number;
	private size: number;

	constructor(path: string, maxBytes = 4 << 20) {
		this.path = path;
		this.maxBytes = maxBytes;
		this.file = openSync(path, "a", 0o600);
		this.size = fstatSync(this.file).size;
	}

	/** Appends; bytes that a full disk does not take are lost, because a handset must not stop for its log. */
	write(bytes: Uint8Array): void {
		try {
			if (this.size > 0 && this.size + bytes.length > this.maxBytes) this.rotate();
			this.size += writeSync(this.file, bytes);
		} catch (error) {
			if (!["ENOSPC", "EDQUOT", "ENOENT"].includes(errorCode(error) ?? "")) throw error;
		}
	}

	close(): void {
		closeSync(this.file);
	}

	private rotate(): void {
		renameSync(this.path, previousLog(this.path));
		closeSync(this.file);
		this.file = openSync(this.path, "a", 0o600);
		this.size = 0;
	}
}

/** Where the log before the current one is. */
export function previousLog(path: string): string {
	return `${path}.1`;
}

// SPDX-License-Identifier: Apache-2.0
// Beginnings of files whose download was cut, so that the next command asks for the rest. Each is named after the digest of the whole file, and by whom
// it is written while it is: DIGEST.PID.RANDOM; those apt goes on with by itself are DIGEST.apt. They are read, or taken by one: what two processes do to one file cannot mix, and the digest of all
// bytes is checked before anything is stored.
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isAlive } from "../util/alive.ts";
import { hexOf } from "../util/digest.ts";
import { errorCode } from "../util/errors.ts";

/** Where beginnings are in the store in `dir`. */
export const partialFolder = (dir: string): string => join(dir, "partial");

/** A path for a file that begins to come. */
export function unfinishedPath(dir: string, digest: string): string {
	return join(partialFolder(dir), `${hexOf(digest)}.${process.pid}.${randomBytes(8).toString("hex")}`);
}

/** Leaves an unfinished file to who asks next, unless there is more of it already. */
export function leaveUnfinished(dir: string, digest: string, path: string): Promise<void> {
	return leave(path, join(partialFolder(dir), hexOf(digest)));
}

const forApt = (dir: string, digest: string): string => join(partialFolder(dir), `${hexOf(digest)}.apt`);

/** Leaves what apt has of a file, as {@link leaveUnfinished}; its time is the server's, by which apt knows the file again. */
export function leaveToApt(dir: string, digest: string, path: string): Promise<void> {
	return leave(path, forApt(dir, digest));
}

/** Puts what apt has of a file at `path`; false where it has nothing. */
export async function takeForApt(dir: string, digest: string, path: string): Promise<boolean> {
	try {
		await rename(forApt(dir, digest), path);
		return true;
	} catch (error) {
		if (errorCode(error) !== "ENOENT") throw error;
		return false;
	}
}

async function leave(path: string, left: string): Promise<void> {
	const [size, known] = [await sizeOf(path), await sizeOf(left)];
	if (size > known) await rename(path, left);
	else await rm(path, { force: true });
}

/** The longest beginning there is of a file, which goes once it was read; nothing where there is none. One that is still written counts, up to where it is. */
export async function* beginningOf(dir: string, digest: string): AsyncGenerator<Uint8Array> {
	let longest: { path: string; size: number } | undefined;
	for (const path of await beginnings(dir, digest)) {
		const size = await sizeOf(path);
		if (size > (longest?.size ?? 0)) longest = { path, size };
	}
	if (longest === undefined) return;
	try {
		yield* createReadStream(longest.path, { end: longest.size - 1, highWaterMark: 1 << 20 });
	} catch (error) {
		if (errorCode(error) !== "ENOENT") throw error;
	}
	if (!isWritten(longest.path)) await rm(longest.path, { force: true });
}

/** Removes all beginnings of a file that nobody writes. */
export async function forgetBeginnings(dir: string, digest: string): Promise<void> {
	for (const path of await beginnings(dir, digest)) if (!isWritten(path)) await rm(path, { force: true });
}

/** Whether the process that writes a beginning still runs. */
export function isWritten(path: string): boolean {
	const [, pid] = /\.(\d+)\.[0-9a-f]+$/.exec(path) ?? [];
	return pid !== undefined && isAlive(Number(pid));
}

async function beginnings(dir: string, digest: string): Promise<string[]> {
	const names = await readdir(partialFolder(dir));
	return names.filter((name) => name.startsWith(hexOf(digest))).map((name) => join(partialFolder(dir), name));
}

async function sizeOf(path: string): Promise<number> {
	return stat(path).then(
		({ size }) => size,
		() => 0,
	);
}

// SPDX-License-Identifier: Apache-2.0
// The content-addressed store: blobs under their SHA-256, and for each key what was built from it. Safe for many processes at once:
// every file appears by rename, is verified when read, and one that is damaged is dropped, so that it is built or fetched again.
import { createHash, randomBytes } from "node:crypto";
import { chmod, type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { writeFileAtomic } from "../util/atomic.ts";
import { hexOf, sha256, sha256File } from "../util/digest.ts";
import { errorCode, UserError } from "../util/errors.ts";
import { cacheDir } from "../util/paths.ts";
import type { Progress } from "../util/progress.ts";
import { beginningOf, forgetBeginnings, leaveUnfinished, unfinishedPath } from "./partial.ts";
import { collectGarbage, type GcOptions, type GcReport } from "./store-gc.ts";

/** What bytes can be stored from. */
export type BlobSource = Uint8Array | AsyncIterable<Uint8Array>;

/** A store; see {@link openStore}. */
export interface Store {
	/** Its folder. */
	readonly dir: string;
	/**
	 * Stores bytes and returns `{digest, size, path}`. Equal bytes are stored once.
	 *
	 * @throws WrongDigest when they are not those with the digest `wanted`; nothing is stored then
	 */
	put(source: BlobSource, signal?: AbortSignal, wanted?: string): Promise<Blob>;
	/**
	 * Stores the file with the digest `wanted` as it comes. Where it breaks off and `isOfUse` says so of the error, what came stays for {@link beginningOf}.
	 *
	 * @throws WrongDigest when it is another file; nothing is stored then
	 */
	receive(wanted: string, source: BlobSource, isOfUse: (error: unknown) => boolean, signal?: AbortSignal): Promise<Blob>;
	/** The bytes of a file that came before its download broke off, from its first one on; whether they are of this file nobody knows yet. */
	beginningOf(digest: string): AsyncIterable<Uint8Array>;
	/** Removes what came of a file. */
	forgetBeginnings(digest: string): Promise<void>;
	/** Whether a blob is there, without a look at its bytes. */
	has(digest: string): Promise<boolean>;
	/** Path of a blob whose bytes were just verified; undefined when it is not there or was damaged (it is then gone). */
	get(digest: string, signal?: AbortSignal): Promise<Blob | undefined>;
	/** Remembers what was built from a key: any JSON value. */
	putKeyed(key: string, value: unknown): Promise<void>;
	/** What was built from a key; undefined when nothing was, or the record was damaged. */
	getKeyed(key: string): Promise<unknown>;
	/** Runs `work` while no other process works on the same key. */
	exclusively<T>(
		key: string,
		options: { signal?: AbortSignal | undefined; progress: Progress },
		work: () => Promise<T>,
	): Promise<T>;
	/** A new empty folder inside the store for a build; the caller removes it, and {@link Store.gc} what a killed one left. */
	scratch(): Promise<string>;
	/** Removes what was not used for a while. */
	gc(options?: GcOptions): Promise<GcReport>;
}

/** A stored file. */
export interface Blob {
	/** `sha256:<hex>` */
	digest: string;
	/** Bytes. */
	size: number;
	path: string;
}

/** Bytes that are not those that were wanted. */
export class WrongDigest extends Error {
	readonly found: string;

	constructor(found: string, wanted: string) {
		super(`it has ${found}, not ${wanted}`);
		this.name = "WrongDigest";
		this.found = found;
	}
}

/** Opens the store, by default in the user's cache folder, making it when it is not there. */
export async function openStore(dir = join(cacheDir(), "store")): Promise<Store> {
	await guardSpace(dir, async () => {
		for (const part of ["blobs", "keys", "locks", "partial", "tmp"]) await mkdir(join(dir, part), { recursive: true, mode: 0o700 });
	}).catch((error: unknown) => {
		// Node reports a folder that cannot be made in a read-only file system as missing.
		throw errorCode(error) === "ENOENT" ? notWritable(dir, error) : error;
	});
	return {
		dir,
		put: (source, signal, wanted) => guardSpace(dir, () => put(dir, source, signal, wanted)),
		receive: (wanted, source, isOfUse, signal) => guardSpace(dir, () => receive(dir, wanted, source, isOfUse, signal)),
		beginningOf: (digest) => beginningOf(dir, digest),
		forgetBeginnings: (digest) => forgetBeginnings(dir, digest),
		has: (digest) =>
			stat(blobPath(dir, digest)).then(
				() => true,
				() => false,
			),
		get: (digest, signal) => get(dir, digest, signal),
		putKeyed: (key, value) => guardSpace(dir, () => putKeyed(dir, key, value)),
		getKeyed: (key) => getKeyed(dir, key),
		exclusively: (key, options, work) => exclusively(dir, key, options, work),
		scratch: () => guardSpace(dir, () => scratch(dir)),
		gc: (options = {}) => collectGarbage(dir, options),
	};
}

async function put(dir: string, source: BlobSource, signal?: AbortSignal, wanted?: string): Promise<Blob> {
	const temporary = join(dir, "tmp", temporaryName());
	try {
		return await writeBlob(dir, temporary, source, signal, wanted);
	} catch (error) {
		await rm(temporary, { force: true });
		throw error;
	}
}

async function receive(
	dir: string,
	wanted: string,
	source: BlobSource,
	isOfUse: (error: unknown) => boolean,
	signal?: AbortSignal,
): Promise<Blob> {
	const unfinished = unfinishedPath(dir, wanted);
	try {
		const blob = await writeBlob(dir, unfinished, source, signal, wanted);
		await forgetBeginnings(dir, wanted);
		return blob;
	} catch (error) {
		if (isOfUse(error)) await leaveUnfinished(dir, wanted, unfinished);
		else await rm(unfinished, { force: true });
		throw error;
	}
}

/** Writes a blob at `temporary`, and puts it where blobs are. */
async function writeBlob(
	dir: string,
	temporary: string,
	source: BlobSource,
	signal: AbortSignal | undefined,
	wanted: string | undefined,
): Promise<Blob> {
	const file = await open(temporary, "wx", 0o600);
	let written: { digest: string; size: number };
	try {
		// No sync: what a power cut tears is noticed when it is read.
		written = await writeAll(file, source, signal);
	} finally {
		await file.close();
	}
	if (wanted !== undefined && written.digest !== wanted) throw new WrongDigest(written.digest, wanted);
	await chmod(temporary, 0o400);
	const path = blobPath(dir, written.digest);
	await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
	await rename(temporary, path);
	return { ...written, path };
}

// Bytes written between two looks at the abort signal.
const PIECE = 1 << 20;

async function writeAll(file: FileHandle, source: BlobSource, signal?: AbortSignal): Promise<{ digest: string; size: number }> {
	const hash = createHash("sha256");
	let size = 0;
	const chunks: AsyncIterable<Uint8Array> | Uint8Array[] = source instanceof Uint8Array ? [source] : source;
	for await (const chunk of chunks) {
		for (let done = 0; done < chunk.length; ) {
			signal?.throwIfAborted();
			const { bytesWritten } = await file.write(chunk, done, Math.min(PIECE, chunk.length - done));
			hash.update(chunk.subarray(done, done + bytesWritten));
			done += bytesWritten;
		}
		size += chunk.length;
	}
	return { digest: `sha256:${hash.digest("hex")}`, size };
}

async function get(dir: string, digest: string, signal?: AbortSignal): Promise<Blob | undefined> {
	const path = blobPath(dir, digest);
	try {
		const { size } = await stat(path);
		if ((await sha256File(path, signal)) === digest) {
			await touch(path);
			return { digest, size, path };
		}
		await rm(path, { force: true });
	} catch (error) {
		if (errorCode(error) !== "ENOENT") throw error;
	}
	return undefined;
}

// A record is a line with the digest of the rest, and the value as JSON.
async function putKeyed(dir: string, key: string, value: unknown): Promise<void> {
	const body = `${JSON.stringify(value)}\n`;
	const path = keyPath(dir, key);
	await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
	await writeFileAtomic(path, `${sha256(body)}\n${body}`, 0o600);
}

async function getKeyed(dir: string, key: string): Promise<unknown> {
	const path = keyPath(dir, key);
	try {
		const text = await readFile(path, "utf8");
		const body = text.slice(text.indexOf("\n") + 1);
		if (text === `${sha256(body)}\n${body}`) {
			await touch(path);
			return JSON.parse(body);
		}
		await rm(path, { force: true });
	} catch (error) {
		if (errorCode(error) !== "ENOENT") throw error;
	}
	return undefined;
}

async function exclusively<T>(
	dir: string,
	key: string,
	{ signal, progress }: { signal?: AbortSignal | undefined; progress: Progress },
	work: () => Promise<T>,
): Promise<T> {
	const path = join(dir, "locks", hexOf(key));
	const { lock } = await import("proper-lockfile");
	let release: (() => Promise<void>) | undefined;
	for (let waiting = false; release === undefined; ) {
		signal?.throwIfAborted();
		try {
			// A holder that was killed stops touching its lock, which is then taken over after `stale`.
			release = await lock(path, { realpath: false, stale: 10_000, update: 2_000, onCompromised: () => {} });
		} catch (error) {
			if (errorCode(error) !== "ELOCKED") throw error;
			if (!waiting) progress("waiting: another process builds the same");
			waiting = true;
			await delay(200, undefined, signal === undefined ? {} : { signal });
		}
	}
	try {
		return await work();
	} finally {
		await release().catch(() => {});
	}
}

async function scratch(dir: string): Promise<string> {
	const path = join(dir, "tmp", temporaryName());
	await mkdir(path, { mode: 0o700 });
	return path;
}

// The process id tells the garbage collection whether its owner still lives.
function temporaryName(): string {
	return `${process.pid}.${randomBytes(8).toString("hex")}`;
}

async function touch(path: string): Promise<void> {
	const now = new Date();
	await utimes(path, now, now).catch(() => {});
}

/** Where a blob is. */
export function blobPath(dir: string, digest: string): string {
	const hex = hexOf(digest);
	return join(dir, "blobs", hex.slice(0, 2), hex.slice(2));
}

function keyPath(dir: string, key: string): string {
	const hex = hexOf(key);
	return join(dir, "keys", hex.slice(0, 2), hex.slice(2));
}

/** Runs `work`, and says what to do when the disk is full or the folder may not be written. */
export async function guardSpace<T>(dir: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		const code = errorCode(error);
		if (code === "ENOSPC" || code === "EDQUOT") {
			throw noSpace(dir, error);
		}
		if (code === "EACCES" || code === "EROFS" || code === "EPERM") {
			throw notWritable(dir, error);
		}
		throw error;
	}
}

/** The fault of a full disk. */
export function noSpace(dir: string, cause: unknown): UserError {
	return new UserError(`no space left in ${dir}`, {
		remedy: "free some, for instance with `persona gc`, and run the same command again",
		cause,
	});
}

function notWritable(dir: string, cause: unknown): UserError {
	return new UserError(`${dir} cannot be written`, { remedy: "make it writable, or set XDG_CACHE_HOME to another folder", cause });
}

/** Names of the entries of a folder; none when it is not there. */
export async function entriesOf(dir: string): Promise<string[]> {
	try {
		return await readdir(dir);
	} catch (error) {
		if (errorCode(error) === "ENOENT") return [];
		throw error;
	}
}

// SPDX-License-Identifier: Apache-2.0
// What a new volume holds: an ext4 file system with its initial contents, made without mounting anything, encrypted where that is asked for.
import { createCipheriv } from "node:crypto";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { ProcessError } from "../util/process.ts";
import { diskPath, guid, runTool } from "./disk.ts";

/** Where the encrypted part begins: behind the LUKS2 header. */
export const LUKS_OFFSET = 4 << 20;
/** Bytes of a volume's key: two keys of AES-256 for XTS. */
export const KEY_BYTES = 64;
/** dm-crypt's unit; numbers for its tweak count 512 bytes whatever the unit (plain64). */
const UNIT = 4096;
const BLOCK = 4096;
const COPY_BYTES = 1 << 20;

/** A new volume as far as its contents go. */
export interface NewContents {
	readonly persona: string;
	readonly name: string;
	/** On the disk, in bytes. */
	readonly offset: number;
	readonly size: number;
	/** Folder the file system begins with; undefined: empty. */
	readonly contents?: string;
	/** {@link KEY_BYTES} of them; undefined: not encrypted. */
	readonly key?: Uint8Array;
	readonly fileSystem: "ext4" | "none";
}

/** Fills a part of a handset's disk that is all zeros. */
export async function makeContents(folder: string, volume: NewContents, signal?: AbortSignal): Promise<void> {
	const { fileSystem, key, offset, size } = volume;
	const scratch = await mkdtemp(join(folder, ".volume-"));
	try {
		const disk = await open(diskPath(folder), "r+");
		try {
			const inside = key === undefined ? 0 : LUKS_OFFSET;
			if (key !== undefined) await copyInto(disk, offset, await luksHeader(scratch, volume, key, signal), 0, LUKS_OFFSET);
			if (fileSystem === "ext4") {
				const image = join(scratch, "ext4.img");
				await makeFileSystem(image, volume, size - inside, signal);
				for (const { from, bytes } of await usedRanges(image, size - inside, signal)) {
					signal?.throwIfAborted();
					await copyInto(disk, offset + inside + from, image, from, bytes, key);
				}
			}
			await disk.sync();
		} finally {
			await disk.close();
		}
	} finally {
		await rm(scratch, { recursive: true, force: true });
	}
}

/** A file that begins with a LUKS2 header: the volume's key opens its one key slot and is the key of the data. */
async function luksHeader(scratch: string, { name, persona }: NewContents, key: Uint8Array, signal?: AbortSignal): Promise<string> {
	const image = join(scratch, "luks.img");
	await blank(image, 2 * LUKS_OFFSET);
	// Only this user can look into the scratch folder, and it is gone when this is done; a key on a command line could be seen.
	const keyFile = join(scratch, "key");
	const file = await open(keyFile, "wx", 0o600);
	await file.write(key);
	await file.close();
	const kind = ["--type", "luks2", "--cipher", "aes-xts-plain64", "--key-size", `${8 * KEY_BYTES}`, "--sector-size", `${UNIT}`];
	// A key of 512 random bits needs no slow derivation; the guest would pay for it at every start.
	const slot = ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"];
	const place = ["--offset", `${LUKS_OFFSET / 512}`, "--luks2-keyslots-size", "2m"];
	const identity = ["--label", name.slice(0, 47), "--uuid", guid(`luks\0${persona}\0${name}`)];
	const keys = ["--volume-key-file", keyFile, "--key-file", keyFile, "--keyfile-size", `${KEY_BYTES}`];
	await runTool("cryptsetup", ["luksFormat", "--batch-mode", ...kind, ...slot, ...place, ...identity, ...keys, image], {
		...(signal === undefined ? {} : { signal }),
	});
	await rm(keyFile);
	return image;
}

/** Whether a key opens an encrypted volume: its header is copied and tried, the data is not touched. */
export async function keyOpens(folder: string, offset: number, key: Uint8Array): Promise<boolean> {
	const scratch = await mkdtemp(join(folder, ".volume-"));
	try {
		const header = join(scratch, "luks.img");
		await blank(header, 2 * LUKS_OFFSET);
		const file = await open(header, "r+");
		await copyInto(file, 0, diskPath(folder), offset, LUKS_OFFSET);
		await file.close();
		const args = ["open", "--test-passphrase", "--disable-keyring", "--key-file", "-", "--keyfile-size", `${KEY_BYTES}`, header];
		await runTool("cryptsetup", args, { input: key });
		return true;
	} catch (error) {
		if (error instanceof ProcessError) return false;
		throw error;
	} finally {
		await rm(scratch, { recursive: true, force: true });
	}
}

async function blank(path: string, size: number): Promise<void> {
	const file = await open(path, "wx", 0o600);
	await file.truncate(size);
	await file.close();
}

async function makeFileSystem(image: string, volume: NewContents, size: number, signal?: AbortSignal): Promise<void> {
	const { name, persona, contents } = volume;
	await blank(image, size);
	const id = guid(`ext4\0${persona}\0${name}`);
	const options = ["-q", "-F", "-t", "ext4", "-b", `${BLOCK}`, "-L", name.slice(0, 16), "-U", id];
	const extended = ["-E", `nodiscard,root_owner=0:0,hash_seed=${id},lazy_itable_init=0,lazy_journal_init=0`];
	const filled = contents === undefined ? [] : ["-d", contents];
	await runTool("mke2fs", [...options, ...extended, ...filled, image], signal === undefined ? {} : { signal });
}

/** The parts of a file system that say something; whatever is in the free blocks, nobody reads it. */
async function usedRanges(image: string, size: number, signal?: AbortSignal): Promise<{ from: number; bytes: number }[]> {
	const dump = await runTool("dumpe2fs", [image], signal === undefined ? {} : { signal });
	const free = [...dump.matchAll(/^ {2}Free blocks: (.*)$/gm)].flatMap(([, list = ""]) =>
		list
			.split(", ")
			.filter((range) => range !== "")
			.map((range) => {
				const [first = 0, last = first] = range.split("-").map(Number);
				return { from: first * BLOCK, to: (last + 1) * BLOCK };
			}),
	);
	const used: { from: number; bytes: number }[] = [];
	let next = 0;
	for (const { from, to } of free.sort((a, b) => a.from - b.from)) {
		if (from > next) used.push({ from: next, bytes: from - next });
		next = Math.max(next, to);
	}
	const end = size - (size % BLOCK);
	if (end > next) used.push({ from: next, bytes: end - next });
	return used;
}

/** Copies from a file to the disk; what is zeros stays a hole unless it is encrypted. `from` is a multiple of UNIT. */
async function copyInto(disk: FileHandle, to: number, path: string, from: number, bytes: number, key?: Uint8Array): Promise<void> {
	const file = await open(path);
	try {
		const buffer = Buffer.alloc(Math.min(COPY_BYTES, bytes));
		for (let done = 0; done < bytes; done += buffer.length) {
			const part = buffer.subarray(0, Math.min(buffer.length, bytes - done));
			await file.read(part, 0, part.length, from + done);
			if (key !== undefined) await disk.write(encrypted(part, from + done, key), 0, part.length, to + done);
			else if (part.some((byte) => byte !== 0)) await disk.write(part, 0, part.length, to + done);
		}
	} finally {
		await file.close();
	}
}

/** What dm-crypt makes of `plain` at that place with aes-xts-plain64 in units of 4096 bytes. */
function encrypted(plain: Uint8Array, at: number, key: Uint8Array): Buffer {
	const parts: Buffer[] = [];
	for (let done = 0; done < plain.length; done += UNIT) {
		const tweak = Buffer.alloc(16);
		tweak.writeBigUInt64LE(BigInt(at + done) / 512n);
		parts.push(createCipheriv("aes-256-xts", key, tweak).update(plain.subarray(done, done + UNIT)));
	}
	return Buffer.concat(parts);
}

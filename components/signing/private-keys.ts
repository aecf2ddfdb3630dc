// SPDX-License-Identifier: Apache-2.0
// Private keys on this machine: a file each, readable by its owner alone, in a folder that belongs to no project.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, rm } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { dataDir } from "../../tools/folders.mjs";
import { errorCode, UserError } from "../util/errors.ts";
import type { Variables } from "../util/paths.ts";
import { KEY_FILE_MAX_BYTES, type PublicKey, publicKeyOf, rawPublicKey } from "./public-key.ts";

const ENDING = ".pem";

/** A private key of this machine, without what is secret. */
export interface HeldKey {
	readonly name: string;
	/** Its file. */
	readonly path: string;
	/** Undefined where the file cannot be used; `problem` then says why. */
	readonly publicKey?: PublicKey;
	readonly problem?: string;
}

/** Where private keys lie: `$XDG_DATA_HOME/persona/keys`. */
export function privateKeyDir(variables: Variables = process.env): string {
	return join(dataDir(variables), "keys");
}

/** Names become names of files. @throws UserError */
export function checkKeyName(name: string): void {
	if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return;
	throw new UserError(`"${name.replace(/[^\x20-\x7e]/g, "?")}" is no name for a key`, {
		remedy: "use 1 to 63 lower-case letters, digits and `-`, with a letter or digit at both ends",
	});
}

/**
 * Makes a key and gives its public part.
 *
 * @param project - a folder that must not hold the private key
 * @throws UserError when there is one of that name, or the folder is not the user's alone
 */
export async function makePrivateKey(name: string, project: string | undefined, folder = privateKeyDir()): Promise<HeldKey> {
	checkKeyName(name);
	if (project !== undefined && isWithin(project, folder)) {
		throw new UserError("private keys would lie within the project", {
			where: folder,
			remedy: "set XDG_DATA_HOME to a folder outside it",
		});
	}
	await makeOwn(folder);
	const path = join(folder, name + ENDING);
	const { privateKey } = generateKeyPairSync("ed25519");
	try {
		const file = await open(path, "wx", 0o600);
		try {
			await file.chmod(0o600);
			await file.writeFile(privateKey.export({ format: "pem", type: "pkcs8" }));
			await file.sync();
		} catch (error) {
			await rm(path, { force: true });
			throw error;
		} finally {
			await file.close();
		}
	} catch (error) {
		if (errorCode(error) !== "EEXIST") throw error;
		throw new UserError(`there is a key ${name} already`, { where: path, remedy: "choose another name; no key is overwritten" });
	}
	return { name, path, publicKey: publicPart(privateKey) };
}

/** All private keys of this machine, by name. */
export async function listPrivateKeys(folder = privateKeyDir()): Promise<HeldKey[]> {
	const held: HeldKey[] = [];
	for (const name of await keyNames(folder)) {
		const path = join(folder, name + ENDING);
		try {
			held.push({ name, path, publicKey: publicPart(await readPrivateKey(path)) });
		} catch (error) {
			if (!(error instanceof UserError)) throw error;
			held.push({ name, path, problem: error.message });
		}
	}
	return held;
}

/**
 * The private key that belongs to a public one; undefined where this machine does not have it.
 *
 * @throws UserError when others can read its file
 */
export async function findPrivateKey({ hex }: PublicKey, folder = privateKeyDir()): Promise<KeyObject | undefined> {
	const faults: UserError[] = [];
	for (const name of await keyNames(folder)) {
		try {
			const key = await readPrivateKey(join(folder, name + ENDING));
			if (rawPublicKey(createPublicKey(key)).toString("hex") === hex) return key;
		} catch (error) {
			if (!(error instanceof UserError)) throw error;
			faults.push(error);
		}
	}
	// It may be the one that is looked for.
	if (faults[0] !== undefined) throw faults[0];
	return undefined;
}

async function keyNames(folder: string): Promise<string[]> {
	try {
		const files = await readdir(folder);
		return files.flatMap((file) => (file.endsWith(ENDING) ? [file.slice(0, -ENDING.length)] : [])).sort();
	} catch (error) {
		if (errorCode(error) === "ENOENT") return [];
		throw error;
	}
}

async function readPrivateKey(path: string): Promise<KeyObject> {
	const refuse = (message: string, remedy: string) => new UserError(message, { where: path, remedy });
	const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
	let text: string;
	try {
		const found = await file.stat();
		if (!found.isFile() || found.size > KEY_FILE_MAX_BYTES) throw refuse("is no private key", "remove it");
		if (found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0)
			throw refuse("is a private key that others than you can reach", "`chmod 600` it if nobody has, else make another key");
		text = await file.readFile("utf8");
	} finally {
		await file.close();
	}
	const damaged = () => refuse("is no private Ed25519 key in PEM (PKCS#8)", "remove it, or put the key back");
	let key: KeyObject;
	try {
		key = createPrivateKey(text);
	} catch {
		throw damaged();
	}
	if (key.asymmetricKeyType !== "ed25519") throw damaged();
	return key;
}

function publicPart(key: KeyObject): PublicKey {
	const made = publicKeyOf(rawPublicKey(createPublicKey(key)).toString("hex"));
	if (typeof made === "string") throw new Error(`a key that was made ${made}`);
	return made;
}

async function makeOwn(folder: string): Promise<void> {
	await mkdir(folder, { recursive: true, mode: 0o700 });
	const found = await lstat(folder);
	if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0) return;
	throw new UserError("is not a folder that only you can open", { where: folder, remedy: "`chmod 700` it if it is yours" });
}

function isWithin(folder: string, path: string): boolean {
	const way = relative(resolve(folder), resolve(path));
	return way === "" || !(way === ".." || way.startsWith("../"));
}

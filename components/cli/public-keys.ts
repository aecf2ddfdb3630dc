// SPDX-License-Identifier: Apache-2.0
// The public keys of a project: files `<name>.pub.pem` in its folder `keys/`, which are committed with it.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { findProject } from "../../tools/folders.mjs";
import { type PublicKey, parsePublicKey } from "../signing/index.ts";
import { errorCode, UserError } from "../util/errors.ts";

const FOLDER = "keys";
const ENDING = ".pub.pem";

/** A public key that lies in the project. */
export type ProjectKey = PublicKey & { readonly name: string; readonly path: string };

/** The project the working folder is in; undefined outside of one. */
export function currentProject(): string | undefined {
	return findProject(process.cwd(), process.env);
}

/** Where a project keeps the public key of that name. */
export function publicKeyPath(project: string, name: string): string {
	return join(project, FOLDER, name + ENDING);
}

/** All of them; outside of a project there are none. Files that hold no key are left out: whoever names one is told. */
export async function projectPublicKeys(project = currentProject()): Promise<ProjectKey[]> {
	if (project === undefined) return [];
	let files: string[];
	try {
		files = await readdir(join(project, FOLDER));
	} catch (error) {
		if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return [];
		throw error;
	}
	const names = files.flatMap((file) => (file.endsWith(ENDING) ? [file.slice(0, -ENDING.length)] : [])).sort();
	const keys = await Promise.all(
		names.map(async (name): Promise<ProjectKey[]> => {
			const path = publicKeyPath(project, name);
			const key = parsePublicKey(await readFile(path, "latin1"));
			return typeof key === "string" ? [] : [{ ...key, name, path }];
		}),
	);
	return keys.flat();
}

/** The keys that signatures are checked with: those in the files, or where none is named the project's. */
export function trustedKeys(files: readonly string[]): Promise<PublicKey[]> {
	return files.length === 0 ? projectPublicKeys() : Promise.all(files.map(publicKeyFile));
}

/** The public key in a file. @throws UserError where there is none */
async function publicKeyFile(path: string): Promise<PublicKey> {
	let text: string;
	try {
		text = await readFile(path, "latin1");
	} catch (error) {
		if (errorCode(error) === undefined) throw error;
		throw new UserError("cannot be read", { where: path, remedy: "give the file of a public key", cause: error });
	}
	const key = parsePublicKey(text);
	if (typeof key === "string") throw new UserError(key, { where: path, remedy: "give the file of a public key" });
	return key;
}

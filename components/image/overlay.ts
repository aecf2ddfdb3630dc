// SPDX-License-Identifier: Apache-2.0
// An overlay: a folder whose files are laid over a guest's root filesystem. Only what git keeps of a file counts: its contents,
// whether it is executable, and where a link points; so every clone gives the same image, whatever its umask.
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { sha256, sha256File } from "../util/digest.ts";
import { errorCode, UserError } from "../util/errors.ts";
import { addFile, addFolder, addLink, type FileTree } from "./file-tree.ts";

const FILE = "100644";
const EXECUTABLE = "100755";
const LINK = "120777";
const FOLDER = "040755";

/**
 * What an overlay holds: path in the guest → `mode:digest`, the digest that of a file's contents or of a link's target. Folders are
 * listed when they are empty.
 *
 * @throws UserError for what cannot be in an image: devices, sockets, pipes, names that are not UTF-8
 */
export async function overlayDigests(folder: string): Promise<Record<string, string>> {
	const found: [string, string][] = [];
	const visit = async (path: string): Promise<void> => {
		const names = await read(() => readdir(join(folder, path)), join(folder, path));
		if (names.length === 0 && path !== "") found.push([path, `${FOLDER}:${sha256("")}`]);
		// One after the other: many open files at once gain nothing on two cores.
		for (const name of names) {
			const inner = path === "" ? name : `${path}/${name}`;
			const full = join(folder, inner);
			if (name.includes("\ufffd")) throw new UserError("a file name in the overlay is not UTF-8", { where: full });
			const status = await read(() => lstat(full), full);
			if (status.isDirectory()) await visit(inner);
			else if (status.isSymbolicLink()) found.push([inner, `${LINK}:${sha256(await readlink(full))}`]);
			else if (status.isFile()) {
				const mode = (status.mode & 0o111) === 0 ? FILE : EXECUTABLE;
				found.push([inner, `${mode}:${await read(() => sha256File(full), full)}`]);
			} else {
				throw new UserError("the overlay holds a device, socket or pipe, which an image cannot", {
					where: full,
					remedy: "remove it; devices appear in the guest by themselves",
				});
			}
		}
	};
	await visit("");
	return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/**
 * Lays an overlay over a tree.
 *
 * @throws UserError when a file is not what the inputs say: it was changed while the image was built
 */
export async function addOverlay(tree: FileTree, folder: string, digests: Record<string, string>): Promise<void> {
	for (const [path, wanted] of Object.entries(digests)) {
		const full = join(folder, path);
		const mode = wanted.slice(0, wanted.indexOf(":"));
		let contents: Uint8Array | string = "";
		if (mode === LINK) contents = await read(() => readlink(full), full);
		else if (mode !== FOLDER) contents = await read(() => readFile(full), full);
		if (`${mode}:${sha256(contents)}` !== wanted) {
			throw new UserError("this file changed while the image was built", { where: full, remedy: "run the same command again" });
		}
		if (mode === LINK) addLink(tree, path, String(contents));
		else if (mode === FOLDER) addFolder(tree, path);
		else addFile(tree, path, contents, mode === EXECUTABLE ? 0o755 : 0o644);
	}
}

async function read<T>(work: () => Promise<T>, where: string): Promise<T> {
	try {
		return await work();
	} catch (error) {
		const code = errorCode(error);
		if (code === "ENOENT") throw new UserError("no such file or folder", { where, cause: error });
		if (code === "EACCES")
			throw new UserError("cannot be read", { where, remedy: "give yourself the right to read it", cause: error });
		throw error;
	}
}

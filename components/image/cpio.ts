// SPDX-License-Identifier: Apache-2.0
// Writes a file tree as a cpio archive that Linux takes as its initial filesystem (format "newc",
// Documentation/driver-api/early-userspace/buffer-format.rst): the same bytes for the same tree, on every machine.
import { type FileTree, S_IFDIR, type TreeEntry } from "./file-tree.ts";

const BLOCK = 512;

/** The archive's bytes, entries sorted by path. */
export function* cpioChunks(tree: FileTree): Generator<Uint8Array> {
	let inode = 0;
	let total = 0;
	const paths = [...tree.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
	for (const path of paths) {
		const entry = tree.get(path);
		if (entry === undefined) continue;
		for (const chunk of [header(path, entry, ++inode), entry.data, padding(entry.data.length, 4)]) {
			if (chunk.length > 0) yield chunk;
			total += chunk.length;
		}
	}
	const trailer = header("TRAILER!!!", { mode: 0, uid: 0, gid: 0, mtime: 0, data: new Uint8Array(0) }, 0);
	yield trailer;
	const rest = padding(total + trailer.length, BLOCK);
	if (rest.length > 0) yield rest;
}

function header(path: string, entry: TreeEntry, inode: number): Uint8Array {
	const name = Buffer.from(`${path}\0`);
	const folder = (entry.mode & 0o170000) === S_IFDIR;
	const fields = [
		inode,
		entry.mode,
		entry.uid,
		entry.gid,
		folder ? 2 : 1,
		entry.mtime,
		entry.data.length,
		0, // device of the file
		0,
		entry.device?.major ?? 0,
		entry.device?.minor ?? 0,
		name.length,
		0, // no checksum
	];
	const head = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
	return Buffer.concat([head, name, padding(head.length + name.length, 4)]);
}

function padding(length: number, to: number): Uint8Array {
	return new Uint8Array((to - (length % to)) % to);
}

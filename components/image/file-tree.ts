// SPDX-License-Identifier: Apache-2.0
// A root filesystem in memory: paths with their modes, owners and contents, to which packages and overlays are added.
import { posix } from "node:path";
import type { ReadEntry } from "tar";

/** File types in a mode, stat(2). */
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFCHR = 0o020000;
const S_IFMT = 0o170000;

/** One file, folder, link or device. */
export interface TreeEntry {
	/** Type and permissions. */
	mode: number;
	uid: number;
	gid: number;
	/** Seconds since the epoch. */
	mtime: number;
	/** A file's contents or a link's target. */
	data: Uint8Array;
	/** A character device's numbers. */
	device?: { major: number; minor: number };
}

/** Paths without a leading slash → entries. */
export type FileTree = Map<string, TreeEntry>;

const nothing = new Uint8Array(0);

/** Adds a file; whatever had its path goes. */
export function addFile(tree: FileTree, path: string, contents: string | Uint8Array, permissions = 0o644): void {
	const data = typeof contents === "string" ? Buffer.from(contents) : contents;
	add(tree, path, { mode: S_IFREG | permissions, uid: 0, gid: 0, mtime: 0, data });
}

/** Adds a symbolic link. */
export function addLink(tree: FileTree, path: string, target: string): void {
	add(tree, path, { mode: S_IFLNK | 0o777, uid: 0, gid: 0, mtime: 0, data: Buffer.from(target) });
}

/** Adds a folder. */
export function addFolder(tree: FileTree, path: string, permissions = 0o755): void {
	add(tree, path, { mode: S_IFDIR | permissions, uid: 0, gid: 0, mtime: 0, data: nothing });
}

/** Adds a character device. */
export function addDevice(tree: FileTree, path: string, major: number, minor: number): void {
	add(tree, path, { mode: S_IFCHR | 0o600, uid: 0, gid: 0, mtime: 0, data: nothing, device: { major, minor } });
}

/**
 * Adds an entry. A path that goes through a symbolic link to a folder ends up in that folder, as it would on disk (`bin/x` in
 * `usr/bin/x` where `bin` is a link); missing folders are made.
 */
export function add(tree: FileTree, path: string, entry: TreeEntry): void {
	const clean = resolveFolders(tree, normal(path));
	if (clean === "") return;
	for (let parent = posix.dirname(clean); parent !== "."; parent = posix.dirname(parent)) {
		if (!tree.has(parent)) tree.set(parent, { mode: S_IFDIR | 0o755, uid: 0, gid: 0, mtime: 0, data: nothing });
	}
	const old = tree.get(clean);
	const isFolder = (mode: number) => (mode & S_IFMT) === S_IFDIR;
	// A package's folder does not replace a link to one: dpkg does the same.
	if (old !== undefined && (old.mode & S_IFMT) === S_IFLNK && isFolder(entry.mode)) return;
	if (old !== undefined && isFolder(old.mode) && !isFolder(entry.mode)) {
		for (const inside of [...tree.keys()].filter((candidate) => candidate.startsWith(`${clean}/`))) tree.delete(inside);
	}
	tree.set(clean, entry);
}

function resolveFolders(tree: FileTree, path: string, depth = 0): string {
	if (depth > 40) throw new Error(`too many symbolic links in ${path}`);
	const parts = path.split("/");
	for (let count = 1; count < parts.length; count++) {
		const head = parts.slice(0, count).join("/");
		const entry = tree.get(head);
		if (entry === undefined || (entry.mode & S_IFMT) !== S_IFLNK) continue;
		const target = Buffer.from(entry.data).toString();
		const base = target.startsWith("/") ? "" : posix.dirname(head);
		return resolveFolders(tree, normal(posix.join(base, target, ...parts.slice(count))), depth + 1);
	}
	return path;
}

function normal(path: string): string {
	return posix.normalize(`/${path}`).replace(/^\/+|\/+$/g, "");
}

/** Adds what `keep` accepts of a tar archive, in its order. */
export async function addTar(tree: FileTree, archive: AsyncIterable<Uint8Array>, keep: (path: string) => boolean): Promise<void> {
	for await (const { path, entry, hardLink } of tarEntries(archive, keep)) {
		if (hardLink === undefined) {
			add(tree, path, entry);
		} else {
			const original = tree.get(resolveFolders(tree, normal(hardLink)));
			if (original === undefined) throw new Error(`${path} is a hard link to ${hardLink}, which is not in the archive before it`);
			add(tree, path, original);
		}
	}
}

interface TarEntry {
	path: string;
	entry: TreeEntry;
	hardLink?: string;
}

/** The entries of a tar archive that `keep` accepts. */
export async function* tarEntries(archive: AsyncIterable<Uint8Array>, keep: (path: string) => boolean): AsyncGenerator<TarEntry> {
	// Loaded when an archive is read, so that a preview does without it.
	const { Parser } = await import("tar");
	const ready: TarEntry[] = [];
	let failure: Error | undefined;
	const parser = new Parser({
		strict: true,
		filter: (path) => keep(normal(path)),
		onReadEntry: (item: ReadEntry) => {
			const chunks: Buffer[] = [];
			item.on("data", (chunk: Buffer) => chunks.push(chunk));
			item.on("end", () => {
				const found = treeEntry(item, Buffer.concat(chunks));
				if (found !== undefined) ready.push(found);
			});
		},
	});
	parser.on("error", (error: Error) => {
		failure = error;
	});
	const take = function* () {
		if (failure !== undefined) throw failure;
		yield* ready.splice(0);
	};
	for await (const chunk of archive) {
		// The same bytes: a package of the kernel is 400 MB in all.
		parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
		yield* take();
	}
	parser.end();
	yield* take();
}

function treeEntry(item: ReadEntry, contents: Buffer): TarEntry | undefined {
	const path = normal(item.path);
	const common = {
		uid: item.uid ?? 0,
		gid: item.gid ?? 0,
		mtime: item.mtime === undefined ? 0 : Math.floor(item.mtime.getTime() / 1000),
		data: nothing,
	};
	const permissions = (item.mode ?? 0) & 0o7777;
	if (item.type === "Directory") return { path, entry: { ...common, mode: S_IFDIR | permissions } };
	if (item.type === "SymbolicLink")
		return { path, entry: { ...common, mode: S_IFLNK | 0o777, data: Buffer.from(item.linkpath ?? "") } };
	if (item.type === "Link") return { path, entry: { ...common, mode: S_IFREG | permissions }, hardLink: item.linkpath ?? "" };
	if (item.type === "File" || item.type === "OldFile" || item.type === "ContiguousFile")
		return { path, entry: { ...common, mode: S_IFREG | permissions, data: contents } };
	// Devices and pipes: devtmpfs makes what the guest has.
	return undefined;
}

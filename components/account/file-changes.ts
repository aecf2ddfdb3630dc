// SPDX-License-Identifier: Apache-2.0
// How the files of two root filesystems differ.
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { cpioEntries, type TreeEntry } from "../image/index.ts";

/** What became of one file. */
export interface FileChange {
	readonly path: string;
	readonly change: "added" | "removed" | "changed";
	/** What of it changed: contents, mode, owner, time, link, device. */
	readonly what?: readonly string[];
}

/** The files of an initial filesystem; undefined when the bytes are no such archive, packed by gzip or not. */
export function filesOf(bytes: Uint8Array): Map<string, TreeEntry> | undefined {
	try {
		return cpioEntries(bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes);
	} catch {
		return undefined;
	}
}

/** The same of a file on disk. */
export async function filesIn(path: string): Promise<Map<string, TreeEntry> | undefined> {
	return filesOf(await readFile(path));
}

/** What differs between two file systems, by path. */
export function fileChanges(old: ReadonlyMap<string, TreeEntry>, now: ReadonlyMap<string, TreeEntry>): FileChange[] {
	const changes: FileChange[] = [];
	for (const path of [...new Set([...old.keys(), ...now.keys()])].sort()) {
		const [before, after] = [old.get(path), now.get(path)];
		if (before === undefined) changes.push({ path, change: "added" });
		else if (after === undefined) changes.push({ path, change: "removed" });
		else {
			const what = differingParts(before, after);
			if (what.length > 0) changes.push({ path, change: "changed", what });
		}
	}
	return changes;
}

function differingParts(before: TreeEntry, after: TreeEntry): string[] {
	const isSame = {
		mode: before.mode === after.mode,
		owner: before.uid === after.uid && before.gid === after.gid,
		time: before.mtime === after.mtime,
		contents: Buffer.compare(before.data, after.data) === 0,
		device: before.device?.major === after.device?.major && before.device?.minor === after.device?.minor,
	};
	return Object.entries(isSame).flatMap(([part, same]) => (same ? [] : [part]));
}

// SPDX-License-Identifier: Apache-2.0
// Reads an initial filesystem: a cpio archive of format "newc" (Documentation/driver-api/early-userspace/buffer-format.rst).
import type { TreeEntry } from "./file-tree.ts";

const HEADER = 110;

/**
 * The entries of an archive by their paths; what comes later counts, as for Linux.
 *
 * @throws RangeError when it is no such archive, or ends in the middle
 */
export function cpioEntries(archive: Uint8Array): Map<string, TreeEntry> {
	const entries = new Map<string, TreeEntry>();
	const text = (from: number, to: number) => Buffer.from(archive.subarray(from, to)).toString("utf8");
	for (let at = 0; ; ) {
		// Zeros may stand between archives and after the last.
		while (archive[at] === 0) at++;
		if (at >= archive.length) return entries;
		const head = text(at, at + HEADER);
		if (!/^07070[12][0-9a-fA-F]{104}$/.test(head)) throw new RangeError(`no entry of a cpio archive at ${at}`);
		const field = (index: number) => Number.parseInt(head.slice(6 + index * 8, 14 + index * 8), 16);
		const [mode, uid, gid, mtime, size, major, minor, nameSize] = [1, 2, 3, 5, 6, 9, 10, 11].map(field) as [
			number,
			number,
			number,
			number,
			number,
			number,
			number,
			number,
		];
		const dataAt = aligned(at + HEADER + nameSize);
		const name = text(at + HEADER, at + HEADER + nameSize - 1);
		if (dataAt + size > archive.length) throw new RangeError(`the cpio archive ends within ${JSON.stringify(name)}`);
		at = aligned(dataAt + size);
		if (name === "TRAILER!!!") continue;
		const data = archive.subarray(dataAt, dataAt + size);
		entries.set(name.replace(/^\.?\/+/, ""), {
			mode,
			uid,
			gid,
			mtime,
			data,
			...(major + minor > 0 ? { device: { major, minor } } : {}),
		});
	}
}

function aligned(offset: number): number {
	return Math.ceil(offset / 4) * 4;
}

// SPDX-License-Identifier: Apache-2.0
// Writes to places that the user names, which may be of no use.
import { errorCode, UserError } from "./errors.ts";

const REASONS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
	ENOENT: ["its folder is not there", "make that folder, or name another place"],
	EISDIR: ["is a folder", "name a file in it"],
	ENOTDIR: ["part of its path is a file", "name another place"],
	EEXIST: ["is a file, and no folder", "name another place"],
	EACCES: ["may not be written by you", "name another place"],
	EPERM: ["may not be written by you", "name another place"],
	EROFS: ["its file system takes no changes", "name another place"],
	ENOSPC: ["its disk is full", "make room there, or name another place"],
	EDQUOT: ["your share of its disk is used up", "make room there, or name another place"],
};

/** Writes to a place that the user named. @throws UserError when that cannot be written to */
export async function writingTo<T>(path: string, write: () => Promise<T>): Promise<T> {
	try {
		return await write();
	} catch (error) {
		const [what, remedy] = REASONS[errorCode(error) ?? ""] ?? [];
		if (what === undefined || remedy === undefined) throw error;
		throw new UserError(what, { where: path, remedy, cause: error });
	}
}

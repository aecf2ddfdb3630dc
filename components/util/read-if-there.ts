// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { errorCode } from "./errors.ts";

/** A file's text; undefined where there is no such file, nor a folder that it could be in. */
export async function readIfThere(path: string): Promise<string | undefined> {
	try {
		return await readFile(path, "utf8");
	} catch (error) {
		if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
		throw error;
	}
}

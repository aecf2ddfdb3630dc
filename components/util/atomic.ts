// SPDX-License-Identifier: Apache-2.0
// Files that are there whole or not at all, whatever is killed and whoever writes at the same time.
import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Writes a file so that a reader, or the next run after a kill, sees the old content or the new one and nothing between.
 * The folder must exist. `mode` holds from the first byte on (the umask is not applied), so a secret is never readable.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
	const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${randomBytes(6).toString("hex")}.tmp`);
	try {
		const file = await open(temporary, "wx", 0o600);
		try {
			await file.writeFile(data);
			await file.chmod(mode);
			await file.sync();
		} finally {
			await file.close();
		}
		await rename(temporary, path);
	} catch (error) {
		await rm(temporary, { force: true });
		throw error;
	}
}

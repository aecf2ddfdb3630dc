// SPDX-License-Identifier: Apache-2.0
// Folders for a file's tests.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folders: string[] = [];

/** A folder that is gone after the file's tests. */
export function temporaryFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "persona-test-file-"));
	folders.push(folder);
	return folder;
}

/** What the set-up of each file does after its tests: this module, like all, is loaded once for all files of a process. */
export function removeTemporaryFolders(): void {
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

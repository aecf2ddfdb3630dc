// SPDX-License-Identifier: Apache-2.0
// Before the system tests: everything the lock names is in the cache. A version the mirror has dropped is no fault of the commit under
// test, so such a run takes what the mirror has now, from a lock file of its own, and says so. And a folder for the test guests.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { relockForTests } from "../../components/image/index.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { GUESTS_FOLDER } from "../guests/built.ts";

let folder: string | undefined;

export async function setup(): Promise<void> {
	folder = mkdtempSync(join(tmpdir(), "persona-system-"));
	process.env[GUESTS_FOLDER] = join(folder, "guests");
	const path = await relockForTests(packageRoot(), folder, (message) => console.log(message));
	if (path !== undefined) process.env.PERSONA_LOCK = path;
}

export function teardown(): void {
	if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

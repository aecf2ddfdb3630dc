// SPDX-License-Identifier: Apache-2.0
// Test files that run one after another in the same process do not see what the one before has done to its environment, and find none of its folders.
import { afterAll } from "vitest";
import { removeTemporaryFolders } from "./temporary-folder.ts";

const before = { ...process.env };
const folder = process.cwd();

afterAll(() => {
	for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
	Object.assign(process.env, before);
	process.chdir(folder);
	removeTemporaryFolders();
});

// SPDX-License-Identifier: Apache-2.0
// The test guests, built once for all test files of a run: each file needs all of a board's, and they take some seconds to compile.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../components/util/paths.ts";

/** The variable that names the run's folder of them; the set-up of the system tests makes it, and removes it afterwards. */
export const GUESTS_FOLDER = "PERSONA_TEST_GUESTS";

/**
 * Builds a folder's guests unless this run has them; they are not to be changed.
 *
 * @param sources relative to the package
 * @returns the folder that has an image of each
 */
export function builtGuests(sources: "tests/guests" | "tests/guests/armv6"): string {
	const root = process.env[GUESTS_FOLDER];
	if (root === undefined) throw new Error(`${GUESTS_FOLDER} is not set: test guests are for tests of the project \`system\``);
	const folder = join(root, sources);
	mkdirSync(folder, { recursive: true });
	// One test file builds, and others wait for it.
	const make = ["make", "-s", "-C", join(packageRoot(), sources), `OUT=${folder}`];
	execFileSync("flock", [`${folder}.lock`, ...make], { stdio: ["ignore", "ignore", "inherit"] });
	return folder;
}

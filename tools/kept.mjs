// SPDX-License-Identifier: Apache-2.0
// What a run of the tests keeps for the next one, in the cache: what was compiled, and which C files clang-tidy has found clean. Nothing of it decides
// whether a test passes: what has changed is compiled and looked at again.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "./folders.mjs";

/** Compiled in whatever folder: our paths are relative, and the clone of one run is gone by the next. */
const CCACHE_SETTINGS = "max_size = 500M\nhash_dir = false\n";

/**
 * The variables that make our makefiles keep it, and find it again.
 * @param {import("./folders.mjs").Variables} variables
 * @returns {Record<string, string>}
 */
export function keptBetweenRuns(variables = process.env) {
	const folder = join(cacheDir(variables), "tests");
	const compiled = join(folder, "ccache");
	const tidy = join(folder, "tidy");
	for (const each of [compiled, tidy]) mkdirSync(each, { recursive: true });
	writeFileSync(join(compiled, "ccache.conf"), CCACHE_SETTINGS);
	return { CCACHE: "ccache", CCACHE_DIR: compiled, TIDY_SEEN: tidy };
}

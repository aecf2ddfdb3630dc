// SPDX-License-Identifier: Apache-2.0
// What a run of the tests keeps for the next one, in the cache: what was compiled, which C files clang-tidy has found clean, and what tsc knows of the
// types. Nothing of it decides whether a test passes: what has changed is compiled and looked at again.
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir } from "./folders.mjs";

/** Compiled in whatever folder: our paths are relative, and the clone of one run is gone by the next. */
const CCACHE_SETTINGS = "max_size = 500M\nhash_dir = false\n";

/** How long a mark that a file was found clean is kept: of most files there are newer ones by then. */
const MARK_MS = 90 * 24 * 3_600_000;

/** @param {import("./folders.mjs").Variables} variables */
function keptDir(variables) {
	return join(cacheDir(variables), "tests");
}

/**
 * The variables that make our makefiles keep it, and find it again.
 * @param {import("./folders.mjs").Variables} variables
 * @returns {Record<string, string>}
 */
export function keptBetweenRuns(variables = process.env) {
	const folder = keptDir(variables);
	const compiled = join(folder, "ccache");
	const tidy = join(folder, "tidy");
	for (const each of [compiled, tidy]) mkdirSync(each, { recursive: true });
	writeFileSync(join(compiled, "ccache.conf"), CCACHE_SETTINGS);
	for (const mark of readdirSync(tidy).map((name) => join(tidy, name))) {
		const made = statSync(mark, { throwIfNoEntry: false })?.mtimeMs ?? 0;
		if (made < Date.now() - MARK_MS) rmSync(mark, { force: true });
	}
	return { CCACHE: "ccache", CCACHE_DIR: compiled, TIDY_SEEN: tidy };
}

/** Where tsc keeps what it knows, in the package: the paths in it are relative, so that it holds in every clone. */
export const TYPES = join("build", "types.tsbuildinfo");
const keptTypes = () => join(keptDir(process.env), "types.tsbuildinfo");

/**
 * Puts what tsc knew after the last run where it looks for it.
 * @param {string} folder the package's
 */
export function bringTypes(folder) {
	const here = join(folder, TYPES);
	mkdirSync(dirname(here), { recursive: true });
	if (existsSync(keptTypes())) copyFileSync(keptTypes(), here);
}

/**
 * Keeps what tsc knows now. Another run may do the same at the same time.
 * @param {string} folder the package's
 */
export function keepTypes(folder) {
	const here = join(folder, TYPES);
	if (!existsSync(here)) return;
	const whole = `${keptTypes()}.${process.pid}`;
	copyFileSync(here, whole);
	renameSync(whole, keptTypes());
}

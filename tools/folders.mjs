// SPDX-License-Identifier: Apache-2.0
// The folders outside the project: what is cached, what is precious, and where a project's own share of the precious part is.
// Dependency-free JavaScript, because set-up needs it before anything is installed.
import { createHash } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";

/** @typedef {Readonly<Record<string, string | undefined>>} Variables */

/**
 * The nearest folder from `start` upwards that holds one of `names`.
 * @param {string} start
 * @param {readonly string[]} names
 * @returns {string | undefined}
 */
export function findUpwards(start, names) {
	for (let folder = resolve(start); ; folder = dirname(folder)) {
		if (names.some((name) => existsSync(join(folder, name)))) return folder;
		if (dirname(folder) === folder) return undefined;
	}
}

/**
 * The user's project: the folder of the nearest Pulumi.yaml from `from` upwards, or undefined. `PERSONA_PROJECT` names it directly.
 * @param {string} from
 * @param {Variables} variables
 * @returns {string | undefined}
 */
export function findProject(from, variables) {
	const named = variables.PERSONA_PROJECT;
	if (named !== undefined && named !== "") return resolve(named);
	return findUpwards(from, ["Pulumi.yaml", "Pulumi.yml"]);
}

/**
 * An XDG base folder; the specification says that a relative value is to be ignored.
 * @param {string} variable
 * @param {string} fallback
 * @param {Variables} variables
 */
function xdg(variable, fallback, variables) {
	const value = variables[variable];
	if (value !== undefined && isAbsolute(value)) return value;
	return join(variables.HOME ?? homedir(), fallback);
}

/**
 * What can be downloaded or built again: `$XDG_CACHE_HOME/persona`. `PERSONA_CACHE_DIR` names it directly.
 * @param {Variables} variables
 * @returns {string}
 */
export function cacheDir(variables = process.env) {
	return variables.PERSONA_CACHE_DIR ?? join(xdg("XDG_CACHE_HOME", ".cache", variables), "persona");
}

/**
 * What is precious: Pulumi's state, passphrases, volumes, running handsets: `$XDG_STATE_HOME/persona`. `PERSONA_STATE_DIR` names it
 * directly.
 * @param {Variables} variables
 * @returns {string}
 */
export function stateDir(variables = process.env) {
	return variables.PERSONA_STATE_DIR ?? join(xdg("XDG_STATE_HOME", ".local/state", variables), "persona");
}

/**
 * What is the user's and no project's: private keys: `$XDG_DATA_HOME/persona`.
 * @param {Variables} variables
 * @returns {string}
 */
export function dataDir(variables = process.env) {
	return join(xdg("XDG_DATA_HOME", ".local/share", variables), "persona");
}

/**
 * The precious folder of one project: named after its folder, so that people recognise it, and the digest of its path, so that two
 * clones never share one.
 * @param {string} project
 * @param {Variables} variables
 * @returns {string}
 */
export function projectStateDir(project, variables = process.env) {
	const path = realpathSync(project);
	const name = basename(path)
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, "-")
		.replace(/^-|-$/g, "");
	const digest = createHash("sha256").update(path).digest("hex").slice(0, 12);
	return join(stateDir(variables), "projects", name === "" ? digest : `${name}-${digest}`);
}

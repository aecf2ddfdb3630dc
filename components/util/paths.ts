// SPDX-License-Identifier: Apache-2.0
// Where things are: the project, the package itself, and the folders outside both that hold what is cached and what is precious.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "./errors.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** The nearest folder from `start` upwards that holds one of `names`, or undefined. */
function findUpwards(start: string, names: readonly string[]): string | undefined {
	for (let folder = resolve(start); ; folder = dirname(folder)) {
		if (names.some((name) => existsSync(join(folder, name)))) return folder;
		if (dirname(folder) === folder) return undefined;
	}
}

/**
 * The user's project: the folder of the nearest Pulumi.yaml from `from` (default: the working folder) upwards.
 * `PERSONA_PROJECT` names it directly. Throws a UserError where there is none.
 */
export function projectRoot(from: string = process.cwd(), variables: Variables = process.env): string {
	const named = variables.PERSONA_PROJECT;
	if (named !== undefined && named !== "") return resolve(named);
	const found = findUpwards(from, ["Pulumi.yaml", "Pulumi.yml"]);
	if (found !== undefined) return found;
	throw new UserError(`no Pulumi project in ${resolve(from)} or above it`, {
		remedy: "go to the folder with Pulumi.yaml, or make a project with `persona init`",
	});
}

/** The folder of this package itself, the same whether it runs from its sources or compiled from `dist/`. */
export function packageRoot(): string {
	const found = findUpwards(dirname(fileURLToPath(import.meta.url)), ["package.json"]);
	if (found === undefined) throw new Error("package.json of pulumi-persona not found");
	return found;
}

/** An XDG base folder; the specification says that a relative value is to be ignored. */
function xdg(variable: string, fallback: string, variables: Variables): string {
	const value = variables[variable];
	if (value !== undefined && isAbsolute(value)) return value;
	return join(variables.HOME ?? homedir(), fallback);
}

/** What can be downloaded or built again: `$XDG_CACHE_HOME/persona`. `PERSONA_CACHE_DIR` names it directly. */
export function cacheDir(variables: Variables = process.env): string {
	return variables.PERSONA_CACHE_DIR ?? join(xdg("XDG_CACHE_HOME", ".cache", variables), "persona");
}

/** What is precious: Pulumi's state, passphrases, volumes, running handsets: `$XDG_STATE_HOME/persona`. `PERSONA_STATE_DIR` names it directly. */
export function stateDir(variables: Variables = process.env): string {
	return variables.PERSONA_STATE_DIR ?? join(xdg("XDG_STATE_HOME", ".local/state", variables), "persona");
}

/** One folder a handset: sockets, logs, process ids. */
export function runRoot(variables: Variables = process.env): string {
	return join(stateDir(variables), "run");
}

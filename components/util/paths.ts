// SPDX-License-Identifier: Apache-2.0
// Where things are: the project, the package itself, and the folders outside both that hold what is cached and what is precious.
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir, findProject, findUpwards, projectStateDir, stateDir, type Variables } from "../../tools/folders.mjs";
import { UserError } from "./errors.ts";

export { cacheDir, projectStateDir, stateDir, type Variables };

/**
 * The user's project: the folder of the nearest Pulumi.yaml from `from` (default: the working folder) upwards.
 * `PERSONA_PROJECT` names it directly. Throws a UserError where there is none.
 */
export function projectRoot(from: string = process.cwd(), variables: Variables = process.env): string {
	const found = findProject(from, variables);
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

/** One folder a handset: sockets, logs, process ids. */
export function runRoot(variables: Variables = process.env): string {
	return join(stateDir(variables), "run");
}

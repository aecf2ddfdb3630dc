// SPDX-License-Identifier: Apache-2.0
// `persona env`: what a shell needs so that plain `pulumi` works in this project.
import { engineEnvironment, prepareState, shellExports } from "../../util/engine-env.ts";
import { projectRoot } from "../../util/paths.ts";
import { print, printJson, type Terminal } from "../terminal.ts";

export function env(terminal: Terminal, options: { readonly json: boolean }): void {
	const project = projectRoot();
	prepareState(project);
	const { variables } = engineEnvironment(project);
	if (options.json) printJson(terminal, variables);
	else print(terminal, shellExports(variables));
}

// SPDX-License-Identifier: Apache-2.0
// What plain `pulumi` needs in its environment, as `persona env` prints it; the answer itself is set-up's (tools/environment.mjs).
import { type EngineEnvironment, engineEnvironment, prepareState } from "../../tools/environment.mjs";
import { shellQuote } from "./process.ts";

export { type EngineEnvironment, engineEnvironment, prepareState };

/** The variables as lines a POSIX shell can `eval`. PATH keeps what the shell has and puts ours in front. */
export function shellExports(variables: Readonly<Record<string, string>>): string {
	return Object.entries(variables)
		.map(([name, value]) => `export ${name}=${shellQuote(value)}\n`)
		.join("");
}

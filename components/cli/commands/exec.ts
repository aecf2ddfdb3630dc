// SPDX-License-Identifier: Apache-2.0
// `persona exec PERSONA COMMAND…`: a command in a persona, as if it ran here.
import { runInPersona } from "../../handset/index.ts";
import { checkPersonaName, chooseHandset } from "../choose.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";

const SIGINT = 2;

export async function exec(
	terminal: Terminal,
	persona: string,
	command: readonly string[],
	options: { readonly handset?: string | undefined },
): Promise<ExitCode> {
	const handset = await chooseHandset(options.handset);
	checkPersonaName(handset, persona);
	const abort = new AbortController();
	let kill: ((signal: number) => void) | undefined;
	let interrupts = 0;
	const interrupted = () => {
		// The command may want to end in its own way; who asks twice does not want to wait for that.
		if (interrupts++ === 0 && kill !== undefined) kill(SIGINT);
		else abort.abort();
	};
	const terminated = () => abort.abort();
	process.on("SIGINT", interrupted);
	process.once("SIGTERM", terminated);
	try {
		return await runInPersona(handset.id, persona, command, {
			stdin: terminal.in,
			stdout: terminal.out,
			stderr: terminal.err,
			signal: abort.signal,
			started: (signal) => {
				kill = signal;
			},
		});
	} finally {
		process.off("SIGINT", interrupted);
		process.off("SIGTERM", terminated);
	}
}

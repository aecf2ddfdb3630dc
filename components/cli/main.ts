// SPDX-License-Identifier: Apache-2.0
// Runs the `persona` command as a process: faults become messages and an exit status.
import { CommanderError } from "commander";
import { isAbort, renderError, UserError } from "../util/errors.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { makeProgram } from "./program.ts";
import { Interrupted } from "./progress.ts";
import { processTerminal, styled, type Terminal } from "./terminal.ts";

/** Runs the command with these arguments, and gives its exit status. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
	let code: ExitCode = EXIT.ok;
	try {
		const program = makeProgram(terminal, (result) => {
			code = result;
		});
		await program.parseAsync(args, { from: "user" });
		return code;
	} catch (error) {
		if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
		if (error instanceof Interrupted || isAbort(error)) return EXIT.interrupted;
		if (error instanceof UserError) {
			terminal.err.write(`${styled(terminal, "red", "persona:")} ${error.render()}\n`);
			return EXIT.failed;
		}
		terminal.err.write(`persona: this is a fault of the program itself, please report it:\n${renderError(error)}\n`);
		return EXIT.bug;
	}
}

/** The process: `persona …`. */
export async function main(): Promise<void> {
	// A reader that has seen enough (`persona logs | head`) is no fault.
	process.stdout.on("error", (error: NodeJS.ErrnoException) => {
		if (error.code === "EPIPE") process.exit(EXIT.ok);
		throw error;
	});
	process.exitCode = await runCommand(process.argv.slice(2), processTerminal());
}

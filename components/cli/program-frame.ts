// SPDX-License-Identifier: Apache-2.0
// What every command has: the options of the whole, which may stand before or behind its name, and where it writes.
import { type Command, Option } from "commander";
import type { ExitCode } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

interface Global {
	readonly handset?: string;
	readonly json?: boolean;
	readonly text?: boolean;
}

/** What commands are declared with. */
export interface Frame {
	readonly terminal: Terminal;
	/** Takes the exit status of what was run. */
	done(code: ExitCode): void;
	/** Adds a command; `examples`: a line each. */
	command(name: string, description: string, examples: string): Command;
	/** The options of the whole. */
	global(sub: Command): { handset: string | undefined; json: boolean; text: boolean };
	/** Those of a command that prints figures, which are JSON where no person reads them. */
	figures(sub: Command): { handset: string | undefined; json: boolean };
}

/** The frame of a program's commands. */
export function frameOf(program: Command, terminal: Terminal, done: (code: ExitCode) => void): Frame {
	const command = (name: string, description: string, examples: string) =>
		program
			.command(name)
			.description(description)
			.addOption(new Option("--handset <id>").hideHelp())
			.addOption(new Option("--json").hideHelp())
			.addOption(new Option("--text").hideHelp())
			.addOption(new Option("--offline").hideHelp())
			.addHelpText(
				"after",
				`\nAlso: --handset <id>, --json, --text, --offline (see persona --help)\n\nExamples:\n${indent(examples)}`,
			);
	const global = (sub: Command) => {
		const all: Global = sub.optsWithGlobals();
		const own: Global = sub.opts();
		return { handset: own.handset ?? all.handset, json: all.json === true || own.json === true, text: all.text === true };
	};
	const figures = (sub: Command) => {
		const { handset, json, text } = global(sub);
		return { handset, json: json || (!terminal.interactive && !text) };
	};
	return { terminal, done, command, global, figures };
}

function indent(lines: string): string {
	return lines.replace(/^/gm, "  ");
}

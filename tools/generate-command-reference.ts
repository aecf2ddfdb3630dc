// SPDX-License-Identifier: Apache-2.0
// Generates docs/reference/commands.md from the help of the `persona` command itself.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { makeProgram } from "../components/cli/program.ts";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
export const commandReferencePath = path.join(root, "docs/reference/commands.md");

/** A command and all below it. */
function withChildren(command: Command): Command[] {
	return [command, ...command.commands.filter((child) => child.name() !== "help").flatMap(withChildren)];
}

function title(command: Command): string {
	return command.parent === null ? command.name() : `${title(command.parent)} ${command.name()}`;
}

/** What the command prints for `--help`, at a fixed width, so that the text does not depend on a terminal. */
function help(command: Command): string {
	let text = "";
	command.configureHelp({ helpWidth: 100 }).configureOutput({
		writeOut: (part) => {
			text += part;
		},
	});
	command.outputHelp();
	return text.trim();
}

/** The text of the reference. */
export function commandReference(): string {
	const out = new PassThrough();
	const program = makeProgram({ in: new PassThrough(), out, err: out, interactive: false, colours: false }, () => {});
	const parts = [
		"# The `persona` command: reference",
		"Generated from the command's own help by `tools/generate-command-reference.ts`.",
		...withChildren(program).flatMap((command) => [`## ${title(command)}`, `\`\`\`\n${help(command)}\n\`\`\``]),
	];
	return `${parts.join("\n\n")}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	mkdirSync(path.dirname(commandReferencePath), { recursive: true });
	writeFileSync(commandReferencePath, commandReference());
}

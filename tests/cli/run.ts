// SPDX-License-Identifier: Apache-2.0
// Runs the command as a user does, as a process, without a terminal or with one.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const COMMAND = fileURLToPath(new URL("../../bin/persona.mjs", import.meta.url));

export interface Ran {
	readonly status: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface How {
	readonly cwd?: string;
	readonly env?: NodeJS.ProcessEnv;
	readonly input?: string;
}

/** Runs `persona …` with pipes. */
export function persona(args: readonly string[], how: How = {}): Promise<Ran> {
	return finished(spawn(process.execPath, [COMMAND, ...args], { cwd: how.cwd, env: { ...process.env, ...how.env } }), how.input);
}

/** Runs `persona …` on a terminal of its own (script(1)); `talk` is called with all output so far and says what to type. */
export async function personaOnTerminal(
	args: readonly string[],
	talk: (output: string, type: (text: string) => void) => void,
): Promise<Ran> {
	const command = [process.execPath, COMMAND, ...args].map((word) => `'${word}'`).join(" ");
	const env = { ...process.env, TERM: "xterm", COLUMNS: "120", NO_COLOR: "", SHELL: "/bin/sh" };
	// ^C goes to the shell as well; without a trap some shells die of it and take the command's status with them.
	const child = spawn(
		"script",
		["-qec", `trap : INT; stty rows 40 cols 120; ${command}; code=$?; stty -a | tr ';' '\\n'; exit $code`, "/dev/null"],
		{ env },
	);
	let output = "";
	// What is typed after the command has ended is lost, as it would be at a terminal.
	child.stdin.on("error", () => {});
	child.stdout.on("data", (bytes: Buffer) => {
		output += bytes.toString();
		talk(output, (text) => child.stdin.write(text));
	});
	const { status, stderr } = await finished(child, undefined);
	return { status, stdout: output, stderr };
}

async function finished(child: ReturnType<typeof spawn>, input: string | undefined): Promise<Ran> {
	let [stdout, stderr] = ["", ""];
	child.stdout?.on("data", (bytes: Buffer) => {
		stdout += bytes.toString();
	});
	child.stderr?.on("data", (bytes: Buffer) => {
		stderr += bytes.toString();
	});
	if (input !== undefined) child.stdin?.end(input);
	const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
	return { status, stdout, stderr };
}

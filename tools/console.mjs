// SPDX-License-Identifier: Apache-2.0
// How set-up speaks and runs commands: one line a step, the details of a command only when it fails.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";

const started = Date.now();

/**
 * Says one line to a person, with the time it has taken so far once that is worth knowing.
 * @param {string} message
 */
export function say(message) {
	const seconds = Math.round((Date.now() - started) / 1000);
	process.stderr.write(`» ${message}${seconds >= 5 ? ` (${seconds} s)` : ""}\n`);
}

/** Something the user has to put right; shown without a stack. */
export class SetupError extends Error {}

/**
 * Ends the process: with a plain message for what the user can put right, with a stack for everything else.
 * @param {unknown} error
 * @returns {never}
 */
export function fail(error) {
	process.stderr.write(
		`${error instanceof SetupError ? `✗ ${error.message}` : error instanceof Error ? error.stack : String(error)}\n`,
	);
	process.exit(1);
}

/**
 * Runs a command; its output is shown only when it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void, timeout?: number }} options
 * @returns {Promise<string>} standard output
 */
export function run(command, args, options = {}) {
	return new Promise((settle, refuse) => {
		const child = spawn(command, args, {
			cwd: options.cwd,
			env: options.env ?? process.env,
			stdio: ["ignore", "pipe", "pipe"],
			...(options.timeout === undefined ? {} : { timeout: options.timeout, killSignal: "SIGKILL" }),
		});
		let out = "";
		let all = "";
		const rest = { stdout: "", stderr: "" };
		for (const name of /** @type {const} */ (["stdout", "stderr"])) {
			child[name].setEncoding("utf8").on("data", (/** @type {string} */ text) => {
				if (name === "stdout") out += text;
				all += text;
				const lines = (rest[name] + text).split("\n");
				rest[name] = lines.pop() ?? "";
				for (const line of lines) options.onLine?.(line);
			});
		}
		child.once("error", (error) => refuse(new SetupError(`${command} cannot be started: ${error.message}`)));
		child.once("close", (status, signal) => {
			if (status === 0) settle(out);
			else {
				const tail = all.trimEnd().split("\n").slice(-25).join("\n");
				refuse(new SetupError(`\`${[command, ...args].join(" ")}\` failed (${signal ?? `status ${status}`}):\n${tail}`));
			}
		});
	});
}

/**
 * Does something while no other process does it. The kernel gives the lock back when this process ends, however it ends.
 * @template T
 * @param {string} path a file made for the purpose
 * @param {string} what said when it has to wait
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function exclusively(path, what, action) {
	mkdirSync(dirname(path), { recursive: true });
	const file = openSync(path, "a", 0o600);
	try {
		// flock(1) locks the open file it is given; that stays locked for as long as this process keeps it open.
		const flock = (/** @type {string[]} */ flags) =>
			spawnSync("flock", [...flags, "3"], { stdio: ["ignore", "ignore", "inherit", file] });
		const first = flock(["-n"]);
		if (first.error !== undefined) throw new SetupError(`flock (package util-linux) cannot be started: ${first.error.message}`);
		if (first.status !== 0) {
			say(`waiting for another process that ${what}`);
			await new Promise((settle, refuse) => {
				const waiting = spawn("flock", ["3"], { stdio: ["ignore", "ignore", "inherit", file] });
				waiting.once("error", refuse);
				waiting.once("close", settle);
			});
		}
		return await action();
	} finally {
		closeSync(file);
	}
}

// SPDX-License-Identifier: Apache-2.0
// Starts processes that stay when we go: in a session of their own, with a small environment and a log.
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../util/errors.ts";
import { cacheDir } from "../util/paths.ts";
import { quoted } from "../util/process.ts";
import { identify, type ProcessIdentity } from "./processes.ts";

/** All that a long-lived process is told; passphrases and tokens of the caller are not its business. The last marks a test run's processes. */
const PASSED_ON = ["PATH", "HOME", "LANG", "TMPDIR", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "PERSONA_STATE_DIR", "PERSONA_TEST_RUN"];

export interface Launched {
	readonly identity: ProcessIdentity;
	/** Set once it has ended while we still watch. */
	readonly ended: () => string | undefined;
}

/** Starts a command in a session of its own; both its streams are appended to `logFile`. Throws when it cannot be started. */
export async function launch(command: string, args: readonly string[], cwd: string, logFile: string): Promise<Launched> {
	const log = openSync(logFile, "a", 0o600);
	const passed = PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
	// Where Node keeps modules compiled, so that the bridge starts in a fraction of the time.
	const env = { ...Object.fromEntries(passed), NODE_COMPILE_CACHE: join(cacheDir(), "compiled") };
	const child = spawn(command, args, { cwd, detached: true, env, stdio: ["ignore", log, log] });
	closeSync(log);
	let end: string | undefined;
	child.on("exit", (status, signal) => {
		end = signal === null ? `exit status ${status}` : `ended by ${signal}`;
	});
	await new Promise<void>((resolve, reject) => {
		child.once("spawn", resolve);
		child.once("error", (error) =>
			reject(
				new UserError(`${quoted(command, [])} cannot be started: ${error.message}`, {
					remedy: "`persona doctor` says what is missing",
				}),
			),
		);
	});
	child.unref();
	const identity = child.pid === undefined ? undefined : identify(child.pid);
	if (identity === undefined) throw new UserError(`${command} ended at once (${end ?? "no status"})`, { where: logFile });
	return { identity, ended: () => end };
}

/** How to run one of our own modules as a process: from the sources Node strips the types itself, compiled it is plain JavaScript. */
export function nodeModule(module: URL): { command: string; args: string[] } {
	const path = fileURLToPath(module);
	const quiet = extname(path) === ".ts" ? ["--disable-warning=ExperimentalWarning"] : [];
	return { command: process.execPath, args: [...quiet, path] };
}

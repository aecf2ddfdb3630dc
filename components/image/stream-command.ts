// SPDX-License-Identifier: Apache-2.0
// Runs a command for its output as bytes, in pieces, so that what it writes need not fit in memory.
import { spawn } from "node:child_process";
import { errorCode } from "../util/errors.ts";

/** The standard output of a command. Throws when it fails, and ends it when the reader stops or the signal aborts. */
export async function* streamCommand(command: string, args: readonly string[], signal?: AbortSignal): AsyncGenerator<Uint8Array> {
	signal?.throwIfAborted();
	// A group of its own: what the command starts holds its output open too, as dpkg-deb's decompressor does.
	const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
	let errors = "";
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		errors = (errors + text).slice(-4096);
	});
	const ended = new Promise<number | null>((settle, fail) => child.once("error", fail).once("close", settle));
	// Awaited below; a failure to start must not be an unhandled rejection before that.
	ended.catch(() => {});
	const abort = () => {
		if (child.pid !== undefined) endGroup(child.pid);
	};
	signal?.addEventListener("abort", abort, { once: true });
	let complete = false;
	try {
		yield* child.stdout as AsyncIterable<Uint8Array>;
		const status = await ended;
		complete = true;
		signal?.throwIfAborted();
		if (status !== 0) throw new Error(`${command} ${args.join(" ")}: exit status ${status}\n${errors.trimEnd()}`);
	} finally {
		signal?.removeEventListener("abort", abort);
		if (!complete) abort();
	}
}

function endGroup(pid: number): void {
	try {
		process.kill(-pid, "SIGKILL");
	} catch (error) {
		if (errorCode(error) !== "ESRCH") throw error;
	}
}

// SPDX-License-Identifier: Apache-2.0
// The one way to run a command: its output is streamed and kept, and an abort ends it with everything it started.
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { logFile } from "./log-file.ts";

export interface RunOptions {
	readonly cwd?: string;
	/** The whole environment of the command; default: this process's own. */
	readonly env?: NodeJS.ProcessEnv;
	/** Ends the command and all it started: SIGTERM, then SIGKILL after `killAfterMs`. */
	readonly signal?: AbortSignal | undefined;
	/** Milliseconds between SIGTERM and SIGKILL; default 2000. */
	readonly killAfterMs?: number;
	/** Written to standard input, which is then closed; default: no input. */
	readonly input?: string | Uint8Array;
	/** How its output becomes text; default: utf8. With latin1 a character is a byte, and none is lost. */
	readonly stdoutEncoding?: "utf8" | "latin1";
	/** Called for each line of either stream as it comes, without its end. */
	readonly onLine?: (line: string, stream: "stdout" | "stderr") => void;
	/** The command and both streams are appended here; default: to the log of the work it is run for, if that has one. */
	readonly logFile?: string;
}

export interface RunResult {
	readonly stdout: string;
	readonly stderr: string;
}

/** A command that could not be started, ended with a status other than zero, or was ended by a signal. */
export class ProcessError extends Error {
	readonly command: string;
	/** Exit status, or undefined when a signal ended it or it never started. */
	readonly status: number | undefined;
	readonly signal: NodeJS.Signals | undefined;
	readonly stdout: string;
	readonly stderr: string;

	constructor(
		command: string,
		outcome: { status?: number; signal?: NodeJS.Signals; stdout: string; stderr: string; cause?: Error; detail: string },
	) {
		const tail = lastLines(outcome.stderr.trim() === "" ? outcome.stdout : outcome.stderr, 12);
		super(
			`${command}: ${outcome.detail}${tail === "" ? "" : `\n${tail}`}`,
			outcome.cause === undefined ? {} : { cause: outcome.cause },
		);
		this.name = "ProcessError";
		this.command = command;
		this.status = outcome.status;
		this.signal = outcome.signal;
		this.stdout = outcome.stdout;
		this.stderr = outcome.stderr;
	}
}

function lastLines(text: string, count: number): string {
	return text.trimEnd().split("\n").slice(-count).join("\n");
}

/** A command as a shell would have it, for messages and logs. */
export function quoted(command: string, args: readonly string[]): string {
	return [command, ...args].map(shellQuote).join(" ");
}

/** One word for a POSIX shell. */
export function shellQuote(word: string): string {
	return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Cuts a stream of bytes into lines; bytes of one character may come in two pieces. */
class LineSplitter {
	private readonly decoder: StringDecoder;
	private rest = "";
	private readonly emit: (line: string) => void;

	constructor(emit: (line: string) => void, encoding: "utf8" | "latin1" = "utf8") {
		this.emit = emit;
		this.decoder = new StringDecoder(encoding);
	}

	push(chunk: Buffer): string {
		const text = this.decoder.write(chunk);
		const lines = (this.rest + text).split("\n");
		this.rest = lines.pop() ?? "";
		for (const line of lines) this.emit(line.endsWith("\r") ? line.slice(0, -1) : line);
		return text;
	}

	end(): string {
		const text = this.decoder.end();
		this.rest += text;
		if (this.rest !== "") this.emit(this.rest);
		this.rest = "";
		return text;
	}
}

/** Sends a signal to a process group; a group that is gone already is fine. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
	try {
		process.kill(-pid, signal);
	} catch (error) {
		if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
	}
}

/**
 * Runs a command in a process group of its own and gives its output. Throws a {@link ProcessError} with the output's last lines
 * when it fails, and the signal's reason when it is aborted (after the whole group has been ended).
 */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
	const { signal } = options;
	signal?.throwIfAborted();
	const shown = quoted(command, args);
	const path = options.logFile ?? logFile();
	const log = path === undefined ? undefined : createWriteStream(path, { flags: "a", mode: 0o600 });
	// A log that cannot be written must not end the work it is about.
	log?.on("error", () => {});
	log?.write(`$ ${shown}\n`);
	const child = spawn(command, args, {
		...(options.cwd === undefined ? {} : { cwd: options.cwd }),
		env: options.env ?? process.env,
		stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
		detached: true,
	});
	const out: string[] = [];
	const err: string[] = [];
	const splitters = {
		stdout: new LineSplitter((line) => options.onLine?.(line, "stdout"), options.stdoutEncoding),
		stderr: new LineSplitter((line) => options.onLine?.(line, "stderr")),
	};
	child.stdout?.on("data", (chunk: Buffer) => {
		log?.write(chunk);
		out.push(splitters.stdout.push(chunk));
	});
	child.stderr?.on("data", (chunk: Buffer) => {
		log?.write(chunk);
		err.push(splitters.stderr.push(chunk));
	});
	// A command that does not read its input must not make this process fail with EPIPE.
	child.stdin?.on("error", () => {});
	child.stdin?.end(options.input);

	let killTimer: NodeJS.Timeout | undefined;
	const abort = () => {
		const pid = child.pid;
		if (pid === undefined) return;
		signalGroup(pid, "SIGTERM");
		killTimer = setTimeout(() => signalGroup(pid, "SIGKILL"), options.killAfterMs ?? 2000);
	};
	signal?.addEventListener("abort", abort, { once: true });
	try {
		const end = await new Promise<{ status: number | null; signal: NodeJS.Signals | null } | { failed: Error }>((settle) => {
			child.once("error", (error) => settle({ failed: error }));
			child.once("close", (status, endedBy) => settle({ status, signal: endedBy }));
		});
		out.push(splitters.stdout.end());
		err.push(splitters.stderr.end());
		const streams = { stdout: out.join(""), stderr: err.join("") };
		signal?.throwIfAborted();
		if ("failed" in end)
			throw new ProcessError(shown, { ...streams, cause: end.failed, detail: `cannot be started: ${end.failed.message}` });
		if (end.signal !== null) throw new ProcessError(shown, { ...streams, signal: end.signal, detail: `ended by ${end.signal}` });
		if (end.status !== 0 && end.status !== null) {
			throw new ProcessError(shown, { ...streams, status: end.status, detail: `exit status ${end.status}` });
		}
		return streams;
	} finally {
		clearTimeout(killTimer);
		signal?.removeEventListener("abort", abort);
		if (signal?.aborted && child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
		log?.end();
	}
}

// SPDX-License-Identifier: Apache-2.0
// What diffoscope says of files that came out different, where it is installed: it knows what is in them.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findCommand } from "../../tools/needs.mjs";
import { printable } from "../util/printable.ts";
import { ProcessError, run } from "../util/process.ts";

/** Both contents of one file. */
export interface FilePair {
	readonly name: string;
	readonly first: Uint8Array;
	readonly second: Uint8Array;
}

/** A report is no longer: who looks for a cause needs the first. */
const MOST_LINES = 60;
/** A file that is larger takes longer than anybody waits. */
const LARGEST = 32 << 20;
const DEADLINE_MS = 300_000;
const BY_HAND = "run it yourself on what --keep keeps";

/** Lines for people, harmless to a terminal; none where it is not installed or there is nothing to ask it about. */
export async function diffoscope(pairs: readonly FilePair[], signal?: AbortSignal, deadlineMs = DEADLINE_MS): Promise<string[]> {
	const command = findCommand("diffoscope");
	if (command === undefined || pairs.length === 0) return [];
	const isLarge = ({ first, second }: FilePair) => Math.max(first.length, second.length) > LARGEST;
	const large = pairs
		.filter(isLarge)
		.map(({ name }) => `diffoscope was not asked about ${printable(name)}, which is large: ${BY_HAND}`);
	const folder = await mkdtemp(join(tmpdir(), "persona-diffoscope-"));
	const deadline = AbortSignal.timeout(deadlineMs);
	const lines: string[] = [];
	try {
		// One by one: of whole folders it names each folder on the way, and turns lines that went and came round.
		for (const { name, first, second } of pairs.filter((pair) => !isLarge(pair))) {
			const paths = [await write(folder, "first", name, first), await write(folder, "second", name, second)];
			lines.push(...(await report(command, paths, { folder, deadline, signal })));
			if (lines.length > MOST_LINES) break;
		}
	} catch (error) {
		signal?.throwIfAborted();
		if (!deadline.aborted) throw error;
		lines.push(`it had not ended after ${deadlineMs / 1000} s: ${BY_HAND}`);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
	const shown = lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), `and more: ${BY_HAND}`] : lines;
	return [...large, ...(shown.length === 0 ? [] : ["diffoscope:", ...shown])];
}

interface Place {
	readonly folder: string;
	readonly deadline: AbortSignal;
	readonly signal: AbortSignal | undefined;
}

/** What it says of two files. @throws the reason of the signal, and that of the deadline */
async function report(command: string, paths: readonly string[], { folder, deadline, signal }: Place): Promise<string[]> {
	const signals = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
	try {
		const env = { ...process.env, LC_ALL: "C.UTF-8" };
		const { stdout } = await run(command, ["--text", "-", "--no-progress", ...paths], { cwd: folder, env, signal: signals });
		return linesOf(stdout);
	} catch (error) {
		if (!(error instanceof ProcessError)) throw error;
		// It ends with 1 where there is a difference.
		if (error.status === 1 && error.stdout !== "") return linesOf(error.stdout);
		const words = error.stderr.trim().split("\n").at(-1) ?? "";
		return [`it failed (${error.signal ?? `exit status ${error.status}`})${words === "" ? "" : `: ${printable(words)}`}`];
	}
}

function linesOf(text: string): string[] {
	return printable(text)
		.split("\n")
		.filter((line) => line.trim() !== "");
}

/** Writes a file below a folder; its path from where that is. */
async function write(root: string, folder: string, name: string, bytes: Uint8Array): Promise<string> {
	const path = join(folder, ...name.split("/").filter((part) => !["", ".", ".."].includes(part)));
	await mkdir(dirname(join(root, path)), { recursive: true });
	await writeFile(join(root, path), bytes);
	return path;
}

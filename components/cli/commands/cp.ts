// SPDX-License-Identifier: Apache-2.0
// `persona cp FROM TO`: one file into a persona or out of it. What is written appears under its name when it is whole.
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, rename, rm, stat } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { AgentRefusal, readFromPersona, writeToPersona } from "../../handset/index.ts";
import { errorCode, UserError } from "../../util/errors.ts";
import { checkPersonaName, chooseHandset } from "../choose.ts";
import type { Terminal } from "../terminal.ts";

const STANDARD = "-";
const EISDIR = 21;
const DEFAULT_MODE = 0o644;

/** A side of the copy that is in a persona; undefined for a file of this machine, whose name has `/` before any `:`. */
function remote(word: string): { persona: string; path: string } | undefined {
	const match = /^([a-z][a-z0-9-]*):(.+)$/s.exec(word);
	return match?.[1] === undefined || match[2] === undefined ? undefined : { persona: match[1], path: match[2] };
}

export async function cp(
	terminal: Terminal,
	from: string,
	to: string,
	options: { readonly handset?: string | undefined },
): Promise<void> {
	const [source, target] = [remote(from), remote(to)];
	if ((source === undefined) === (target === undefined)) {
		throw new UserError("one of the two must be in a persona, the other here", {
			remedy: "write PERSONA:PATH for the one, for instance: persona cp note.txt work:/root/",
		});
	}
	const handset = await chooseHandset(options.handset);
	checkPersonaName(handset, (source ?? target)?.persona ?? "");
	const abort = new AbortController();
	const stop = () => abort.abort();
	process.once("SIGINT", stop);
	process.once("SIGTERM", stop);
	try {
		if (source !== undefined) await out(terminal, handset.id, source, to, abort.signal);
		else if (target !== undefined) await into(terminal, handset.id, from, target, abort.signal);
	} finally {
		process.off("SIGINT", stop);
		process.off("SIGTERM", stop);
	}
}

async function into(
	terminal: Terminal,
	id: string,
	from: string,
	{ persona, path }: { persona: string; path: string },
	signal: AbortSignal,
): Promise<void> {
	const mode = from === STANDARD ? DEFAULT_MODE : await modeOf(from);
	const named = path.endsWith("/") ? posix.join(path, basename(from)) : path;
	if (path.endsWith("/") && from === STANDARD) throw new UserError("standard input has no name", { remedy: "name the file too" });
	const copy = (target: string) =>
		writeToPersona(id, persona, target, mode, from === STANDARD ? terminal.in : createReadStream(from), signal);
	try {
		await copy(named);
	} catch (error) {
		if (!(error instanceof AgentRefusal) || error.errno !== EISDIR) throw error;
		throw new UserError(`${persona}:${path} is a folder`, { remedy: `end it with /: ${persona}:${path}/`, cause: error });
	}
}

async function modeOf(path: string): Promise<number> {
	try {
		const status = await stat(path);
		if (status.isFile()) return status.mode & 0o777;
	} catch (error) {
		throw new UserError(errorCode(error) === "ENOENT" ? "no such file" : `cannot be read (${errorCode(error)})`, {
			where: path,
			cause: error,
		});
	}
	throw new UserError("is no file", { where: path, remedy: "`tar -c FOLDER | persona exec PERSONA tar -x` copies a folder" });
}

async function out(
	terminal: Terminal,
	id: string,
	{ persona, path }: { persona: string; path: string },
	to: string,
	signal: AbortSignal,
): Promise<void> {
	if (to === STANDARD) {
		await readFromPersona(id, persona, path, async () => terminal.out, signal);
		return;
	}
	const target = (await isFolder(to)) ? join(to, posix.basename(path)) : to;
	const part = `${target}.part-${process.pid}`;
	let file: Writable | undefined;
	let mode = DEFAULT_MODE;
	try {
		await readFromPersona(
			id,
			persona,
			path,
			async (found) => {
				mode = found.mode;
				file = createWriteStream(part, { flags: "wx", mode: 0o600 });
				return file;
			},
			signal,
		);
		file?.end();
		if (file !== undefined) await finished(file);
		// Never more rights than a file made here would have.
		await chmod(part, mode & ~process.umask() & 0o777);
		await rename(part, target);
	} catch (error) {
		file?.destroy();
		await rm(part, { force: true });
		if (error instanceof AgentRefusal && error.errno === EISDIR) {
			throw new UserError(`${persona}:${path} is a folder`, {
				remedy: `persona exec ${persona} tar -C ${path} -c . | tar -x`,
				cause: error,
			});
		}
		if (errorCode(error) !== undefined && !(error instanceof UserError)) {
			throw new UserError(`cannot be written (${errorCode(error)})`, { where: target, cause: error });
		}
		throw error;
	}
}

async function isFolder(path: string): Promise<boolean> {
	try {
		return (await stat(path)).isDirectory();
	} catch {
		return false;
	}
}

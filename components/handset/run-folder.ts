// SPDX-License-Identifier: Apache-2.0
// Where a handset keeps what belongs to its running: one private folder each, and its sockets where their paths are short enough.
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { UserError } from "../util/errors.ts";
import { runRoot } from "../util/paths.ts";

/** `sun_path` holds 108 bytes with its NUL (unix(7)). */
const SOCKET_PATH_MAX = 107;
const LONGEST_SOCKET = "serial.sock";

/** Ids become folder names and parts of command lines. */
export function checkId(id: string): void {
	if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(id)) return;
	throw new UserError(`"${id.replace(/[^\x20-\x7e]/g, "?")}" is no handset id`, {
		remedy: "use 1 to 63 lower-case letters, digits and `-`, with a letter or digit at both ends",
	});
}

/** A handset's folder; it need not exist. Only its owner may look into it. */
export function handsetDir(id: string): string {
	checkId(id);
	return join(runRoot(), id);
}

/**
 * Where the sockets of a run folder go: into the folder itself when their paths fit, else into a short private folder that is
 * named after the run folder's digest.
 */
export function socketDir(folder: string, variables: Readonly<Record<string, string | undefined>> = process.env): string {
	const fits = (candidate: string) => Buffer.byteLength(join(candidate, LONGEST_SOCKET)) <= SOCKET_PATH_MAX;
	if (fits(folder)) return folder;
	const name = `persona-${process.getuid?.() ?? 0}-${createHash("sha256").update(folder).digest("hex").slice(0, 16)}`;
	const runtime = variables.XDG_RUNTIME_DIR;
	const found = [...(runtime !== undefined && isAbsolute(runtime) ? [runtime] : []), tmpdir(), "/tmp"]
		.map((parent) => join(parent, name))
		.find(fits);
	if (found !== undefined) return found;
	throw new UserError(`no place for sockets: every candidate's path is longer than ${SOCKET_PATH_MAX} bytes`, {
		remedy: "set XDG_RUNTIME_DIR to a folder with a short path",
	});
}

/** Makes a folder of mode 0700, or checks that the one that is there is ours alone; a link or somebody else's is refused. */
export function makePrivate(folder: string): void {
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const found = lstatSync(folder);
	if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0) return;
	throw new UserError("is not a folder that only you can open", {
		where: folder,
		remedy: "remove it, or `chmod 700` it if it is yours",
	});
}

/** The names in a socket folder. Relative names keep commas and long paths out of QEMU's option parser. */
export const SOCKET = {
	serial: LONGEST_SOCKET,
	qmp: "qmp.sock",
	control: "control.sock",
	screen: "vnc.sock",
	agent: (index: number) => `agent${index}.sock`,
	console: (index: number) => `console${index}.sock`,
} as const;

/** The names of locks, in the run root, so that they outlive the folder that an operation removes. */
export const LOCK = {
	operation: (id: string) => `.${id}.operation`,
	bridge: (id: string) => `.${id}.bridge`,
} as const;

/** The names in a run folder. */
export const FILE = {
	record: "handset.json",
	state: "state.json",
	pid: "qemu.pid",
	disk: "disk.img",
	flash: "flash.img",
	volumes: "volumes.json",
	accepted: "accepted.json",
	logs: "logs",
	qemuLog: "logs/qemu.log",
	bridgeLog: "logs/bridge.log",
	veilLog: "logs/veil.log",
	panicLog: "logs/panic.log",
	consoleLog: (persona: string) => `logs/console-${persona}.log`,
} as const;

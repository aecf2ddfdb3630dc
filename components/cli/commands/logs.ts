// SPDX-License-Identifier: Apache-2.0
// `persona logs`: what a persona's console, Veil, QEMU and the bridge have said.
import { open } from "node:fs/promises";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as delay } from "node:timers/promises";
import { HANDSET_FILES, type HandsetSummary, handsetDir, lastBytes, listHandsets } from "../../handset/index.ts";
import { errorCode, UserError } from "../../util/errors.ts";
import { printable } from "../../util/printable.ts";
import { checkPersonaName, chooseHandset } from "../choose.ts";
import type { Terminal } from "../terminal.ts";

/** Logs that are not a persona's console. */
export const OTHER_LOGS = ["veil", "panic", "qemu", "bridge"] as const;

export interface LogsOptions {
	readonly handset?: string | undefined;
	readonly follow: boolean;
	/** Lines from the end; all of them when undefined. */
	readonly lines: number | undefined;
	/** Bytes as they came, terminal escapes included. */
	readonly raw: boolean;
}

const FOLLOW_MS = 100;

export async function logs(terminal: Terminal, what: string | undefined, options: LogsOptions): Promise<void> {
	const handset = await chooseHandset(options.handset);
	const path = logPath(handset, what ?? "veil");
	const harmless = new Harmless();
	const show = (bytes: Buffer) => terminal.out.write(options.raw ? bytes : harmless.push(bytes));
	let shown = await lastBytes(path, Number.MAX_SAFE_INTEGER);
	show(tail(shown, options.lines));
	terminal.out.write(harmless.flush());
	for (let at = shown.length; options.follow; at += shown.length) {
		await delay(FOLLOW_MS);
		const next = await from(path, at);
		// A log that is shorter than what was read is a new one: it was rotated, or the handset was started again.
		if (next === undefined) at = 0;
		shown = next ?? (await from(path, 0)) ?? Buffer.alloc(0);
		if (shown.length > 0) show(shown);
		else {
			terminal.out.write(harmless.flush());
			if (!(await exists(handset))) return;
		}
	}
}

function logPath(handset: HandsetSummary, what: string): string {
	const file = {
		veil: HANDSET_FILES.veilLog,
		panic: HANDSET_FILES.panicLog,
		qemu: HANDSET_FILES.qemuLog,
		bridge: HANDSET_FILES.bridgeLog,
	}[what];
	const persona = handset.personas.includes(what);
	if (!persona && file === undefined) {
		if (handset.personas.length === 0) throw new UserError(`handset ${handset.id} has run nothing yet`);
		checkPersonaName({ ...handset, personas: [...handset.personas, ...OTHER_LOGS] }, what);
	}
	return join(handsetDir(handset.id), persona || file === undefined ? HANDSET_FILES.consoleLog(what) : file);
}

/** Decodes what comes in pieces, and neutralises what would drive a terminal. */
class Harmless {
	private readonly decoder = new StringDecoder("utf8");
	private rest = "";

	/** What can be shown of the text so far; the beginning of an escape sequence, or of a line's end, waits for the next piece. */
	push(bytes: Buffer): string {
		const text = this.rest + this.decoder.write(bytes);
		const begin = text.lastIndexOf("\x1b");
		const open = begin !== -1 && text.length - begin < 64 && !text.includes("\n", begin) ? begin : text.length;
		const cut = text.endsWith("\r") ? Math.min(open, text.length - 1) : open;
		this.rest = text.slice(cut);
		return printable(text.slice(0, cut));
	}

	/** What has waited, because nothing comes after it for now. */
	flush(): string {
		const text = this.rest;
		this.rest = "";
		return printable(text);
	}
}

function tail(bytes: Buffer, lines: number | undefined): Buffer {
	if (lines === undefined) return bytes;
	let at = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length;
	for (let count = 0; count < lines && at > 0; count++) at = bytes.lastIndexOf(0x0a, at - 1);
	return lines === 0 ? Buffer.alloc(0) : bytes.subarray(at <= 0 && bytes[0] !== 0x0a ? 0 : at + 1);
}

/** What a file holds from a place on; undefined when it is shorter than that. */
async function from(path: string, at: number): Promise<Buffer | undefined> {
	try {
		const file = await open(path);
		try {
			const { size } = await file.stat();
			if (size < at) return undefined;
			const { buffer, bytesRead } = await file.read(Buffer.alloc(size - at), 0, size - at, at);
			return buffer.subarray(0, bytesRead);
		} finally {
			await file.close();
		}
	} catch (error) {
		if (errorCode(error) === "ENOENT") return at === 0 ? Buffer.alloc(0) : undefined;
		throw error;
	}
}

async function exists({ id }: HandsetSummary): Promise<boolean> {
	return (await listHandsets()).some((handset) => handset.id === id);
}

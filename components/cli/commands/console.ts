// SPDX-License-Identifier: Apache-2.0
// `persona console PERSONA`: the persona's console as if one sat at it. Its bytes reach the terminal as they are: that is the point.
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { ReadStream } from "node:tty";
import { HANDSET_FILES, handsetDir, handsetEndpoints, lastLines } from "../../handset/index.ts";
import { UserError } from "../../util/errors.ts";
import { checkPersonaName, chooseHandset } from "../choose.ts";
import { styled, type Terminal } from "../terminal.ts";

/** Ctrl-]: as telnet and virsh have it, and hardly used by anything else. */
const DETACH = 0x1d;
const DETACH_NAME = "Ctrl-]";

/**
 * Undoes what a guest may have done to the terminal: style, character set, alternate screen, hidden cursor, mouse reports, bracketed
 * paste, key modes, scroll region.
 */
const RESTORE =
	"\x1b[0m\x1b(B\x0f\x1b[?1047l\x1b[?25h\x1b[?1000;1002;1003;1004;1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[?7h\x1b[4l\x1b7\x1b[r\x1b8\r\n";

export interface ConsoleOptions {
	readonly handset?: string | undefined;
	/** Seconds to go on showing output after the end of an input that is no terminal. */
	readonly linger: number;
}

export async function console(terminal: Terminal, persona: string, options: ConsoleOptions): Promise<void> {
	const handset = await chooseHandset(options.handset);
	checkPersonaName(handset, persona);
	const path = (await handsetEndpoints(handset.id)).consoles[persona];
	if (path === undefined) throw new UserError(`handset ${handset.id} does not serve the console of ${persona}`);
	const socket = connect(path);
	await new Promise<void>((resolve, reject) => {
		socket.once("connect", resolve);
		socket.once("error", reject);
	});
	const say = (text: string) => void terminal.err.write(`${styled(terminal, "dim", text)}\r\n`);
	const input = terminal.in as ReadStream;
	if (input.isTTY !== true) return piped(terminal, socket, options.linger);
	const before = await lastLines(join(handsetDir(handset.id), HANDSET_FILES.consoleLog(persona)), 10, "");
	if (before !== "") terminal.out.write(`${before}\n`);
	const why = await attached(terminal, socket, input, () =>
		say(`attached to ${persona} of ${handset.id}; ${DETACH_NAME} detaches`),
	);
	say(
		why === "detached" ? `detached from ${persona}, which goes on` : `the console of ${persona} has closed: the handset has ended`,
	);
	if (why === "closed") throw new UserError(`handset ${handset.id} has ended`);
}

/** Both ways, byte by byte, until the user detaches or the handset ends. The terminal is as before when this comes back. */
async function attached(terminal: Terminal, socket: Socket, input: ReadStream, begin: () => void): Promise<"detached" | "closed"> {
	const wasRaw = input.isRaw;
	const restore = () => {
		input.setRawMode(wasRaw);
		if (terminal.interactive) terminal.out.write(RESTORE);
	};
	const die = (signal: NodeJS.Signals) => {
		restore();
		process.exit(signal === "SIGHUP" ? 129 : 143);
	};
	process.on("exit", restore);
	process.once("SIGTERM", die);
	process.once("SIGHUP", die);
	try {
		input.setRawMode(true);
		// Said only now: whoever reads it may type ^C, which is the persona's from here on.
		begin();
		return await new Promise<"detached" | "closed">((resolve) => {
			socket.on("data", (bytes) => terminal.out.write(bytes));
			socket.on("error", () => socket.destroy());
			socket.on("close", () => resolve("closed"));
			// It may have broken while the last lines were read.
			if (socket.destroyed) resolve("closed");
			input.on("data", (bytes: Buffer) => {
				const at = bytes.indexOf(DETACH);
				socket.write(at === -1 ? bytes : bytes.subarray(0, at));
				if (at !== -1) resolve("detached");
			});
			input.on("end", () => resolve("detached"));
		});
	} finally {
		input.removeAllListeners("data");
		input.pause();
		socket.destroy();
		restore();
		process.off("exit", restore);
		process.off("SIGTERM", die);
		process.off("SIGHUP", die);
	}
}

/** Without a terminal: all of the input goes in, and output is shown until the input has ended and `linger` seconds more. */
async function piped(terminal: Terminal, socket: Socket, linger: number): Promise<void> {
	try {
		await new Promise<void>((resolve, reject) => {
			socket.on("data", (bytes) => terminal.out.write(bytes));
			socket.on("error", () => socket.destroy());
			socket.on("close", () => reject(new UserError("the console has closed: the handset has ended")));
			terminal.in.on("data", (bytes: Buffer) => socket.write(bytes));
			terminal.in.on("end", () => setTimeout(resolve, linger * 1000));
		});
	} finally {
		socket.removeAllListeners("close");
		socket.destroy();
	}
}

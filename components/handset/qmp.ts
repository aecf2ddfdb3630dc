// SPDX-License-Identifier: Apache-2.0
// QEMU's machine protocol, as little of it as is needed: let the machine go, end it, and have it write pictures.
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";

/** What QEMU answers; see docs/interop/qmp-spec in QEMU's sources. */
interface QmpMessage {
	readonly QMP?: unknown;
	readonly return?: unknown;
	readonly error?: { readonly class: string; readonly desc: string };
	readonly event?: string;
}

/** A command; paths in its arguments are QEMU's, so give absolute ones. */
export type QmpCommand =
	| { readonly execute: "cont" | "quit" | "query-status" }
	| { readonly execute: "screendump"; readonly arguments: { readonly filename: string; readonly format: "png" } }
	| {
			/** Writes host-physical memory of the handset into a file. */
			readonly execute: "pmemsave";
			readonly arguments: { readonly val: number; readonly size: number; readonly filename: string };
	  };

/**
 * Connects to QEMU's QMP socket, runs one command, and gives what it returned. Throws when QEMU refuses it, ends first, or does
 * not answer within `deadlineMs`.
 */
export async function qmp(socketPath: string, command: QmpCommand, deadlineMs: number): Promise<unknown> {
	const name = command.execute;
	const socket = connect(socketPath);
	const lines = createInterface({ input: socket });
	try {
		return await new Promise<unknown>((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`QEMU did not answer ${name} within ${deadlineMs} ms`)), deadlineMs);
			timer.unref();
			const send = (message: { readonly execute: string }) => socket.write(`${JSON.stringify(message)}\n`);
			let step: "greeting" | "capabilities" | "command" = "greeting";
			// readline passes the socket's errors on, and one that nobody hears would end the process.
			lines.on("error", reject);
			socket.once("error", reject);
			socket.once("close", () => {
				clearTimeout(timer);
				reject(new Error(`QEMU closed its QMP socket before answering ${name}`));
			});
			lines.on("line", (line) => {
				const message = parse(line);
				if (message === undefined) return reject(new Error("QEMU's QMP socket does not speak QMP"));
				if (message.event !== undefined) return;
				if (message.error !== undefined) reject(new Error(`QEMU refused ${name}: ${message.error.desc}`));
				else if (step === "greeting") {
					step = "capabilities";
					send({ execute: "qmp_capabilities" });
				} else if (step === "capabilities") {
					step = "command";
					send(command);
				} else {
					clearTimeout(timer);
					resolve(message.return);
				}
			});
		});
	} finally {
		lines.close();
		socket.destroy();
	}
}

/** Whether somebody listens on QEMU's socket: it is there a moment before. */
export async function listens(socketPath: string): Promise<boolean> {
	const socket = connect(socketPath);
	try {
		await once(socket, "connect");
		return true;
	} catch {
		return false;
	} finally {
		socket.destroy();
	}
}

function parse(line: string): QmpMessage | undefined {
	try {
		return JSON.parse(line) as QmpMessage;
	} catch {
		return undefined;
	}
}

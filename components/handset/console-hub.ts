// SPDX-License-Identifier: Apache-2.0
// One persona's console for any number of clients: all see its output, the input of all goes to it.
import type { Socket } from "node:net";
import { SocketServer } from "./socket-server.ts";

/** What a client may leave unread before it misses output. The log has everything. */
const UNREAD_MAX = 1 << 20;

/** Input waiting for Veil's credit above which clients are not read any more. */
const INPUT_MAX = 4096;

export class ConsoleHub {
	private readonly server: SocketServer;
	private readonly skipped = new Map<Socket, number>();
	private readonly queuedInput: () => number;

	/** `input` takes what clients type, `queuedInput` says how much of it waits. */
	constructor(path: string, input: (bytes: Buffer) => void, queuedInput: () => number) {
		this.queuedInput = queuedInput;
		this.server = new SocketServer(path, {
			data: (client, bytes) => {
				input(bytes);
				if (queuedInput() > INPUT_MAX) client.pause();
			},
			closed: (client) => this.skipped.delete(client),
		});
	}

	async listen(): Promise<void> {
		await this.server.listen();
	}

	/** Sends output to every client that keeps up, and tells one that did not how much it missed. */
	output(bytes: Buffer): void {
		for (const client of this.server.clients) {
			const missed = this.skipped.get(client) ?? 0;
			if (client.writableLength > (missed === 0 ? UNREAD_MAX : 0)) {
				this.skipped.set(client, missed + bytes.length);
				continue;
			}
			if (missed > 0) client.write(`\r\n[persona: ${missed} bytes skipped here; the log has them]\r\n`);
			this.skipped.delete(client);
			client.write(bytes);
		}
	}

	/** Reads clients again once their input has gone. */
	resume(): void {
		if (this.queuedInput() > INPUT_MAX) return;
		for (const client of this.server.clients) if (client.isPaused()) client.resume();
	}

	close(): void {
		this.server.close();
	}
}

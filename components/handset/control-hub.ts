// SPDX-License-Identifier: Apache-2.0
// The control channel for any number of clients: each uses request ids of its own, events go to all.
// On the socket, messages travel in the same frames as on the line, on the same channel, without hello and credits.
import type { Socket } from "node:net";
import { VEIL_EVENT_STATE, VEIL_MUX_CONTROL } from "../image/abi.ts";
import { type Answer, decodeAnswer, encodeRequest, withId } from "./control-messages.ts";
import { encodeFrame, FrameDecoder } from "./mux.ts";
import { RequestTable } from "./request-table.ts";
import { SocketServer } from "./socket-server.ts";

/** Requests one client may have open; one that has more does not wait for answers, and is sent away. */
const OPEN_MAX = 64;
const EXPIRE_MS = 30_000;
/** Answers and events a client may leave unread before it is sent away. */
const UNREAD_MAX = 1 << 20;

/** The result of a request that is not Veil's. */
export type OwnAnswer = (request: Answer) => number | undefined;

export class ControlHub {
	private readonly server: SocketServer;
	private readonly table = new RequestTable();
	private readonly decoders = new WeakMap<Socket, FrameDecoder>();
	private readonly send: (message: Buffer) => void;
	private readonly own: OwnAnswer;

	/** `send` puts a message on the line. `own` answers what the bridge itself does; undefined: it is Veil's to answer. */
	constructor(path: string, send: (message: Buffer) => void, own: OwnAnswer = () => undefined) {
		this.send = send;
		this.own = own;
		this.server = new SocketServer(path, {
			connected: (client) => this.decoders.set(client, new FrameDecoder()),
			data: (client, bytes) => this.fromClient(client, bytes),
			closed: (client) => this.table.drop(client),
		});
	}

	async listen(): Promise<void> {
		await this.server.listen();
	}

	/** A question of the bridge's own; no answer, no call. */
	ask(
		op: number,
		persona: number | undefined,
		argument: number,
		answered: (answer: Answer) => void,
		data: Uint8Array = new Uint8Array(0),
	): void {
		this.request(this, Buffer.concat([encodeRequest(op, persona, 0, argument), data]), (response) => {
			const answer = decodeAnswer(response);
			if (answer !== undefined) answered(answer);
		});
	}

	/** A message from Veil: an answer goes to who asked; an event goes to every client and comes back to the caller. */
	fromVeil(message: Buffer): Answer | undefined {
		const answer = decodeAnswer(message);
		if (answer === undefined) return undefined;
		if (answer.op < VEIL_EVENT_STATE) {
			this.table.deliver(answer.id, message);
			return undefined;
		}
		for (const client of this.server.clients) this.toClient(client, message);
		return answer;
	}

	/** Veil booted anew: nothing asked before will be answered. */
	forget(): void {
		this.table.clear();
	}

	expire(): void {
		this.table.expire(performance.now());
	}

	close(): void {
		this.server.close();
	}

	private fromClient(client: Socket, bytes: Buffer): void {
		const decoder = this.decoders.get(client) ?? new FrameDecoder();
		for (const item of decoder.push(bytes)) {
			const request = item.kind === "frame" && item.channel === VEIL_MUX_CONTROL ? decodeAnswer(item.payload) : undefined;
			if (item.kind === "raw" || request === undefined || this.table.count(client) >= OPEN_MAX) {
				client.destroy();
				return;
			}
			const result = this.own(request);
			if (result !== undefined) {
				this.toClient(client, encodeRequest(request.op, request.persona, request.id, result));
				continue;
			}
			this.request(client, item.payload, (response) => this.toClient(client, withId(response, request.id)));
		}
	}

	private request(owner: unknown, message: Buffer, deliver: (response: Buffer) => void): void {
		const id = this.table.add(owner, deliver, performance.now() + EXPIRE_MS);
		if (id !== undefined) this.send(withId(message, id));
	}

	private toClient(client: Socket, message: Buffer): void {
		if (client.writableLength > UNREAD_MAX) client.destroy();
		else client.write(encodeFrame(VEIL_MUX_CONTROL, message));
	}
}

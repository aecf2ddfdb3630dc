// SPDX-License-Identifier: Apache-2.0
// One persona's owner port for any number of clients: each connection to the socket is one session with the agent. The guest is
// hostile, so nothing it sends is kept beyond what a client has said it takes.
import { randomInt } from "node:crypto";
import type { Socket } from "node:net";
import { AGENT_MAGIC, AGENT_OP, type AgentMessage, encodeMessage, MessageDecoder, PAYLOAD_MAX, readU32 } from "./agent-messages.ts";
import { SocketServer } from "./socket-server.ts";

/** How often a hello is repeated, and after how many the agent is given up. */
const HELLO_MS = 1000;
const HELLOS = 10;
/** Bytes waiting for Veil's credit above which clients are not read any more. */
const QUEUE_MAX = 32768;

/** The line, as one owner port has it. */
export interface AgentLine {
	send(bytes: Buffer): void;
	/** Bytes that wait for credit. */
	queued(): number;
	/** Drops what waits. */
	drop(): void;
	/** Gives Veil no more credit for the port, or again. */
	hold(held: boolean): void;
}

interface Session {
	readonly client: Socket;
	/** Bytes of output the client has said it takes and the agent has not sent yet. */
	credit: number;
}

/** Ops that begin a session: what a client says first. */
const BEGINNINGS: readonly number[] = [AGENT_OP.run, AGENT_OP.put, AGENT_OP.get];

export class AgentHub {
	private readonly server: SocketServer;
	private readonly persona: string;
	private readonly line: AgentLine;
	private readonly decoders = new WeakMap<Socket, MessageDecoder>();
	private readonly sessions = new Map<number, Session>();
	/** Said before the agent was in step. */
	private readonly waiting = new Map<Socket, Buffer[]>();
	private fromAgent = new MessageDecoder(false);
	private hello = 0;
	private inStep = false;
	private tries = 0;
	private timer: NodeJS.Timeout | undefined;
	private lastSession = 0;

	constructor(path: string, persona: string, line: AgentLine) {
		this.persona = persona;
		this.line = line;
		this.server = new SocketServer(path, {
			connected: (client) => this.connected(client),
			data: (client, bytes) => this.data(client, bytes),
			closed: (client) => this.closed(client),
		});
	}

	async listen(): Promise<void> {
		await this.server.listen();
	}

	/** Bytes that came from the persona. */
	output(bytes: Buffer): void {
		const { messages, broken } = this.fromAgent.push(bytes);
		for (const message of messages) this.message(message);
		if (broken) this.outOfStep("its agent sent what is no message");
	}

	/** The persona has begun anew, or bytes of the line were lost: what was under way is over. */
	outOfStep(why: string): void {
		this.inStep = false;
		this.fromAgent = new MessageDecoder(false);
		this.line.drop();
		this.line.hold(this.server.clients.size === 0);
		for (const number of this.sessions.keys()) this.lose(number, why);
		if (this.waiting.size > 0) this.begin();
	}

	/** Reads clients again once what they said has gone. */
	resume(): void {
		if (!this.inStep || this.line.queued() > QUEUE_MAX) return;
		for (const client of this.server.clients) if (client.isPaused()) client.resume();
	}

	close(): void {
		clearInterval(this.timer);
		this.server.close();
	}

	private connected(client: Socket): void {
		this.decoders.set(client, new MessageDecoder(true));
		this.line.hold(false);
	}

	private data(client: Socket, bytes: Buffer): void {
		// It has been told how its session ended, and may not have read that yet: what it still says is for nobody, and to hang up on
		// it for that would lose it the answer.
		if (client.writableEnded) return;
		const waiting = this.waiting.get(client);
		if (waiting !== undefined) {
			waiting.push(bytes);
			client.pause();
		} else if (this.inStep) this.fromClient(client, bytes);
		else {
			this.waiting.set(client, [bytes]);
			client.pause();
			this.begin();
		}
	}

	/** Says hello until it is answered. */
	private begin(): void {
		if (this.timer !== undefined) return;
		this.tries = 0;
		const say = () => {
			if (this.tries++ < HELLOS) {
				this.hello = randomInt(1, 2 ** 32);
				this.line.drop();
				// An agent that still waits for the rest of a message whose bytes were lost takes the zeros for it, and then for none.
				if (this.tries > 1) this.line.send(Buffer.alloc(2 * PAYLOAD_MAX));
				this.line.send(encodeMessage(AGENT_OP.hello, this.hello, AGENT_MAGIC));
				return;
			}
			this.stopTrying();
			for (const client of this.waiting.keys()) this.tell(client, "its agent does not answer");
			this.waiting.clear();
		};
		this.timer = setInterval(say, HELLO_MS);
		say();
	}

	private stopTrying(): void {
		clearInterval(this.timer);
		this.timer = undefined;
	}

	private message({ op, session, payload }: AgentMessage): void {
		if (op === AGENT_OP.hello) {
			if (session === this.hello && this.timer !== undefined) this.answered();
			// An agent that has just begun knows nothing of what was before.
			else if (session === 0 && this.inStep) this.outOfStep("its agent has begun anew");
			return;
		}
		const found = this.inStep ? this.sessions.get(session) : undefined;
		if (found === undefined) return;
		if (op === AGENT_OP.output || op === AGENT_OP.errors) {
			found.credit -= payload.length;
			if (found.credit < 0) {
				this.lose(session, "its agent sent more than it may");
				return;
			}
		}
		found.client.write(encodeMessage(op, 0, payload));
		if (op === AGENT_OP.exit || op === AGENT_OP.failed) {
			this.sessions.delete(session);
			found.client.end();
		}
	}

	private answered(): void {
		this.stopTrying();
		this.inStep = true;
		const waiting = [...this.waiting];
		this.waiting.clear();
		for (const [client, said] of waiting) {
			for (const bytes of said) this.fromClient(client, bytes);
		}
		this.resume();
	}

	private fromClient(client: Socket, bytes: Buffer): void {
		const { messages, broken } = this.decoders.get(client)?.push(bytes) ?? { messages: [], broken: true };
		for (const message of messages) {
			const number = this.numberOf(client) ?? (BEGINNINGS.includes(message.op) ? this.newSession(client) : undefined);
			const session = number === undefined ? undefined : this.sessions.get(number);
			if (number === undefined || session === undefined) return void client.destroy();
			if (message.op === AGENT_OP.credit) session.credit += readU32(message.payload);
			this.line.send(encodeMessage(message.op, number, message.payload));
		}
		if (broken) client.destroy();
		if (this.line.queued() > QUEUE_MAX) client.pause();
	}

	private numberOf(client: Socket): number | undefined {
		for (const [number, session] of this.sessions) if (session.client === client) return number;
		return undefined;
	}

	private newSession(client: Socket): number {
		do this.lastSession = (this.lastSession % 0xffffffff) + 1;
		while (this.sessions.has(this.lastSession));
		this.sessions.set(this.lastSession, { client, credit: 0 });
		return this.lastSession;
	}

	/** A client has gone: what it began ends. */
	private closed(client: Socket): void {
		this.waiting.delete(client);
		const number = this.numberOf(client);
		if (number !== undefined) {
			this.sessions.delete(number);
			if (this.inStep) this.line.send(encodeMessage(AGENT_OP.end, number));
		}
		// Without a client nobody reads what a guest may send for ever.
		if (this.server.clients.size === 0) this.line.hold(true);
	}

	private lose(number: number, why: string): void {
		const client = this.sessions.get(number)?.client;
		this.sessions.delete(number);
		if (client !== undefined) this.tell(client, why);
		if (this.inStep) this.line.send(encodeMessage(AGENT_OP.end, number));
	}

	private tell(client: Socket, why: string): void {
		client.end(encodeMessage(AGENT_OP.lost, 0, Buffer.from(`persona ${this.persona}: ${why}`)));
	}
}

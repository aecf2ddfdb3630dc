// SPDX-License-Identifier: Apache-2.0
// A client of a persona's agent: runs a command there, writes a file, reads one. Each takes a connection of its own to the bridge.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { getSystemErrorMessage } from "node:util";
import { UserError } from "../util/errors.ts";
import { printableLine } from "../util/printable.ts";
import { AGENT_OP, type AgentMessage, encodeMessage, MessageDecoder, PAYLOAD_MAX, readU32, u32 } from "./agent-messages.ts";
import { handsetEndpoints } from "./observe.ts";

/** Output the agent may send ahead of what has been taken. */
const WINDOW = 65536;

/** What a command reads and writes. */
export interface CommandStreams {
	/** Undefined: it reads nothing. */
	readonly stdin?: Readable | undefined;
	readonly stdout: Writable;
	readonly stderr: Writable;
	/** An abort kills the command. */
	readonly signal?: AbortSignal | undefined;
	/** Called with a function that sends the command a signal, by its number on Linux. */
	readonly started?: (kill: (signal: number) => void) => void;
}

/** A file of a persona, as it begins to come. */
export interface RemoteFile {
	/** Permissions, nine bits. */
	readonly mode: number;
	/** Bytes. */
	readonly size: number;
}

class Conversation {
	private readonly socket: Socket;
	private readonly persona: string;
	private inputCredit = 0;
	private creditCame: (() => void) | undefined;
	private taken = 0;
	private ended: Error | undefined;

	constructor(socket: Socket, persona: string) {
		this.socket = socket;
		this.persona = persona;
	}

	say(op: number, payload?: Uint8Array): void {
		if (!this.socket.destroyed) this.socket.write(encodeMessage(op, 0, payload));
	}

	/** Sends bytes as the agent takes them; nothing more when it has ended. */
	async send(source: AsyncIterable<Uint8Array | string>): Promise<void> {
		for await (const chunk of source) {
			let rest = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
			while (rest.length > 0) {
				while (this.inputCredit === 0 && this.ended === undefined) {
					await new Promise<void>((resolve) => {
						this.creditCame = resolve;
					});
				}
				if (this.ended !== undefined) return;
				const size = Math.min(rest.length, this.inputCredit, PAYLOAD_MAX);
				this.inputCredit -= size;
				this.say(AGENT_OP.input, rest.subarray(0, size));
				if (this.socket.writableNeedDrain) await Promise.race([once(this.socket, "drain"), once(this.socket, "close")]);
				rest = rest.subarray(size);
			}
		}
		this.say(AGENT_OP.input);
	}

	/** Nothing more is wanted of the agent. */
	giveUp(): void {
		this.say(AGENT_OP.end);
		this.socket.end();
	}

	/** Bytes have been taken: as many more may come. */
	took(bytes: number): void {
		this.taken += bytes;
		if (this.taken < WINDOW / 2) return;
		this.say(AGENT_OP.credit, u32(this.taken));
		this.taken = 0;
	}

	/** What comes, until the bridge closes the connection or is gone. */
	private async *received(): AsyncGenerator<Buffer> {
		try {
			for await (const bytes of this.socket) yield bytes as Buffer;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === undefined) throw error;
		}
	}

	/** Hears the agent out, up to its last message. The status of a command; 0 for files. */
	async hear(take: (message: AgentMessage) => Promise<void>): Promise<number> {
		const decoder = new MessageDecoder(true);
		this.say(AGENT_OP.credit, u32(WINDOW));
		try {
			for await (const bytes of this.received()) {
				for (const message of decoder.push(bytes).messages) {
					if (message.op === AGENT_OP.exit) return readU32(message.payload);
					if (message.op === AGENT_OP.failed) throw refused(this.persona, readU32(message.payload));
					if (message.op === AGENT_OP.lost) throw new UserError(printableLine(message.payload), { remedy: "see `persona status`" });
					if (message.op === AGENT_OP.credit) {
						this.inputCredit += readU32(message.payload);
						this.creditCame?.();
					} else await take(message);
				}
			}
			throw new UserError(`persona ${this.persona}: the connection to its agent has ended`, { remedy: "see `persona status`" });
		} finally {
			this.ended = new Error("ended");
			this.creditCame?.();
			this.socket.destroy();
		}
	}
}

/** The error of Linux, as the guest's kernel gave it. */
export class AgentRefusal extends UserError {
	/** Number of the error on Linux. */
	readonly errno: number;

	constructor(message: string, errno: number, remedy?: string) {
		super(message, remedy === undefined ? {} : { remedy });
		this.errno = errno;
	}
}

const EAGAIN = 11;
const EACCES_OF_AGENT = 13;

function refused(persona: string, errno: number): AgentRefusal {
	const said = errno > 0 && errno < 134 ? getSystemErrorMessage(-errno) : undefined;
	if (errno === EAGAIN) return new AgentRefusal(`persona ${persona}: its agent has too much to do already`, errno, "try again");
	const remedy = errno === EACCES_OF_AGENT ? "the policy may have switched the owner's access off" : undefined;
	return new AgentRefusal(`persona ${persona}: ${said ?? `error ${errno}`}`, errno, remedy);
}

async function converse(id: string, persona: string, signal: AbortSignal | undefined): Promise<Conversation> {
	const path = (await handsetEndpoints(id)).agents[persona];
	if (path === undefined) throw new UserError(`handset ${id} has no persona ${persona}`);
	signal?.throwIfAborted();
	const socket = connect(path);
	await once(socket, "connect");
	socket.on("error", () => socket.destroy());
	signal?.addEventListener("abort", () => socket.destroy(), { once: true });
	return new Conversation(socket, persona);
}

function words(list: readonly string[]): Buffer {
	const bytes = Buffer.concat(list.flatMap((word) => [Buffer.from(word), Buffer.from([0])]));
	if (list.some((word) => word.includes("\0"))) throw new UserError("a word of a command cannot hold a NUL");
	if (bytes.length <= PAYLOAD_MAX && list.length <= 64) return bytes;
	throw new UserError(`the command is too long: at most 64 words of ${PAYLOAD_MAX} bytes together`, {
		remedy: "copy a script with `persona cp` and run that",
	});
}

async function put(stream: Writable, bytes: Buffer): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		stream.write(bytes, (error) => (error ? reject(error) : resolve()));
	});
}

/**
 * Runs a command in a persona, as root, and gives its exit status (128 + the signal that ended it). Throws a UserError when there is
 * no agent, or none that may; an abort kills the command and what it has started.
 */
export async function runInPersona(
	id: string,
	persona: string,
	command: readonly string[],
	{ stdin, stdout, stderr, signal, started }: CommandStreams,
): Promise<number> {
	const payload = words(command);
	const conversation = await converse(id, persona, signal);
	conversation.say(AGENT_OP.run, payload);
	started?.((number) => conversation.say(AGENT_OP.signal, u32(number)));
	const sending = stdin === undefined ? Promise.resolve(conversation.say(AGENT_OP.input)) : conversation.send(stdin);
	sending.catch(() => conversation.say(AGENT_OP.input));
	try {
		return await conversation.hear(async ({ op, payload: bytes }) => {
			if (op !== AGENT_OP.output && op !== AGENT_OP.errors) return;
			await put(op === AGENT_OP.output ? stdout : stderr, bytes);
			conversation.took(bytes.length);
		});
	} finally {
		stdin?.destroy();
		signal?.throwIfAborted();
	}
}

/** Writes a file into a persona. It appears under its name when it is whole. */
export async function writeToPersona(
	id: string,
	persona: string,
	path: string,
	mode: number,
	source: AsyncIterable<Uint8Array | string>,
	signal?: AbortSignal,
): Promise<void> {
	const payload = Buffer.concat([u32(mode & 0o777), words([path])]);
	const conversation = await converse(id, persona, signal);
	conversation.say(AGENT_OP.put, payload);
	// A source that fails must not leave a short file that looks whole.
	const sending = conversation.send(source).catch((error: unknown) => {
		conversation.giveUp();
		throw error;
	});
	try {
		await Promise.race([conversation.hear(async () => {}), sending.then(() => new Promise<never>(() => {}))]);
	} finally {
		signal?.throwIfAborted();
	}
}

/** Reads a file of a persona: `begin` is told of it first and gives where its bytes go. */
export async function readFromPersona(
	id: string,
	persona: string,
	path: string,
	begin: (file: RemoteFile) => Promise<Writable>,
	signal?: AbortSignal,
): Promise<void> {
	const payload = words([path]);
	const conversation = await converse(id, persona, signal);
	conversation.say(AGENT_OP.get, payload);
	let sink: Writable | undefined;
	try {
		await conversation.hear(async ({ op, payload: bytes }) => {
			if (op === AGENT_OP.file && bytes.length >= 12 && sink === undefined) {
				sink = await begin({ mode: readU32(bytes) & 0o777, size: Number(bytes.readBigUInt64LE(4)) });
			} else if (op === AGENT_OP.output && sink !== undefined) {
				await put(sink, bytes);
				conversation.took(bytes.length);
			}
		});
	} finally {
		signal?.throwIfAborted();
	}
}

// SPDX-License-Identifier: Apache-2.0
// The messages of the owner port, as docs/reference/agent.md has them: between bridge and agent, and on the bridge's own sockets.

/** What a message is. */
export const AGENT_OP = {
	hello: 1,
	run: 2,
	put: 3,
	get: 4,
	input: 5,
	signal: 6,
	end: 7,
	credit: 8,
	output: 16,
	errors: 17,
	file: 18,
	exit: 19,
	failed: 20,
	/** From the bridge to its client alone: why the session is lost, as text. */
	lost: 255,
} as const;

export const AGENT_MAGIC = Buffer.from("persona-agent/1\n", "latin1");
const HEAD_BYTES = 8;
export const PAYLOAD_MAX = 4096;

export interface AgentMessage {
	readonly op: number;
	/** The session, or a hello's number. */
	readonly session: number;
	readonly payload: Buffer;
}

/** A message as bytes; a longer payload is a bug of the caller. */
export function encodeMessage(op: number, session: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
	if (payload.length > PAYLOAD_MAX) throw new RangeError(`no message holds ${payload.length} bytes`);
	const bytes = Buffer.alloc(HEAD_BYTES + payload.length);
	bytes[0] = op;
	bytes.writeUInt16LE(payload.length, 2);
	bytes.writeUInt32LE(session >>> 0, 4);
	bytes.set(payload, HEAD_BYTES);
	return bytes;
}

/** A number as a payload. */
export function u32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value >>> 0);
	return bytes;
}

/** The number at the front of a payload; 0 when it is too short for one. */
export function readU32(payload: Buffer): number {
	return payload.length < 4 ? 0 : payload.readUInt32LE(0);
}

/** Cuts a stream into messages. Whatever is put in, it never throws and keeps less than one message. */
export class MessageDecoder {
	private pending: Buffer = Buffer.alloc(0);
	private inStep: boolean;

	/** `inStep`: the first byte begins a message; else a hello is looked for first. */
	constructor(inStep: boolean) {
		this.inStep = inStep;
	}

	/** Takes the next bytes. `broken`: they are no messages any more; a hello is looked for from there. */
	push(chunk: Uint8Array): { messages: AgentMessage[]; broken: boolean } {
		const messages: AgentMessage[] = [];
		let broken = false;
		this.pending = Buffer.concat([this.pending, chunk]);
		for (;;) {
			if (!this.inStep && !this.findHello()) break;
			if (this.pending.length < HEAD_BYTES) break;
			const length = this.pending.readUInt16LE(2);
			if (length > PAYLOAD_MAX) {
				broken = true;
				this.inStep = false;
				this.pending = this.pending.subarray(1);
				continue;
			}
			if (this.pending.length < HEAD_BYTES + length) break;
			const payload = Buffer.from(this.pending.subarray(HEAD_BYTES, HEAD_BYTES + length));
			messages.push({ op: this.pending[0] ?? 0, session: this.pending.readUInt32LE(4), payload });
			this.pending = this.pending.subarray(HEAD_BYTES + length);
		}
		this.pending = Buffer.from(this.pending);
		return { messages, broken };
	}

	/** Drops everything before the next hello; true when a whole one is there. */
	private findHello(): boolean {
		const size = HEAD_BYTES + AGENT_MAGIC.length;
		for (let at = 0; ; at++) {
			const magic = this.pending.indexOf(AGENT_MAGIC, at + HEAD_BYTES);
			if (magic === -1) {
				this.pending = this.pending.subarray(Math.max(0, this.pending.length - size + 1));
				return false;
			}
			at = magic - HEAD_BYTES;
			if (this.pending[at] !== AGENT_OP.hello || this.pending.readUInt16LE(at + 2) !== AGENT_MAGIC.length) continue;
			this.pending = this.pending.subarray(at);
			this.inStep = true;
			return true;
		}
	}
}

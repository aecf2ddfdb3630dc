// SPDX-License-Identifier: Apache-2.0
// The bridge's end of the line to Veil: hello, credits and queues. It does no input or output of its own.
import {
	VEIL_ABI_VERSION,
	VEIL_LINK_CREDIT,
	VEIL_LINK_HELLO,
	VEIL_MUX_AGENT,
	VEIL_MUX_CONTROL,
	VEIL_MUX_LINK,
	VEIL_MUX_MAX_PAYLOAD,
	type VeilLinkHello,
	veilLinkCredit,
	veilLinkHello,
} from "../image/abi.ts";
import { ReceiveCredit, SendCredit } from "./credits.ts";
import { encodeFrame, FrameDecoder, type MuxItem } from "./mux.ts";

/** Bytes granted ahead: 80 ms of a console at 200 kB/s; for control the answers to some 250 open requests, as Veil drops what has no credit. */
const WINDOW = { control: 65536, console: 16384 };

/** What the link tells its owner. */
export interface LinkEvents {
	/** Bytes for the line. */
	write(bytes: Buffer): void;
	/** A payload on channel 0 or on a console. */
	payload(channel: number, payload: Buffer): void;
	/** Bytes outside any frame: Veil's raw panic output. */
	raw(bytes: Buffer): void;
	/** Veil has said hello: at its boot, or in answer to ours. */
	hello(hello: VeilLinkHello): void;
}

interface Channel {
	readonly send: SendCredit;
	readonly receive: ReceiveCredit;
	/** Whole control messages, or pieces of console input; the first is next. */
	readonly queue: Buffer[];
	/** The first piece of the queue has been sent in part. */
	isCut: boolean;
	/** No credit is given any more: nobody would read what comes. */
	held: boolean;
}

/**
 * Rules that keep both ends' totals in step, whatever crosses on the line: sending a hello restarts what we send, receiving one
 * restarts what we receive and voids the grants we hold. Nothing but hellos is sent while one of ours is unanswered.
 */
export class MuxLink {
	private readonly decoder = new FrameDecoder();
	private readonly channels = new Map<number, Channel>();
	private readonly events: LinkEvents;
	private personas = 0;
	private up = false;
	/** No hello of ours is unanswered; while one is, totals of before and after it could be mixed up. */
	private settled = false;
	/** Veil has granted credit for questions since the last hello, so it has got ours. */
	private granted = false;

	constructor(events: LinkEvents) {
		this.events = events;
	}

	/** Both ends have got the other's hello. */
	get ready(): boolean {
		return this.settled && this.granted;
	}

	/** Frames from Veil that were dropped as garbage. */
	get garbage(): number {
		return this.decoder.garbage;
	}

	/** A frame has begun and not ended. */
	get midFrame(): boolean {
		return this.decoder.pendingBytes > 0;
	}

	/** Asks Veil for a hello: on a new line, until it is `ready`, and to set the credits right after lost bytes. */
	sayHello(): void {
		this.settled = false;
		this.writeHello(0);
	}

	/** Takes bytes that came from the line. */
	receive(chunk: Uint8Array): void {
		this.handle(this.decoder.push(chunk));
	}

	/** Gives up a frame that has begun and does not end. */
	flush(): void {
		this.handle(this.decoder.flush());
	}

	/** Queues one control message; it is sent whole. */
	sendControl(message: Buffer): void {
		this.enqueue(VEIL_MUX_CONTROL, message);
	}

	/** Queues input for a persona's console, `index` as in the manifest. */
	sendConsole(index: number, input: Buffer): void {
		this.enqueue(index + 1, input);
	}

	/** Queues bytes for a channel. */
	send(channel: number, bytes: Buffer): void {
		this.enqueue(channel, bytes);
	}

	/** Drops what waits on a channel, but for the rest of a piece whose beginning is on its way. */
	drop(channel: number): void {
		const { queue, isCut } = this.channel(channel);
		queue.length = Math.min(queue.length, isCut ? 1 : 0);
	}

	/** Gives Veil no more credit for a channel, or again. */
	hold(channel: number, held: boolean): void {
		this.channel(channel).held = held;
		if (this.settled) this.grantWhatIsDue();
	}

	/** Payload bytes waiting for credit on a channel. */
	queued(channel: number): number {
		return this.channels.get(channel)?.queue.reduce((sum, piece) => sum + piece.length, 0) ?? 0;
	}

	/** Drops what waits: it was meant for a Veil that is gone. */
	dropQueues(): void {
		for (const channel of this.channels.values()) {
			channel.queue.length = 0;
			channel.isCut = false;
		}
	}

	private channel(number: number): Channel {
		let channel = this.channels.get(number);
		if (channel === undefined) {
			const window = number === VEIL_MUX_CONTROL ? WINDOW.control : WINDOW.console;
			// An owner port is read when somebody wants it to be.
			channel = {
				send: new SendCredit(),
				receive: new ReceiveCredit(window),
				queue: [],
				isCut: false,
				held: number >= VEIL_MUX_AGENT,
			};
			this.channels.set(number, channel);
		}
		return channel;
	}

	private handle(items: readonly MuxItem[]): void {
		for (const item of items) {
			if (item.kind === "raw") this.events.raw(item.bytes);
			else if (item.channel === VEIL_MUX_LINK) this.linkMessage(item.payload);
			else if (this.up && this.has(item.channel)) {
				this.channel(item.channel).receive.take(item.payload.length);
				this.events.payload(item.channel, item.payload);
			}
		}
		if (this.settled) this.grantWhatIsDue();
	}

	private linkMessage(payload: Buffer): void {
		if (payload[0] === VEIL_LINK_HELLO && payload.length >= veilLinkHello.size) {
			const hello = veilLinkHello.read(payload);
			this.personas = hello.personas;
			this.up = true;
			this.settled = true;
			this.granted = false;
			for (const { send, receive } of this.channels.values()) {
				send.forgetGrants();
				receive.restart();
			}
			if (hello.reply === 0) this.writeHello(1);
			for (let number = 0; number <= this.personas; number++) this.channel(number);
			for (let index = 0; index < this.personas; index++) this.channel(VEIL_MUX_AGENT + index);
			// Before any question: Veil drops an answer that there is no credit for.
			this.grantWhatIsDue();
			this.events.hello(hello);
		} else if (payload[0] === VEIL_LINK_CREDIT && payload.length >= veilLinkCredit.size) {
			const credit = veilLinkCredit.read(payload);
			if (!this.settled || !this.has(credit.channel)) return;
			this.granted ||= credit.channel === VEIL_MUX_CONTROL;
			this.channel(credit.channel).send.grant(credit.granted);
			this.pump(credit.channel);
		}
	}

	/** Control, consoles and owner ports of the personas there are. */
	private has(channel: number): boolean {
		return channel <= this.personas || (channel >= VEIL_MUX_AGENT && channel < VEIL_MUX_AGENT + this.personas);
	}

	private writeHello(reply: 0 | 1): void {
		for (const { send } of this.channels.values()) send.restart();
		const hello = { op: VEIL_LINK_HELLO, abiVersion: VEIL_ABI_VERSION, personas: 0, reply, cpus: 0, bootEpoch: 0n };
		this.events.write(encodeFrame(VEIL_MUX_LINK, veilLinkHello.encode(hello)));
	}

	private grantWhatIsDue(): void {
		for (const [number, { receive, held }] of this.channels) {
			const granted = held ? undefined : receive.due();
			if (granted === undefined) continue;
			const credit = { op: VEIL_LINK_CREDIT, channel: number, reserved: 0, granted };
			this.events.write(encodeFrame(VEIL_MUX_LINK, veilLinkCredit.encode(credit)));
		}
	}

	private enqueue(number: number, bytes: Buffer): void {
		if (bytes.length === 0) return;
		this.channel(number).queue.push(bytes);
		this.pump(number);
	}

	/** Sends what waits on a channel as far as the credit goes. */
	private pump(number: number): void {
		const channel = this.channel(number);
		const { send, queue } = channel;
		for (let next = queue[0]; this.settled && next !== undefined; next = queue[0]) {
			const whole = number === VEIL_MUX_CONTROL;
			const size = whole ? next.length : Math.min(next.length, send.available, VEIL_MUX_MAX_PAYLOAD);
			if (size === 0 || size > send.available) return;
			send.use(size);
			this.events.write(encodeFrame(number, next.subarray(0, size)));
			channel.isCut = size < next.length;
			if (channel.isCut) queue[0] = next.subarray(size);
			else queue.shift();
		}
	}
}

// SPDX-License-Identifier: Apache-2.0
// Veil's end of the line: hellos, credits, and what can go wrong on it.
import { VEIL_LINK_CREDIT, VEIL_LINK_HELLO, VEIL_MUX_LINK, veilLinkCredit, veilLinkHello } from "../../../components/image/abi.ts";
import { FrameReaderSlow, frameSlow } from "./frames.ts";

const WINDOW = 512;

/** What the end of the line belongs to. */
export interface LineOwner {
	/** Channels that take credit: 0 to one less. */
	readonly channels: number;
	/** The payload of its hello. */
	hello(reply: number): Uint8Array;
	take(channel: number, payload: Buffer): void;
	/** Sends what credit allows, of which there is more now. */
	flush(): void;
}

export class FakeLine {
	/** It neither answers nor says anything. */
	dead = false;
	/** So many of the next hellos are lost on the way. */
	hellosToLose = 0;
	private readonly owner: LineOwner;
	private write: (bytes: Buffer) => void;
	private readonly reader = new FrameReaderSlow((channel, payload) => this.frame(channel, payload));
	private readonly sent = new Map<number, number>();
	private readonly granted = new Map<number, number>();
	private readonly received = new Map<number, number>();

	constructor(owner: LineOwner, write: (bytes: Buffer) => void) {
		this.owner = owner;
		this.write = write;
	}

	/** Frames that were not whole. */
	get garbage(): number {
		return this.reader.garbage;
	}

	receive(bytes: Uint8Array): void {
		if (!this.dead) this.reader.read(bytes);
	}

	/** Writes raw bytes into the stream, as a panic would. */
	spill(bytes: Buffer): void {
		this.write(bytes);
	}

	/** Bytes the other end takes of a channel. */
	room(channel: number): number {
		return ((this.granted.get(channel) ?? 0) - (this.sent.get(channel) ?? 0)) | 0;
	}

	send(channel: number, payload: Uint8Array): void {
		this.sent.set(channel, ((this.sent.get(channel) ?? 0) + payload.length) >>> 0);
		this.write(frameSlow(channel, payload));
	}

	hello(reply: number): void {
		this.write(frameSlow(VEIL_MUX_LINK, this.owner.hello(reply)));
	}

	/** Forgets what it was granted. */
	forget(): void {
		this.granted.clear();
	}

	/** Sends half a frame, and nothing more for a while, as from an emulator that gets no CPU. */
	stall(channel: number, payload: Uint8Array, ms: number): void {
		const { write } = this;
		const rest: Buffer[] = [];
		this.write = (bytes) => rest.push(bytes);
		this.send(channel, payload);
		const frame = Buffer.concat(rest.splice(0));
		write(frame.subarray(0, 6));
		rest.push(frame.subarray(6));
		setTimeout(() => {
			this.write = write;
			for (const bytes of rest) write(bytes);
		}, ms);
	}

	private frame(channel: number, payload: Buffer): void {
		if (channel === VEIL_MUX_LINK) {
			if (payload[0] === VEIL_LINK_HELLO) this.greeted(payload);
			else if (payload[0] === VEIL_LINK_CREDIT) this.credit(payload);
			return;
		}
		this.received.set(channel, (this.received.get(channel) ?? 0) + payload.length);
		this.owner.take(channel, payload);
		this.grant(channel);
	}

	private greeted(payload: Buffer): void {
		if (this.hellosToLose > 0) {
			this.hellosToLose--;
			return;
		}
		for (const totals of [this.sent, this.granted, this.received]) totals.clear();
		if (veilLinkHello.read(payload).reply === 0) this.hello(1);
		for (let channel = 0; channel < this.owner.channels; channel++) this.grant(channel);
	}

	private credit(payload: Buffer): void {
		const { channel, granted } = veilLinkCredit.read(payload);
		if (((granted - (this.granted.get(channel) ?? 0)) | 0) > 0) this.granted.set(channel, granted);
		this.owner.flush();
	}

	private grant(channel: number): void {
		const granted = ((this.received.get(channel) ?? 0) + WINDOW) >>> 0;
		this.write(frameSlow(VEIL_MUX_LINK, veilLinkCredit.encode({ op: VEIL_LINK_CREDIT, channel, reserved: 0, granted })));
	}
}

// SPDX-License-Identifier: Apache-2.0
// Frames on the one serial line of a board: how they are written, and how they are found again in a stream that may hold anything.
import { VEIL_MUX_MAX_PAYLOAD, VEIL_MUX_SYNC0, VEIL_MUX_SYNC1 } from "../image/abi.ts";

/** Bytes before the payload: two of sync, channel, length. */
const HEADER_BYTES = 5;
const CRC_BYTES = 2;

/** The longest frame in bytes. */
export const MAX_FRAME_BYTES = HEADER_BYTES + VEIL_MUX_MAX_PAYLOAD + CRC_BYTES;

const CRC_TABLE = Uint16Array.from({ length: 256 }, (_, index) => {
	let crc = index << 8;
	for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
	return crc & 0xffff;
});

/** CRC-16/XMODEM (polynomial 0x1021, initial value 0) of `bytes[from..to)`. */
export function crc16(bytes: Uint8Array, from = 0, to = bytes.length): number {
	let crc = 0;
	for (let at = from; at < to; at++) crc = ((crc << 8) ^ (CRC_TABLE[(crc >> 8) ^ (bytes[at] ?? 0)] ?? 0)) & 0xffff;
	return crc;
}

/** One frame. `channel` is 0..255, the payload 1..256 bytes; anything else is a bug of the caller. */
export function encodeFrame(channel: number, payload: Uint8Array): Buffer {
	if (!Number.isInteger(channel) || channel < 0 || channel > 255) throw new RangeError(`no such channel: ${channel}`);
	if (payload.length < 1 || payload.length > VEIL_MUX_MAX_PAYLOAD) throw new RangeError(`no frame holds ${payload.length} bytes`);
	const frame = Buffer.alloc(HEADER_BYTES + payload.length + CRC_BYTES);
	frame[0] = VEIL_MUX_SYNC0;
	frame[1] = VEIL_MUX_SYNC1;
	frame[2] = channel;
	frame.writeUInt16LE(payload.length, 3);
	frame.set(payload, HEADER_BYTES);
	frame.writeUInt16LE(crc16(frame, 2, HEADER_BYTES + payload.length), HEADER_BYTES + payload.length);
	return frame;
}

/** What a stream turns out to hold: frames, and bytes that belong to none. */
export type MuxItem =
	| { readonly kind: "frame"; readonly channel: number; readonly payload: Buffer }
	| { readonly kind: "raw"; readonly bytes: Buffer };

/**
 * Finds frames in a stream that comes in pieces of any size. Whatever is put in, it never throws and keeps less than one frame.
 * A bad length or CRC drops the two sync bytes and counts one garbage; the search goes on right behind them.
 */
export class FrameDecoder {
	/** Frames dropped for a bad length or CRC. */
	garbage = 0;
	private pending: Buffer = Buffer.alloc(0);

	/** Bytes of a frame that is not whole yet. */
	get pendingBytes(): number {
		return this.pending.length;
	}

	/** Takes the next bytes of the stream. */
	push(chunk: Uint8Array): MuxItem[] {
		const items: MuxItem[] = [];
		this.pending = this.scan(this.pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.pending, chunk]), items);
		return items;
	}

	/** Gives up the frame that is not whole: the line has been silent for too long, or has ended. */
	flush(): MuxItem[] {
		const items: MuxItem[] = [];
		while (this.pending.length > 0) {
			let rest = this.pending;
			if (rest[1] === VEIL_MUX_SYNC1) {
				this.garbage++;
				rest = rest.subarray(2);
			} else {
				addRaw(items, rest.subarray(0, 1));
				rest = rest.subarray(1);
			}
			this.pending = this.scan(rest, items);
		}
		return items;
	}

	/** Cuts `buffer` into items and gives back the beginning of a frame that it ends with, if any. */
	private scan(buffer: Buffer, items: MuxItem[]): Buffer {
		let at = 0;
		while (at < buffer.length) {
			const sync = findSync(buffer, at);
			addRaw(items, buffer.subarray(at, sync));
			at = sync;
			if (buffer.length - at < HEADER_BYTES) break;
			const length = buffer.readUInt16LE(at + 3);
			const crcAt = at + HEADER_BYTES + length;
			const lengthGood = length >= 1 && length <= VEIL_MUX_MAX_PAYLOAD;
			if (lengthGood && buffer.length < crcAt + CRC_BYTES) break;
			if (lengthGood && buffer.readUInt16LE(crcAt) === crc16(buffer, at + 2, crcAt)) {
				items.push({ kind: "frame", channel: buffer[at + 2] ?? 0, payload: buffer.subarray(at + HEADER_BYTES, crcAt) });
				at = crcAt + CRC_BYTES;
			} else {
				this.garbage++;
				at += 2;
			}
		}
		// Copied, so that a few bytes do not keep a large chunk alive.
		return Buffer.from(buffer.subarray(at));
	}
}

/** Where the next sync begins, at or after `from`: both bytes, or the first one as the last byte of the buffer. */
function findSync(buffer: Buffer, from: number): number {
	for (let at = from; ; at++) {
		at = buffer.indexOf(VEIL_MUX_SYNC0, at);
		if (at === -1) return buffer.length;
		if (at + 1 === buffer.length || buffer[at + 1] === VEIL_MUX_SYNC1) return at;
	}
}

function addRaw(items: MuxItem[], bytes: Buffer): void {
	if (bytes.length > 0) items.push({ kind: "raw", bytes });
}

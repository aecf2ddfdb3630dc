// SPDX-License-Identifier: Apache-2.0
// Frames survive whatever the line does to what is around them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc16, encodeFrame, FrameDecoder, type MuxItem } from "../../components/handset/mux.ts";
import { crcSlow, frameSlow } from "./fake/frames.ts";

const payload = fc.uint8Array({ minLength: 1, maxLength: 256 });
const channel = fc.integer({ min: 0, max: 255 });
const frame = fc.record({ channel, payload });
/** Bytes in which no sync can begin, also not at the seam to a frame. */
const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.filter((byte) => byte !== 0xb5));

function feed(decoder: FrameDecoder, bytes: Uint8Array, cuts: readonly number[]): MuxItem[] {
	const points = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
	return [...points, bytes.length].flatMap((to, index) => decoder.push(bytes.subarray(index === 0 ? 0 : points[index - 1], to)));
}

const frames = (items: readonly MuxItem[]) =>
	items.flatMap((item) => (item.kind === "frame" ? [{ channel: item.channel, payload: Uint8Array.from(item.payload) }] : []));
const raw = (items: readonly MuxItem[]) => Buffer.concat(items.flatMap((item) => (item.kind === "raw" ? [item.bytes] : [])));

describe("crc16", () => {
	it("gives XMODEM's check value", () => {
		expect(crc16(Buffer.from("123456789"))).toBe(0x31c3);
	});

	it("agrees with the definition, bit by bit", () => {
		fc.assert(fc.property(fc.uint8Array(), (bytes) => crc16(bytes) === crcSlow([...bytes])));
	});
});

describe("encodeFrame", () => {
	it("writes what the definition says", () => {
		fc.assert(fc.property(frame, ({ channel, payload }) => encodeFrame(channel, payload).equals(frameSlow(channel, payload))));
	});

	it("refuses what no frame can hold", () => {
		expect(() => encodeFrame(0, new Uint8Array())).toThrow(RangeError);
		expect(() => encodeFrame(0, new Uint8Array(257))).toThrow(RangeError);
		expect(() => encodeFrame(256, new Uint8Array(1))).toThrow(RangeError);
	});
});

describe("FrameDecoder", () => {
	it("gives back frames and what is between them, however the stream is cut", () => {
		fc.assert(
			fc.property(fc.array(fc.tuple(noise, frame)), fc.array(fc.nat()), (parts, cuts) => {
				const stream = Buffer.concat(parts.flatMap(([before, { channel, payload }]) => [before, encodeFrame(channel, payload)]));
				const decoder = new FrameDecoder();
				const items = feed(decoder, stream, cuts);
				expect(frames(items)).toEqual(parts.map(([, { channel, payload }]) => ({ channel, payload })));
				expect(raw(items)).toEqual(Buffer.concat(parts.map(([before]) => before)));
				expect(decoder.garbage).toBe(0);
				expect(decoder.pendingBytes).toBe(0);
			}),
		);
	});

	it("swallows any bytes at all without throwing, keeps less than a frame, and loses no byte but dropped syncs and frames", () => {
		fc.assert(
			fc.property(fc.array(fc.oneof(fc.uint8Array(), fc.constant(Uint8Array.of(0xb5, 0x62)), payload)), (chunks) => {
				const decoder = new FrameDecoder();
				const items: MuxItem[] = [];
				for (const chunk of chunks) {
					items.push(...decoder.push(chunk));
					expect(decoder.pendingBytes).toBeLessThan(263);
				}
				items.push(...decoder.flush());
				expect(decoder.pendingBytes).toBe(0);
				const framed = frames(items).reduce((sum, { payload }) => sum + payload.length + 7, 0);
				const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
				expect(raw(items).length + framed + 2 * decoder.garbage).toBe(total);
			}),
			{ numRuns: 300 },
		);
	});

	it("finds the next frame after one with any byte changed", () => {
		fc.assert(
			fc.property(frame, frame, fc.nat(), fc.integer({ min: 1, max: 255 }), (bad, good, where, change) => {
				const broken = encodeFrame(bad.channel, bad.payload);
				const at = where % broken.length;
				broken[at] = broken[at]! ^ change;
				const decoder = new FrameDecoder();
				const filler = Buffer.alloc(300);
				// Enough frames behind it that a length made longer by the change ends among them.
				const stream = Buffer.concat([broken, filler, encodeFrame(good.channel, good.payload)]);
				const found = frames([...decoder.push(stream), ...decoder.flush()]);
				expect(found).toContainEqual(good);
				// A CRC of 16 bits tells every change of one byte.
				if (at >= 5 && at < broken.length - 2) expect(found).toEqual([good]);
			}),
		);
	});

	it("finds a frame that begins inside a broken one", () => {
		const inner = encodeFrame(3, Buffer.from("inner"));
		const outer = Buffer.concat([Buffer.from([0xb5, 0x62, 1, 40, 0]), inner, Buffer.alloc(40)]);
		const decoder = new FrameDecoder();
		expect(frames(decoder.push(outer))).toEqual([{ channel: 3, payload: Uint8Array.from(Buffer.from("inner")) }]);
		expect(decoder.garbage).toBe(1);
	});

	it("gives up a frame that a panic cut short", () => {
		const decoder = new FrameDecoder();
		const cut = encodeFrame(1, Buffer.from("never ends")).subarray(0, 9);
		expect(decoder.push(Buffer.concat([cut, Buffer.from("PANIC")]))).toEqual([]);
		expect(raw(decoder.flush()).toString("latin1")).toMatch(/PANIC$/);
	});
});

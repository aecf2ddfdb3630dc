// SPDX-License-Identifier: Apache-2.0
// A strip shows its persona's colour and a label that can be read, always with the same pixels.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contrast, DEVELOPMENT_MARK, readableOn, stripPixels } from "../../components/image/strip.ts";
import { surfaceShape } from "../../components/image/surface.ts";
import { sha256 } from "../../components/util/digest.ts";

const WIDTH = 800;
const ROWS = 32;
const WHITE = 0xffffff;
const colours = fc.integer({ min: 0, max: 0xffffff });
/** Printable ASCII, as the schema allows it in a label. */
const labels = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 31 });

function pixel(pixels: Uint8Array, x: number, y: number): number {
	return Buffer.from(pixels.buffer).readUInt32LE((y * WIDTH + x) * 4);
}

describe("a strip", () => {
	test("is its persona's colour around the label, whatever the label", () => {
		fc.assert(
			fc.property(labels, colours, (label, colour) => {
				const pixels = stripPixels({ label, colour }, WIDTH, ROWS, "xrgb8888");
				expect(pixels).toHaveLength(WIDTH * ROWS * 4);
				for (let x = 0; x < WIDTH; x++) for (const y of [0, 1, 2, ROWS - 2, ROWS - 1]) expect(pixel(pixels, x, y)).toBe(colour);
				for (let y = 0; y < ROWS; y++) for (const x of [0, 8, WIDTH - 1]) expect(pixel(pixels, x, y)).toBe(colour);
			}),
			{ numRuns: 30 },
		);
	});

	test("begins with the mark, which is the same whatever the label, within the half that is seen side by side, and stands clear of it", () => {
		const marked = (label: string) => stripPixels({ label, colour: 0x2471a3, mark: DEVELOPMENT_MARK }, WIDTH, ROWS, "xrgb8888");
		const inked = (pixels: Uint8Array) =>
			Array.from({ length: WIDTH }, (_, x) => x).filter((x) =>
				Array.from({ length: ROWS }, (_, y) => pixel(pixels, x, y)).some((colour) => colour !== 0x2471a3),
			);
		const alone = inked(marked(""));
		const end = alone.at(-1) ?? 0;
		expect(alone[0]).toBeGreaterThan(8);
		expect(end).toBeLessThan(WIDTH / 4);
		fc.assert(
			fc.property(labels, (label) => {
				const pixels = marked(label);
				expect(inked(pixels).filter((x) => x <= end)).toEqual(alone);
				expect(inked(pixels).filter((x) => x > end && x <= end + 8)).toEqual([]);
			}),
			{ numRuns: 20 },
		);
		// It has a ground of its own, which no label has: as high as the strip lets it be, and letters of the strip's colour on it.
		const column = (x: number) => Array.from({ length: ROWS }, (_, y) => pixel(marked(""), x, y));
		expect(column(alone[0] ?? 0)).toEqual([...Array(2).fill(0x2471a3), ...Array(28).fill(WHITE), ...Array(2).fill(0x2471a3)]);
	});

	test("has a label in black or white, whichever can be read better", () => {
		fc.assert(fc.property(colours, (colour) => contrast(colour, readableOn(colour)) > 4.5));
		const ink = (colour: number) => {
			const pixels = stripPixels({ label: "Work", colour }, WIDTH, ROWS, "xrgb8888");
			return new Set(Array.from({ length: WIDTH * ROWS }, (_, at) => pixel(pixels, at % WIDTH, Math.floor(at / WIDTH))));
		};
		expect(ink(0xc0392b)).toContain(0xffffff);
		expect(ink(0xc0392b)).not.toContain(0x000000);
		expect(ink(0xf1c40f)).toContain(0x000000);
	});

	test("differs with every letter, and is the same wherever it is built", () => {
		const digest = (label: string) => sha256(stripPixels({ label, colour: 0x2471a3 }, WIDTH, ROWS, "xrgb8888"));
		const letters = Array.from({ length: 0x7e - 0x20 }, (_, index) => String.fromCharCode(0x21 + index));
		expect(new Set(letters.map(digest)).size).toBe(letters.length);
		expect(digest("Personal")).toBe("sha256:6066b3e5bac2ac374fe6e9b9bd7ac083e91ac182dcd4af21139e824af865d30d");
	});

	test("has the same colours in two bytes a pixel, as near as those come", () => {
		const strip = { label: "Work", colour: 0xc0392b };
		const wide = stripPixels(strip, WIDTH, ROWS, "xrgb8888");
		const narrow = Buffer.from(stripPixels(strip, WIDTH, ROWS, "rgb565"));
		expect(narrow).toHaveLength(WIDTH * ROWS * 2);
		for (let at = 0; at < WIDTH * ROWS; at++) {
			const colour = pixel(wide, at % WIDTH, Math.floor(at / WIDTH));
			const [red, green, blue] = [(colour >> 19) & 0x1f, (colour >> 10) & 0x3f, (colour >> 3) & 0x1f];
			expect(narrow.readUInt16LE(at * 2)).toBe((red << 11) | (green << 5) | blue);
		}
	});

	test("shows only what its font has", () => {
		expect(() => stripPixels({ label: "Büro", colour: 0 }, WIDTH, ROWS, "xrgb8888")).toThrow(RangeError);
	});
});

describe("the measures of a picture", () => {
	test("of an 800 × 480 screen are those of hypervisor/include/veil/abi.h's comments", () => {
		expect(surfaceShape({ width: 800, height: 480, format: "xrgb8888" })).toEqual({
			width: 800,
			height: 480,
			format: "xrgb8888",
			hasWindows: false,
			stride: 3200,
			stripRows: 32,
			stripSize: 102_400,
			stripRoom: 131_072,
			bodySize: 1_441_792,
		});
	});

	test("of an N800's, with two bytes a pixel, have a strip of twice as many rows", () => {
		expect(surfaceShape({ width: 800, height: 480, format: "rgb565", hasWindows: true })).toEqual({
			width: 800,
			height: 480,
			format: "rgb565",
			hasWindows: true,
			stride: 1600,
			stripRows: 64,
			stripSize: 102_400,
			stripRoom: 131_072,
			bodySize: 720_896,
		});
	});

	test("leave room below the strip, or are refused", () => {
		expect(() => surfaceShape({ width: 801, height: 480, format: "xrgb8888" })).toThrow(/strip of 1024 rows/);
	});
});

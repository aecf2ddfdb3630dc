// SPDX-License-Identifier: Apache-2.0
// Draws the indicator strip of a persona: its label on its colour. The pixels are drawn here, while the image is composed, so that Veil
// needs neither font nor text.
import { CAP_HEIGHT, GLYPHS, type Glyph } from "./strip-font.ts";
import { PIXEL_FORMATS, type PixelFormat } from "./surface.ts";

/** What of a persona its strip shows. */
export interface Strip {
	/** Printable ASCII. */
	label: string;
	/** 0xRRGGBB */
	colour: number;
	/** What stands in front of the label, in the strip's left half; nothing by default. */
	mark?: string;
}

/** The mark of images that nobody has signed. */
export const DEVELOPMENT_MARK = "DEVELOPMENT";

/** Pixels from the strip's beginning to what is first, around the mark's word on its plate, and from plate to label. */
const MARGIN = 12;
const PLATE_MARGIN = 6;
const WHITE = 0xffffff;
const BLACK = 0x000000;

/**
 * The pixels of a strip, row after row without a gap. A label that is too long for the width is cut off.
 *
 * @param width - pixels
 * @param rows - pixels
 * @throws RangeError when label or mark has a character that is not printable ASCII
 */
export function stripPixels({ label, colour, mark = "" }: Strip, width: number, rows: number, format: PixelFormat): Uint8Array {
	const ink = readableOn(colour);
	const pixels = new Uint32Array(width * rows).fill(colour);
	const baseline = Math.floor((rows + CAP_HEIGHT) / 2);
	const write = (text: string, from: number, [ground, letters]: readonly [number, number]): void => {
		let pen = from;
		for (const glyph of glyphsOf(text)) {
			for (const { x, y, coverage } of covered(glyph)) {
				const column = Math.round(pen) + x;
				const row = baseline + y;
				if (column >= width || row < 0 || row >= rows) continue;
				pixels[row * width + column] = mix(ground, letters, coverage);
			}
			pen += glyph.advance;
		}
	};
	let from = MARGIN;
	if (mark !== "") {
		const end = from + Math.ceil(advanceOf(mark)) + 2 * PLATE_MARGIN;
		for (let row = baseline - CAP_HEIGHT - PLATE_MARGIN; row < baseline + PLATE_MARGIN; row++)
			pixels.fill(ink, row * width + from, row * width + end);
		write(mark, from + PLATE_MARGIN, [ink, colour]);
		from = end + MARGIN;
	}
	write(label, from, [colour, ink]);
	return packed(pixels, format);
}

/** Pixels from the first letter's pen to where one after the last would be. */
function advanceOf(text: string): number {
	return glyphsOf(text).reduce((sum, { advance }) => sum + advance, 0);
}

function glyphsOf(text: string): Glyph[] {
	return Array.from(text, (character) => {
		const glyph = GLYPHS.get(character);
		if (glyph === undefined) throw new RangeError(`"${text}" has a character that no strip can show`);
		return glyph;
	});
}

/** Colours as they lie in memory. */
function packed(colours: Uint32Array, format: PixelFormat): Uint8Array {
	const { bytes } = PIXEL_FORMATS[format];
	const pixels = new DataView(new ArrayBuffer(colours.length * bytes));
	for (const [index, colour] of colours.entries()) {
		if (format === "xrgb8888") pixels.setUint32(index * bytes, colour, true);
		else pixels.setUint16(index * bytes, ((colour >> 8) & 0xf800) | ((colour >> 5) & 0x07e0) | ((colour >> 3) & 0x001f), true);
	}
	return new Uint8Array(pixels.buffer);
}

/** Black or white, whichever is easier to read on a colour: the contrast is 4.58 at least (WCAG 2.2 asks for 4.5). */
export function readableOn(colour: number): number {
	return contrast(colour, WHITE) >= contrast(colour, BLACK) ? WHITE : BLACK;
}

/** Contrast ratio of two colours as WCAG 2.2 defines it: 1 to 21. */
export function contrast(one: number, other: number): number {
	const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
	return (light + 0.05) / (dark + 0.05);
}

// Relative luminance (WCAG 2.2).
function luminance(colour: number): number {
	const [red = 0, green = 0, blue = 0] = [16, 8, 0].map((shift) => {
		const value = ((colour >> shift) & 0xff) / 255;
		return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The pixels a letter covers: right of the pen, below the baseline, and how much of each in fifteenths. */
function* covered({ left, top, width, coverage }: Glyph): Generator<{ x: number; y: number; coverage: number }> {
	for (let at = 0; at < coverage.length; at++) {
		const part = Number.parseInt(coverage.charAt(at), 16);
		if (part > 0) yield { x: left + (at % width), y: Math.floor(at / width) - top, coverage: part };
	}
}

function mix(ground: number, ink: number, fifteenths: number): number {
	let mixed = 0;
	for (const shift of [16, 8, 0]) {
		const [from, to] = [(ground >> shift) & 0xff, (ink >> shift) & 0xff];
		mixed |= Math.round(from + ((to - from) * fifteenths) / 15) << shift;
	}
	return mixed;
}

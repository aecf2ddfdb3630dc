// SPDX-License-Identifier: Apache-2.0
// Pictures of a handset: what is on its screen, and what a persona would show there, in front or not.
import { randomUUID } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { PIXEL_FORMATS } from "../image/surface.ts";
import { UserError } from "../util/errors.ts";
import { runningRecord } from "./observe.ts";
import { qmp } from "./qmp.ts";
import type { HandsetRecord, RecordedSurface } from "./record.ts";
import { handsetDir, SOCKET } from "./run-folder.ts";

/** QEMU writes a picture in some ten milliseconds; a loaded host takes longer. */
const DUMP_MS = 15_000;

/** What is on a handset's screen now, as a PNG. Throws a UserError when it has no screen or does not run. */
export async function screenshot(id: string): Promise<Uint8Array> {
	const { record } = await withScreen(id);
	return dumped(record, (filename) => ({ execute: "screendump", arguments: { filename, format: "png" } }));
}

/**
 * A persona's picture as a PNG: its strip and what it has drawn, read from the handset's memory, so that a persona in the background has
 * one too. Throws a UserError when the handset has no screen or does not run.
 */
export async function personaScreenshot(id: string, persona: string): Promise<Uint8Array> {
	const { record, surfaces } = await withScreen(id);
	const surface = surfaces.get(persona);
	if (surface === undefined) throw new UserError(`handset ${id} has no persona "${persona}"`);
	const { hostBase, width, height, stride } = surface;
	const pixels = await dumped(record, (filename) => ({
		execute: "pmemsave",
		arguments: { val: hostBase, size: height * stride, filename },
	}));
	const { encode } = await import("fast-png");
	return encode({ width, height, depth: 8, channels: 3, data: rgb(pixels, surface) });
}

async function withScreen(id: string): Promise<{ record: HandsetRecord; surfaces: Map<string, RecordedSurface> }> {
	const record = await runningRecord(handsetDir(id), id);
	const surfaces = record.personas.flatMap(({ name, surface }) => (surface === undefined ? [] : [[name, surface] as const]));
	if (surfaces.length > 0) return { record, surfaces: new Map(surfaces) };
	throw new UserError(`handset ${id} has no screen, because none of its personas has a display`, {
		remedy: "give one `devices: { display: true }`, then `pulumi up`",
	});
}

/** What a command of QEMU's writes into a file. */
async function dumped(record: HandsetRecord, command: (filename: string) => Parameters<typeof qmp>[1]): Promise<Uint8Array> {
	const path = join(handsetDir(record.id), `.${randomUUID()}.dump`);
	try {
		await qmp(join(record.sockets, SOCKET.qmp), command(path), DUMP_MS);
		return await readFile(path);
	} finally {
		await rm(path, { force: true });
	}
}

/** Rows of pixels as red, green and blue. */
function rgb(pixels: Uint8Array, { width, height, stride, format = "xrgb8888" }: RecordedSurface): Uint8Array {
	const out = new Uint8Array(width * height * 3);
	const words = new DataView(pixels.buffer, pixels.byteOffset, pixels.byteLength);
	const { bytes } = PIXEL_FORMATS[format];
	for (let y = 0, to = 0; y < height; y++) {
		for (let from = y * stride; from < y * stride + width * bytes; from += bytes) {
			const colour = format === "rgb565" ? widened(words.getUint16(from, true)) : words.getUint32(from, true);
			out[to++] = colour >> 16;
			out[to++] = colour >> 8;
			out[to++] = colour;
		}
	}
	return out;
}

/** A colour of RGB565 as 0xRRGGBB: the highest bits are also the lowest, so that white is white. */
function widened(pixel: number): number {
	const [red, green, blue] = [pixel >> 11, (pixel >> 5) & 0x3f, pixel & 0x1f];
	return (((red << 3) | (red >> 2)) << 16) | (((green << 2) | (green >> 4)) << 8) | ((blue << 3) | (blue >> 2));
}

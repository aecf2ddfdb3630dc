// SPDX-License-Identifier: Apache-2.0
// What lies at an offset of a device image, in words.
import { open } from "node:fs/promises";
import { nameText } from "./veil-manifest.ts";
import { readRawImage } from "./verify.ts";

/** What an image has at an offset; undefined when the file is no device image. */
export async function placeInImage(path: string, offset: number): Promise<string | undefined> {
	const file = await open(path);
	try {
		const { header, tables } = await readRawImage(file);
		if (BigInt(offset) < header.veilSize) return "Veil";
		const from = Number(header.manifestOffset);
		if (offset >= from && offset < from + Number(header.manifestSize)) return `the manifest, ${offset - from} bytes from its start`;
		const index = tables.payloads.findIndex((one) => offset >= Number(one.offset) && offset < Number(one.offset + one.size));
		const payload = tables.payloads[index];
		if (payload === undefined) return "room that belongs to nothing";
		const users = tables.segments.flatMap(({ payload: used, persona }) =>
			used === index ? [nameText(tables.personas[persona]?.name ?? new Uint8Array())] : [],
		);
		return `payload ${index}${users.length === 0 ? "" : ` (of ${[...new Set(users)].join(", ")})`}, ${offset - Number(payload.offset)} bytes from its start`;
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	} finally {
		await file.close();
	}
}

// SPDX-License-Identifier: Apache-2.0
// The payloads of a device image: where their bytes come from, how they get into the file, and the digest over what is in it.
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { sha256 } from "../util/digest.ts";

/** Bytes that go into a device image: a file of known digest, or what was made in memory. */
export interface Payload {
	/** `sha256:<hex>` */
	digest: string;
	size: number;
	source: { path: string } | { bytes: Uint8Array };
}

/** A payload of bytes in memory. */
export function payloadOf(bytes: Uint8Array): Payload {
	return { digest: sha256(bytes), size: bytes.length, source: { bytes } };
}

/** Copies a payload into the image. */
export async function writePayload(file: FileHandle, offset: number, payload: Payload, signal?: AbortSignal): Promise<void> {
	if ("bytes" in payload.source) {
		await file.write(payload.source.bytes, 0, payload.size, offset);
		return;
	}
	const source = await open(payload.source.path);
	try {
		let at = offset;
		for await (const chunk of source.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) {
			signal?.throwIfAborted();
			await file.write(chunk, 0, chunk.length, at);
			at += chunk.length;
		}
		if (at - offset !== payload.size) throw new Error(`${payload.source.path} has ${at - offset} bytes, not ${payload.size}`);
	} finally {
		await source.close();
	}
}

/** SHA-256 of a file of `size` bytes with the manifest's bytes left out. */
export async function digestWithout(
	file: FileHandle,
	size: number,
	manifestOffset: number,
	length: number,
	signal?: AbortSignal,
): Promise<Uint8Array> {
	const hash = createHash("sha256");
	const buffer = Buffer.alloc(1 << 20);
	for (const [from, to] of [
		[0, manifestOffset],
		[manifestOffset + length, size],
	] as const) {
		for (let at = from; at < to; ) {
			signal?.throwIfAborted();
			const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, to - at), at);
			if (bytesRead === 0) throw new RangeError("the image is shorter than it says");
			hash.update(buffer.subarray(0, bytesRead));
			at += bytesRead;
		}
	}
	return hash.digest();
}

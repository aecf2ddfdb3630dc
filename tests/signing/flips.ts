// SPDX-License-Identifier: Apache-2.0
// Flips bytes of an image, one at a time, at places that follow from a seed: the same in every run, others with PERSONA_FLIP_SEED.
import { open } from "node:fs/promises";
import { sha256 } from "../../components/util/digest.ts";

/** How many, unless PERSONA_FLIPS says otherwise, and where from. */
export function flipPlan(usual: number): { count: number; seed: string } {
	return { count: Number(process.env.PERSONA_FLIPS ?? usual), seed: process.env.PERSONA_FLIP_SEED ?? "1" };
}

/** One byte that is to be another. */
export interface Flip {
	readonly at: number;
	/** What is XORed to it: 1 to 255. */
	readonly mask: number;
}

/** Places in a file of `size` bytes. */
export function flips(size: number, count: number, seed: string): Flip[] {
	return Array.from({ length: count }, (_, index) => {
		const bytes = Buffer.from(sha256(`${seed} ${index}`).slice("sha256:".length), "hex");
		return { at: Number(bytes.readBigUInt64LE(0) % BigInt(size)), mask: 1 + ((bytes[8] ?? 0) % 255) };
	});
}

/** Flips the byte, lets something be done with the file, and flips it back. */
export async function withFlip<T>(path: string, { at, mask }: Flip, use: () => Promise<T>): Promise<T> {
	await xor(path, at, mask);
	try {
		return await use();
	} finally {
		await xor(path, at, mask);
	}
}

async function xor(path: string, at: number, mask: number): Promise<void> {
	const file = await open(path, "r+");
	try {
		const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
		await file.write(Buffer.of((buffer[0] ?? 0) ^ mask), 0, 1, at);
	} finally {
		await file.close();
	}
}

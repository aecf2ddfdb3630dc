// SPDX-License-Identifier: Apache-2.0
// SHA-256 of bytes, files and JSON values; the JSON form is canonical, so equal values have equal digests on every machine.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** Digest of bytes or of a string's UTF-8, as `sha256:<hex>`. */
export function sha256(data: Uint8Array | string): string {
	return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}

/** The digits of `sha256:<hex>`. @throws Error when it is no such digest, so that none can name another file */
export function hexOf(digest: string): string {
	const match = /^sha256:([0-9a-f]{64})$/.exec(digest);
	if (match?.[1] === undefined) throw new Error(`"${digest}" is no digest of the form sha256:<hex>`);
	return match[1];
}

/** Digest of a file's content, as `sha256:<hex>`, without loading it whole. */
export async function sha256File(path: string, signal?: AbortSignal): Promise<string> {
	const hash = createHash("sha256");
	await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, signal === undefined ? {} : { signal });
	return `sha256:${hash.digest("hex")}`;
}

/**
 * JSON with object keys sorted by code unit and no white space. Members whose value is `undefined` are left out.
 * Throws a TypeError for what JSON cannot hold (NaN, infinities, functions, bigints), instead of changing it silently.
 */
export function canonicalJson(value: unknown): string {
	if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
	if (typeof value === "number") {
		if (!Number.isFinite(value)) throw new TypeError(`${value} has no JSON form`);
		return JSON.stringify(value);
	}
	if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(",")}]`;
	if (typeof value === "object") {
		const members = Object.entries(value)
			.filter(([, member]) => member !== undefined)
			.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
			.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
		return `{${members.join(",")}}`;
	}
	throw new TypeError(`a ${typeof value} has no JSON form`);
}

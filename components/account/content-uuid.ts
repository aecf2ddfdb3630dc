// SPDX-License-Identifier: Apache-2.0
// A UUID that follows from content (version 8 of RFC 9562), for documents that want an identity and must be the same wherever they are made.
import { sha256 } from "../util/digest.ts";

export function contentUuid(content: string): string {
	const bytes = Buffer.from(sha256(content).slice("sha256:".length), "hex").subarray(0, 16);
	bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
	bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
	return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

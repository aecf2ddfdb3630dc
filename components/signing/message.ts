// SPDX-License-Identifier: Apache-2.0
// What is signed of a manifest or a policy: which of both it is, and its digest. So a key signs 47 bytes, whatever the size of an image, and
// a signature of one kind is none of the other.
import { createHash } from "node:crypto";

const CONTEXT_BYTES = 15;
/** ASCII, filled up with NUL. */
const CONTEXTS = { manifest: "veil-manifest-1", policy: "veil-policy-1" } as const;

/** The 47 bytes that are signed for `content`, in which the room for the signature is `size` bytes at `offset` and counts as zeros. */
export function signedMessage(kind: keyof typeof CONTEXTS, content: Uint8Array, offset: number, size = 64): Uint8Array {
	const blank = Uint8Array.from(content).fill(0, offset, offset + size);
	const message = Buffer.alloc(CONTEXT_BYTES + 32);
	message.write(CONTEXTS[kind], "ascii");
	createHash("sha256").update(blank).digest().copy(message, CONTEXT_BYTES);
	return message;
}

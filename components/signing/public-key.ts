// SPDX-License-Identifier: Apache-2.0
// Public keys: the PEM files that projects hold, the 32 bytes within, and the fingerprint that people compare.
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { affineX, POINT_BYTES } from "./point.ts";

/** A key whose signatures can be checked. It holds nothing secret. */
export interface PublicKey {
	/** RFC 8032's encoding: 64 hexadecimal digits. */
	readonly hex: string;
	/** Its affine x coordinate, little-endian, the same way. */
	readonly x: string;
	/** SHA-256 of its 32 bytes, by which manifests name it. */
	readonly id: Uint8Array;
	/** The same for people: `ed25519:<hex>`. */
	readonly fingerprint: string;
}

/** Before the 32 bytes in an SPKI structure (RFC 8410, 4). */
const SPKI_HEAD = Buffer.from("302a300506032b6570032100", "hex");
/** A PEM file of a public key is 113 bytes; somebody may write a word above it. */
export const KEY_FILE_MAX_BYTES = 16_384;

/** A public key from its 64 hexadecimal digits, or what is wrong with it. */
export function publicKeyOf(hex: string): PublicKey | string {
	if (!/^[0-9a-f]{64}$/.test(hex)) return "has not 64 hexadecimal digits in lower case";
	const x = affineX(Buffer.from(hex, "hex"));
	if (typeof x === "string") return x;
	const id = createHash("sha256").update(Buffer.from(hex, "hex")).digest();
	return { hex, x: Buffer.from(x).toString("hex"), id, fingerprint: fingerprintOf(id) };
}

/** A key's fingerprint from its id. */
export function fingerprintOf(id: Uint8Array): string {
	return `ed25519:${Buffer.from(id).toString("hex")}`;
}

/** A public key from the text of its file, or what is wrong with that. */
export function parsePublicKey(text: string): PublicKey | string {
	if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
		return "holds a private key, which is not to lie in a project: whoever has read it can sign, so make another one";
	if (!text.includes("-----BEGIN PUBLIC KEY-----")) return "holds no public key";
	let key: KeyObject;
	try {
		key = createPublicKey(text);
	} catch {
		return "holds a damaged public key";
	}
	const type = key.asymmetricKeyType;
	if (type !== "ed25519") return `holds a key of type ${type ?? "unknown"}`;
	return publicKeyOf(rawPublicKey(key).toString("hex"));
}

/** The 32 bytes of an Ed25519 key. */
export function rawPublicKey(key: KeyObject): Buffer {
	return key.export({ format: "der", type: "spki" }).subarray(-POINT_BYTES);
}

/** The file of a public key. */
export function publicKeyPem({ hex }: PublicKey): string {
	return keyObject(hex).export({ format: "pem", type: "spki" }).toString();
}

/** Does the signature show that the key's owner has signed the message? */
export function isSignedBy({ hex }: Pick<PublicKey, "hex">, message: Uint8Array, signature: Uint8Array): boolean {
	return signature.length === 64 && verify(null, message, keyObject(hex), signature);
}

function keyObject(hex: string): KeyObject {
	return createPublicKey({ key: Buffer.concat([SPKI_HEAD, Buffer.from(hex, "hex")]), format: "der", type: "spki" });
}

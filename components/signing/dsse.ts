// SPDX-License-Identifier: Apache-2.0
// Signed documents in an envelope of DSSE 1.0 (https://github.com/secure-systems-lab/dsse): what is signed says of which kind it is.
import { isSignedBy, type PublicKey } from "./public-key.ts";
import type { Sign } from "./signer.ts";

/** The envelope, as JSON. */
interface Envelope {
	readonly payload: string;
	readonly payloadType: string;
	readonly signatures: readonly { readonly keyid?: string; readonly sig: string }[];
}

/** A document that was signed with one of the keys that were trusted. */
export interface Opened {
	readonly payload: Uint8Array;
	readonly key: PublicKey;
}

/** More than anybody signs with: each is tried with every key. */
const SIGNATURES_MAX = 16;

/**
 * The bytes that are signed. They begin with `DSSEv1`, and those that are signed of images with `veil-`: so a signature of an envelope is none
 * of an image, and the other way round.
 */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
	const type = Buffer.from(payloadType, "utf8");
	return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload]);
}

/** A document in an envelope, signed. @throws UserError when it cannot be signed here */
export async function signEnvelope(
	payloadType: string,
	payload: Uint8Array,
	key: PublicKey,
	sign: Sign,
	signal?: AbortSignal,
): Promise<string> {
	const sig = await sign(preAuthEncoding(payloadType, payload), key, signal);
	const envelope: Envelope = {
		payload: base64(payload),
		payloadType,
		signatures: [{ keyid: key.fingerprint, sig: base64(sig) }],
	};
	return JSON.stringify(envelope);
}

/** The document in an envelope of this type that one of the keys has signed, or what is wrong with it. Nothing of the document is read before. */
export function openEnvelope(text: string, payloadType: string, keys: readonly PublicKey[]): Opened | string {
	const envelope = parse(text);
	if (envelope === undefined) return "is no signed envelope of DSSE";
	const { signatures } = envelope;
	if (signatures.length === 0) return "is not signed";
	if (signatures.length > SIGNATURES_MAX) return `has more than ${SIGNATURES_MAX} signatures`;
	if (keys.length === 0) return "cannot be checked: no public key is at hand";
	const payload = bytesOf(envelope.payload);
	if (payload === undefined) return "holds no Base64";
	const message = preAuthEncoding(envelope.payloadType, payload);
	// Which key it names is a hint that nobody has signed, so all are tried.
	const key = keys.find((one) => signatures.some(({ sig }) => isSignedBy(one, message, bytesOf(sig) ?? new Uint8Array())));
	if (key === undefined) return "is signed by no key that is trusted, or is not what was signed";
	if (envelope.payloadType !== payloadType) return `holds something else than ${payloadType}`;
	return { payload, key };
}

function parse(text: string): Envelope | undefined {
	let found: Partial<Record<keyof Envelope, unknown>> | null;
	try {
		found = JSON.parse(text);
	} catch {
		return undefined;
	}
	const { payload = "", payloadType, signatures = [] } = typeof found === "object" && found !== null ? found : {};
	const isSignature = (one: { sig?: unknown } | null) => typeof one?.sig === "string";
	if (typeof payload !== "string" || typeof payloadType !== "string") return undefined;
	return Array.isArray(signatures) && signatures.every(isSignature) ? { payload, payloadType, signatures } : undefined;
}

function base64(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("base64");
}

/** Of either alphabet, as the specification wants. */
function bytesOf(text: string): Uint8Array | undefined {
	const isBase64 = /^(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)={0,2}$/.test(text) && text.replace(/=+$/, "").length % 4 !== 1;
	return isBase64 ? Buffer.from(text, "base64") : undefined;
}

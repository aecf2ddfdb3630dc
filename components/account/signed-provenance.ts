// SPDX-License-Identifier: Apache-2.0
// Provenance that can be trusted: signed with the key that signed the image, in the envelope that in-toto names
// (https://github.com/in-toto/attestation/blob/main/spec/v1/envelope.md).
import { openEnvelope, type PublicKey, type Sign, signEnvelope } from "../signing/index.ts";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";

/** What signed provenance says once its signature was checked. */
export interface CheckedProvenance {
	/** Of the key that signed it. */
	readonly fingerprint: string;
	/** URI of who built the image, as the one who signed says. */
	readonly builder: string;
}

/** An image as far as provenance is about it. */
export interface SignedImage {
	readonly digest: string;
	/** Fingerprint of the key that signed it. */
	readonly signature: string;
}

/** The statement's text in a signed envelope, on one line. @throws UserError when it cannot be signed here */
export async function signProvenance(statement: string, key: PublicKey, sign: Sign, signal?: AbortSignal): Promise<string> {
	return `${await signEnvelope(PAYLOAD_TYPE, Buffer.from(statement), key, sign, signal)}\n`;
}

/** What an envelope says of an image, or what is wrong: it counts only when it is about this image, and of the key that signed it. */
export function checkProvenance(text: string, image: SignedImage, keys: readonly PublicKey[]): CheckedProvenance | string {
	const opened = openEnvelope(text, PAYLOAD_TYPE, keys);
	if (typeof opened === "string") return opened;
	const { fingerprint } = opened.key;
	if (fingerprint !== image.signature) return `is signed by ${fingerprint}, and the image is not`;
	const statement = claimsIn(opened.payload);
	if (statement?._type !== "https://in-toto.io/Statement/v1" || statement.predicateType !== "https://slsa.dev/provenance/v1")
		return "holds no provenance of SLSA v1";
	const subjects = Array.isArray(statement.subject) ? statement.subject : [];
	if (!subjects.some((one) => `sha256:${one?.digest?.sha256}` === image.digest)) return "is about another image";
	const builder = statement.predicate?.runDetails?.builder?.id;
	return typeof builder === "string" ? { fingerprint, builder } : "does not say who built the image";
}

/** What is read of a statement. Who signed it may be trusted, and still have signed something else. */
interface Claims {
	readonly _type?: unknown;
	readonly predicateType?: unknown;
	readonly subject?: readonly ({ readonly digest?: { readonly sha256?: unknown } | null } | null)[];
	readonly predicate?: { readonly runDetails?: { readonly builder?: { readonly id?: unknown } | null } | null } | null;
}

function claimsIn(payload: Uint8Array): Claims | null {
	try {
		return JSON.parse(Buffer.from(payload).toString("utf8"));
	} catch {
		return null;
	}
}

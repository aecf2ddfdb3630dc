// SPDX-License-Identifier: Apache-2.0
// Signs what Veil checks: the policy, which can be replaced by itself, and then the manifest with it, which covers every other byte of an
// image by a digest.
import { type PublicKey, type Sign, signedMessage } from "../signing/index.ts";
import {
	VEIL_SHA256_BYTES,
	VEIL_SIGNATURE_DEVELOPMENT,
	VEIL_SIGNATURE_ED25519,
	type VeilManifest,
	type VeilPolicy,
	veilManifest,
	veilPolicy,
} from "./abi.ts";

export const SIGNATURE_BYTES = 64;

/** Who signs an image, and as which version. */
export interface ImageSigning {
	readonly key: PublicKey;
	readonly version: number;
	readonly sign: Sign;
}

/** The fields about the signature, with zeros for the signature itself. */
export function signatureFields(
	signing: Pick<ImageSigning, "key" | "version"> | undefined,
): Pick<VeilManifest & VeilPolicy, "signatureKind" | "keyId" | "versionCounter" | "signature"> {
	const signature = new Uint8Array(SIGNATURE_BYTES);
	if (signing === undefined)
		return { signatureKind: VEIL_SIGNATURE_DEVELOPMENT, keyId: new Uint8Array(VEIL_SHA256_BYTES), versionCounter: 0n, signature };
	const { key, version } = signing;
	return { signatureKind: VEIL_SIGNATURE_ED25519, keyId: key.id, versionCounter: BigInt(version), signature };
}

/** Signs a policy's section as `encodePolicy` left it, in its place. */
export async function signPolicy(section: Uint8Array, signing: ImageSigning | undefined, signal?: AbortSignal): Promise<void> {
	if (signing === undefined) return;
	const fields = { ...veilPolicy.read(section), ...signatureFields(signing) };
	veilPolicy.write(fields, section);
	section.set(await signing.sign(policyMessage(section), signing.key, signal), veilPolicy.offsetOf("signature"));
}

/** Signs a manifest whose fields say by whom, in its place. */
export async function signManifest(manifest: Uint8Array, signing: ImageSigning | undefined, signal?: AbortSignal): Promise<void> {
	if (signing === undefined) return;
	manifest.set(await signing.sign(manifestMessage(manifest), signing.key, signal), veilManifest.offsetOf("signature"));
}

/** What is signed of a manifest: all its bytes. */
export function manifestMessage(manifest: Uint8Array): Uint8Array {
	return signedMessage("manifest", manifest, veilManifest.offsetOf("signature"));
}

/** What is signed of a policy: header and tables, without the room behind them. */
export function policyMessage(section: Uint8Array): Uint8Array {
	return signedMessage("policy", section.subarray(0, veilPolicy.read(section).size), veilPolicy.offsetOf("signature"));
}

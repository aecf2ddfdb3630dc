// SPDX-License-Identifier: Apache-2.0
// Checks who signed an image. Without keys only whether its fields agree: whose signature it is nobody can tell then.
import { isSignedBy, type PublicKey } from "../signing/index.ts";
import { VEIL_SIGNATURE_DEVELOPMENT, VEIL_SIGNATURE_ED25519, veilPolicy } from "./abi.ts";
import { policySection } from "./policy-section.ts";
import { manifestMessage, policyMessage } from "./sign-image.ts";
import type { RawImage } from "./verify.ts";

/** What is wrong with the signatures of a manifest and its policy. */
export function* signatureProblems(
	image: Pick<RawImage, "manifest" | "manifestBytes">,
	keys: readonly PublicKey[] | undefined,
): Generator<string> {
	const { manifest, manifestBytes } = image;
	const section = policySection(image);
	const policy = veilPolicy.read(section);
	if (manifest.signatureKind === VEIL_SIGNATURE_DEVELOPMENT) {
		for (const [name, { keyId, versionCounter, signature }] of [
			["the manifest", manifest],
			["the policy", policy],
		] as const)
			if (versionCounter !== 0n || !isZero(keyId) || !isZero(signature))
				yield `${name} is not signed, but has parts of a signature`;
		if (policy.signatureKind !== VEIL_SIGNATURE_DEVELOPMENT) yield "the policy is signed, the manifest is not";
		if (keys !== undefined && keys.length > 0) yield "the image is not signed";
		return;
	}
	if (manifest.signatureKind !== VEIL_SIGNATURE_ED25519) {
		yield `unknown kind of signature ${manifest.signatureKind}`;
		return;
	}
	if (policy.signatureKind !== VEIL_SIGNATURE_ED25519) yield "the manifest is signed, the policy is not";
	if (!Buffer.from(manifest.keyId).equals(policy.keyId)) yield "manifest and policy are signed by different keys";
	if (manifest.versionCounter < 1n || manifest.versionCounter !== policy.versionCounter)
		yield "manifest and policy have no version, or different ones";
	if (keys === undefined) return;
	const key = keys.find(({ id }) => id.every((byte, at) => byte === manifest.keyId[at]));
	if (key === undefined) yield "the image is signed by a key that is not trusted";
	else {
		if (!isSignedBy(key, manifestMessage(manifestBytes), manifest.signature)) yield "the manifest is not what its signature says";
		if (!isSignedBy(key, policyMessage(section), policy.signature)) yield "the policy is not what its signature says";
	}
}

function isZero(bytes: Uint8Array): boolean {
	return bytes.every((byte) => byte === 0);
}

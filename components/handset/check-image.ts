// SPDX-License-Identifier: Apache-2.0
// The last look at an image before it runs: the whole file, who signed it, and whether this handset may go to it.
import type { PublicKey } from "../signing/index.ts";
import { UserError } from "../util/errors.ts";
import type { Accepted } from "./accepted.ts";
import type { ImageFacts } from "./image-facts.ts";
import type { ImageReference } from "./types.ts";

type Signature = ImageFacts["signature"];

/**
 * Checks who signed an image, and then every byte of a signed one. One that nobody signed proves nothing by itself: that it is the one that
 * was composed, and checked then, its digest says, which was looked at when its facts were read.
 *
 * @throws UserError that says what is wrong with it
 */
export async function checkImage(
	{ path, trustedKeys = [] }: ImageReference,
	signature: Signature,
	signal?: AbortSignal,
): Promise<void> {
	checkSigner(path, trustedKeys, signature);
	if (signature === undefined) return;
	const { verifyImage } = await import("../image/verify.ts");
	const [problem, ...others] = await verifyImage(path, { keys: trustedKeys, signal });
	if (problem === undefined) return;
	throw new UserError(`the image is not to be started: ${problem}${others.length === 0 ? "" : `, and ${others.length} more`}`, {
		where: path,
		remedy: "`persona explain` lists what is wrong; `persona gc --keep-days 0` and `pulumi up` compose it again",
	});
}

function checkSigner(path: string, trustedKeys: readonly PublicKey[], signature: Signature): void {
	const declared = trustedKeys.map(({ fingerprint }) => fingerprint);
	if (signature === undefined && declared.length > 0)
		throw new UserError("the image is not signed, and the phone declares who signs its images", {
			where: path,
			remedy: "let the DeviceImage be composed from a phone with `signing`",
		});
	if (signature === undefined || declared.includes(signature.key)) return;
	throw new UserError(`the image is signed by ${signature.key}, which the phone does not declare`, {
		where: path,
		remedy:
			declared.length === 0 ? "declare `signing`, or give the Deployment `trustedKeys`" : `it declares ${declared.join(", ")}`,
	});
}

/**
 * Whether a handset may go from what it has accepted to another image.
 *
 * @throws UserError when it is older, or of a key that what was accepted did not trust
 */
export function checkStep(id: string, accepted: Accepted | undefined, signature: Signature): void {
	if (accepted === undefined) return;
	const where = `handset ${id}`;
	const newHandset = "give the phone a new handset (`pulumi destroy`, `persona volume wipe` of what is kept, `pulumi up`)";
	const { imageVersion, trusted } = accepted;
	if (signature === undefined)
		throw new UserError(`the image is not signed, and this handset has accepted version ${imageVersion} of a signed one`, {
			where,
			remedy: `sign it, or ${newHandset}`,
		});
	if (signature.version < imageVersion)
		throw new UserError(`the image has version ${signature.version}, and this handset has accepted version ${imageVersion}`, {
			where,
			remedy: `raise \`signing.version\` to ${imageVersion} or more, or ${newHandset}`,
		});
	if (!trusted.includes(signature.key))
		throw new UserError(`the image is signed by ${signature.key}, which the image that this handset has accepted does not trust`, {
			where,
			remedy: `first bring up an image that is signed by a key it trusts and lists this one in \`alsoTrusted\` (\`persona key rotate\`), or ${newHandset}`,
		});
}

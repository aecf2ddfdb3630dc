// SPDX-License-Identifier: Apache-2.0
// The signatures that an image has, as a way to sign: who builds the same image again needs no private key.
import { open } from "node:fs/promises";
import { isSignedBy, type Sign } from "../signing/index.ts";
import { UserError } from "../util/errors.ts";
import { veilPolicy } from "./abi.ts";
import { policySection } from "./policy-section.ts";
import { readRawImage } from "./verify.ts";

/** What is to be signed is not what the image was signed for: it is another image. */
export class OtherImageError extends UserError {}

/** Signs what the image at `path` is signed for, and nothing else, unless `otherwise` can. @throws RangeError when the file is no image */
export async function signaturesOf(path: string, otherwise?: Sign): Promise<Sign> {
	const file = await open(path);
	try {
		const { manifest, manifestBytes } = await readRawImage(file);
		const signatures = [manifest.signature, veilPolicy.read(policySection({ manifest, manifestBytes })).signature];
		return async (message, key, signal) => {
			const found = signatures.find((signature) => isSignedBy(key, message, signature));
			if (found !== undefined) return found;
			try {
				if (otherwise !== undefined) return await otherwise(message, key, signal);
			} catch (error) {
				if (!(error instanceof UserError)) throw error;
			}
			throw new OtherImageError("it is not the image that was signed");
		};
	} finally {
		await file.close();
	}
}

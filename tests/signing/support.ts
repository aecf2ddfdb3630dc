// SPDX-License-Identifier: Apache-2.0
// Keys that tests sign with: the same in every run, and no use to anybody.
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { type PublicKey, publicKeyOf, type Sign } from "../../components/signing/index.ts";
import { rawPublicKey } from "../../components/signing/public-key.ts";
import { sha256 } from "../../components/util/digest.ts";

/** Before the 32 secret bytes in PKCS#8 (RFC 8410, 7). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/** A key that follows from a name. */
export interface TestKey {
	readonly privateKey: KeyObject;
	/** PKCS#8. */
	readonly pem: string;
	readonly publicKey: PublicKey;
	/** Signs with it, whichever key is asked for. */
	readonly sign: Sign;
}

export function testKey(name: string): TestKey {
	const seed = Buffer.from(sha256(name).slice("sha256:".length), "hex");
	const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: "der", type: "pkcs8" });
	const publicKey = publicKeyOf(rawPublicKey(createPublicKey(privateKey)).toString("hex"));
	if (typeof publicKey === "string") throw new Error(publicKey);
	return {
		privateKey,
		pem: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
		publicKey,
		sign: async (message) => sign(null, message, privateKey),
	};
}

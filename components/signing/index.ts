// SPDX-License-Identifier: Apache-2.0
// Signing: keys, who holds them, and what is signed. It knows no documents and no images.
export { openEnvelope, signEnvelope } from "./dsse.ts";
export { signedMessage } from "./message.ts";
export { checkKeyName, type HeldKey, listPrivateKeys, makePrivateKey, privateKeyDir } from "./private-keys.ts";
export {
	fingerprintOf,
	isSignedBy,
	KEY_FILE_MAX_BYTES,
	type PublicKey,
	parsePublicKey,
	publicKeyOf,
	publicKeyPem,
} from "./public-key.ts";
export { SIGN_COMMAND } from "./sign-command.ts";
export { type Sign, signer } from "./signer.ts";

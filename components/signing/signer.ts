// SPDX-License-Identifier: Apache-2.0
// Signs by whatever holds the private key, and believes nobody: each signature is checked before it is used.
import { sign } from "node:crypto";
import { UserError } from "../util/errors.ts";
import { findPrivateKey, privateKeyDir } from "./private-keys.ts";
import { isSignedBy, type PublicKey } from "./public-key.ts";
import { SIGN_COMMAND, signByCommand } from "./sign-command.ts";

/** Signs a message with the private key that belongs to a public one. @throws UserError when that cannot be done here */
export type Sign = (message: Uint8Array, key: PublicKey, signal?: AbortSignal) => Promise<Uint8Array>;

export interface SignerOptions {
	/** A command that signs; without one the key is looked for among this machine's. */
	readonly command?: string | undefined;
	/** Where this machine's private keys are. */
	readonly folder?: string;
	/** How long the command may take. */
	readonly deadlineMs?: number;
}

/** A signer that uses the command where there is one, and else the private keys of this machine. */
export function signer({ command, folder, deadlineMs }: SignerOptions = {}): Sign {
	return async (message, key, signal) => {
		const isCommand = command !== undefined && command !== "";
		const signature = isCommand
			? await signByCommand(command, message, key, signal, deadlineMs)
			: await signHere(message, key, folder);
		if (isSignedBy(key, message, signature)) return signature;
		throw new UserError(`the ${isCommand ? "signing command" : "private key"} gave a signature that is not of ${key.fingerprint}`, {
			remedy: isCommand ? "let it sign with the key that the phone declares: PERSONA_SIGN_KEY names it" : "make another key",
		});
	};
}

async function signHere(message: Uint8Array, key: PublicKey, folder?: string): Promise<Uint8Array> {
	const found = await findPrivateKey(key, folder);
	if (found !== undefined) return sign(null, message, found);
	throw new UserError(`the private key of ${key.fingerprint} is not on this machine`, {
		where: folder ?? privateKeyDir(),
		remedy:
			`run this where the key is, or set ${SIGN_COMMAND} (or \`pulumi config set persona:signCommand\`) to a command that signs; ` +
			"previews need no key",
	});
}

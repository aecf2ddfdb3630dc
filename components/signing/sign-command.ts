// SPDX-License-Identifier: Apache-2.0
// A signing command: what stands between this machine and a key that it does not have, in a CI's vault or a hardware module.
import { UserError } from "../util/errors.ts";
import { printable } from "../util/printable.ts";
import { ProcessError, run } from "../util/process.ts";
import type { PublicKey } from "./public-key.ts";

/** The environment's name for the signing command; it goes before the provider's configuration. */
export const SIGN_COMMAND = "PERSONA_SIGN_COMMAND";

/** Time for a person to touch a token. */
const DEADLINE_MS = 120_000;
const SIGNATURE_BYTES = 64;

/** What a signing command is given to choose the key by. */
const variablesFor = ({ hex, fingerprint }: PublicKey) => ({ PERSONA_SIGN_KEY: fingerprint, PERSONA_SIGN_PUBLIC_KEY: hex });

/**
 * Has the command sign a message: the shell runs it, with the message as its input and 64 bytes, or their Base64, as its output.
 *
 * @throws UserError when it fails, takes too long, or gives something else
 */
export async function signByCommand(
	command: string,
	message: Uint8Array,
	key: PublicKey,
	signal?: AbortSignal,
	deadlineMs = DEADLINE_MS,
): Promise<Uint8Array> {
	const deadline = AbortSignal.timeout(deadlineMs);
	const signals = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
	let stdout: string;
	let stderr: string;
	try {
		// By the environment, which neither `ps` nor a log shows.
		({ stdout, stderr } = await run("sh", ["-c", `eval "$${SIGN_COMMAND}"`], {
			env: { ...process.env, ...variablesFor(key), [SIGN_COMMAND]: command },
			input: message,
			signal: signals,
			stdoutEncoding: "latin1",
		}));
	} catch (error) {
		if (signal?.aborted !== true && deadline.aborted)
			throw new UserError(`the signing command has not answered for ${deadlineMs / 1000} s`, {
				remedy: "see whether it waits for a PIN, a touch or a network",
			});
		if (!(error instanceof ProcessError)) throw error;
		const end = error.signal ?? `exit status ${error.status ?? "unknown"}`;
		throw new UserError(`the signing command failed (${end})${lastLines(error.stderr)}`, {
			remedy: "it gets what is to be signed on its input, and PERSONA_SIGN_KEY names the key; see docs/guide/sign-images.md",
			cause: error,
		});
	}
	const signature = signatureIn(stdout);
	if (signature !== undefined) return signature;
	throw new UserError(`the signing command gave ${stdout.length} bytes that are no signature${lastLines(stderr)}`, {
		remedy: `it is to write ${SIGNATURE_BYTES} bytes, or those in Base64, and nothing else`,
	});
}

function signatureIn(stdout: string): Uint8Array | undefined {
	if (stdout.length === SIGNATURE_BYTES) return Uint8Array.from(Buffer.from(stdout, "latin1"));
	// Base64 of 64 bytes is 86 characters and its padding; `base64` and `openssl` break lines.
	const text = stdout.replace(/[\r\n]/g, "");
	return /^[A-Za-z0-9+/]{86}==$/.test(text) ? Uint8Array.from(Buffer.from(text, "base64")) : undefined;
}

/** The end of what it has said, made harmless for a terminal. */
function lastLines(stderr: string): string {
	const lines = stderr.trimEnd().split("\n").slice(-8).join("\n");
	return lines === "" ? "" : `:\n${printable(lines)}`;
}

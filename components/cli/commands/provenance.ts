// SPDX-License-Identifier: Apache-2.0
// `persona provenance [IMAGE]`: what a device image was made from, as a statement others can check; with --sign one that they can trust.
import { materialsOf, packagesOf, provenanceOf, renderProvenance, renderSbom, signProvenance } from "../../account/index.ts";
import { readDeviceImage } from "../../image/index.ts";
import { listPrivateKeys, type PublicKey, SIGN_COMMAND, signer } from "../../signing/index.ts";
import { UserError } from "../../util/errors.ts";
import { accountContext, type ChosenImage, chooseImage, knownComposition } from "../images.ts";
import { deliver } from "../output.ts";
import { withProgress } from "../progress.ts";
import { trustedKeys } from "../public-keys.ts";
import type { Terminal } from "../terminal.ts";
import type { AccountFormat } from "./sbom.ts";

export interface ProvenanceOptions {
	readonly handset?: string | undefined;
	readonly format: AccountFormat;
	/** Where to; standard output by default. */
	readonly output?: string | undefined;
	/** URI of who built it. */
	readonly builder?: string | undefined;
	/** In an envelope that the key of the image has signed; it is JSON whatever the format. */
	readonly sign: boolean;
	/** Files of public keys among which that key is looked for. */
	readonly key: readonly string[];
}

export async function provenance(terminal: Terminal, what: string | undefined, options: ProvenanceOptions): Promise<void> {
	if (options.sign && options.format === "markdown")
		throw new UserError("what is signed is JSON, and no Markdown", { remedy: "leave out --sign or --markdown" });
	const text = await withProgress(terminal, "accounting for the image", async (progress, signal) => {
		const image = await chooseImage(what, { handset: options.handset, progress, signal });
		const key = options.sign ? await signingKey(image, options.key, signal) : undefined;
		const composition = knownComposition(image);
		const context = await accountContext({ progress, signal });
		const packages = await packagesOf(composition, context);
		const materials = await materialsOf(composition, context.store, signal);
		const statement = provenanceOf(composition, renderSbom(composition, packages), materials, options.builder, image.rules);
		const json = `${JSON.stringify(statement, undefined, 2)}\n`;
		if (key === undefined) return options.format === "json" ? json : renderProvenance(statement, options.format);
		return signProvenance(json, key, signer({ command: process.env[SIGN_COMMAND] }), signal);
	});
	await deliver(terminal, text, options.output);
}

/** The key that has signed an image. @throws UserError where nobody has, or its public part is not at hand */
async function signingKey({ name, path }: ChosenImage, files: readonly string[], signal: AbortSignal): Promise<PublicKey> {
	const held = (await listPrivateKeys()).flatMap(({ publicKey }) => (publicKey === undefined ? [] : [publicKey]));
	const keys = [...(await trustedKeys(files)), ...held];
	const { signature, signed, problems } = await readDeviceImage(path, keys, signal);
	if (problems.length > 0) throw new UserError(`${name} must not run: ${problems.join("; ")}`, { remedy: "see `persona verify`" });
	if (signed === null) {
		throw new UserError(`nobody has signed ${name}, and so nobody signs its provenance`, {
			remedy: "declare who signs the phone's images (docs/guide/sign-images.md), or leave out --sign",
		});
	}
	const key = keys.find(({ fingerprint }) => fingerprint === signature);
	if (key !== undefined) return key;
	throw new UserError(`the public key ${signature}, which signed ${name}, is not among the project's`, {
		remedy: "name its file: --key release.pub.pem",
	});
}

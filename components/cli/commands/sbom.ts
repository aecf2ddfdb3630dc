// SPDX-License-Identifier: Apache-2.0
// `persona sbom [IMAGE]`: what is in a device image, package by package, with licences.
import { collectLicences, packagesOf, renderSbom, renderSbomTables } from "../../account/index.ts";
import { writingTo } from "../../util/writing.ts";
import { accountContext, chooseImage, knownComposition } from "../images.ts";
import { deliver } from "../output.ts";
import { withProgress } from "../progress.ts";
import type { Terminal } from "../terminal.ts";

/** How an account is written. */
export type AccountFormat = "text" | "markdown" | "json";

export interface SbomOptions {
	readonly handset?: string | undefined;
	readonly format: AccountFormat;
	/** Where to; standard output by default. */
	readonly output?: string | undefined;
	/** Folder that licence texts are collected in. */
	readonly licences?: string | undefined;
}

export async function sbom(terminal: Terminal, what: string | undefined, options: SbomOptions): Promise<void> {
	const { composition, packages } = await withProgress(terminal, "accounting for the image", async (progress, signal) => {
		const image = knownComposition(await chooseImage(what, { handset: options.handset, progress, signal }));
		return { composition: image, packages: await packagesOf(image, await accountContext({ progress, signal })) };
	});
	const { licences } = options;
	if (licences !== undefined) {
		const { files, without, missing } = await writingTo(licences, () => collectLicences([...packages.values()].flat(), licences));
		terminal.err.write(`${files.length} licence texts are in ${licences}\n`);
		if (without.length > 0) terminal.err.write(`without a text in their packages: ${without.join(", ")}\n`);
		if (missing.length > 0) terminal.err.write(`referred to, but not on this machine: ${missing.join(", ")}\n`);
	}
	const text =
		options.format === "json" ? renderSbom(composition, packages) : renderSbomTables(composition, packages, options.format);
	await deliver(terminal, text, options.output);
}

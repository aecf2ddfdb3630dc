// SPDX-License-Identifier: Apache-2.0
// `persona provenance [IMAGE]`: what a device image was made from, as a statement others can check.
import { writeFile } from "node:fs/promises";
import { packagesOf, provenanceOf, renderProvenance, renderSbom } from "../../account/index.ts";
import { accountContext, chooseImage, knownComposition } from "../images.ts";
import { withProgress } from "../progress.ts";
import { print, type Terminal } from "../terminal.ts";
import type { AccountFormat } from "./sbom.ts";

export interface ProvenanceOptions {
	readonly handset?: string | undefined;
	readonly format: AccountFormat;
	/** Where to; standard output by default. */
	readonly output?: string | undefined;
	/** URI of who built it. */
	readonly builder?: string | undefined;
}

export async function provenance(terminal: Terminal, what: string | undefined, options: ProvenanceOptions): Promise<void> {
	const statement = await withProgress(terminal, "accounting for the image", async (progress, signal) => {
		const composition = knownComposition(await chooseImage(what, { handset: options.handset, progress, signal }));
		const packages = await packagesOf(composition, await accountContext({ progress, signal }));
		return provenanceOf(composition, renderSbom(composition, packages), options.builder);
	});
	const text =
		options.format === "json" ? `${JSON.stringify(statement, undefined, 2)}\n` : renderProvenance(statement, options.format);
	if (options.output === undefined) print(terminal, text);
	else await writeFile(options.output, text);
}

// SPDX-License-Identifier: Apache-2.0
// `persona diff OLD NEW`: what changes in a phone's image, for who has to approve it.
import { diffImages, imageContents, packageVersions, renderDiff } from "../../account/index.ts";
import { openStore } from "../../image/index.ts";
import { chooseImage } from "../images.ts";
import { deliver } from "../output.ts";
import { withProgress } from "../progress.ts";
import type { Terminal } from "../terminal.ts";
import type { AccountFormat } from "./sbom.ts";

export interface DiffOptions {
	readonly handset?: string | undefined;
	readonly format: AccountFormat;
	/** Where to; standard output by default. */
	readonly output?: string | undefined;
}

export async function diff(terminal: Terminal, old: string, now: string | undefined, options: DiffOptions): Promise<void> {
	const notes: string[] = [];
	const found = await withProgress(terminal, "comparing", async (progress, signal) => {
		const store = await openStore();
		const contents = async (what: string | undefined) => {
			const { name, path, composition, note } = await chooseImage(what, { handset: options.handset, progress, signal });
			if (note !== undefined) notes.push(note);
			return imageContents(name, path, composition, await packageVersions(composition, store, signal), signal);
		};
		return diffImages(await contents(old), await contents(now));
	});
	for (const note of notes) terminal.err.write(`${note}\n`);
	const text = options.format === "json" ? `${JSON.stringify(found, undefined, 2)}\n` : renderDiff(found, options.format);
	await deliver(terminal, text, options.output);
}

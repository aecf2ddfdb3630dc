// SPDX-License-Identifier: Apache-2.0
// The options of the kernels that we build: a list for each architecture, on top of `make allnoconfig`.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Board } from "../manifest/index.ts";
import { packageRoot } from "../util/paths.ts";

/** The lines of our list that say something, in its order. */
export async function linuxOptions(architecture: Board["architecture"]): Promise<string[]> {
	const text = await readFile(join(packageRoot(), `guest/linux-${architecture}/config`), "utf8");
	return text.split("\n").filter((line) => /^(CONFIG_|# CONFIG_\w+ is not set$)/.test(line));
}

/** Options that are not in the configuration that came of them: what is unknown or unsatisfied is dropped without a word. */
export function lostOptions(options: readonly string[], configuration: string): string[] {
	const got = new Set(configuration.split("\n"));
	return options.filter((line) => {
		const off = /^# (CONFIG_\w+) is not set$/.exec(line)?.[1];
		// One that is switched off may just as well not be asked about.
		return off === undefined ? !got.has(line) : got.has(`${off}=y`);
	});
}

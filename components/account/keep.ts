// SPDX-License-Identifier: Apache-2.0
// Copies artifacts that came out different to a folder of the user's, both ways.
import { cp, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../util/errors.ts";
import { writingTo } from "../util/writing.ts";
import type { NamedArtifact } from "./artifacts.ts";

/**
 * Copies what has one of these names to `first/` and `second/` of a folder.
 *
 * @returns why not all of it could be copied, in words: minutes of building are not lost for that. What is there is whole.
 */
export async function keep(
	names: readonly string[],
	built: Readonly<Record<"first" | "second", readonly NamedArtifact[]>>,
	folder: string,
): Promise<string | undefined> {
	for (const name of names) {
		for (const side of ["first", "second"] as const) {
			const path = built[side].find((artifact) => artifact.name === name)?.path;
			if (path === undefined) continue;
			const target = join(folder, side, name.replaceAll("/", "-").replaceAll(" ", "-"));
			try {
				await writingTo(target, () => copy(path, target));
			} catch (error) {
				if (error instanceof UserError) return error.render();
				throw error;
			}
		}
	}
	return undefined;
}

async function copy(path: string, target: string): Promise<void> {
	await mkdir(dirname(target), { recursive: true });
	try {
		await cp(path, target);
	} catch (error) {
		// Half of an artifact is worse than none. Where it cannot be removed there is nothing of it.
		await rm(target, { force: true }).catch(() => {});
		throw error;
	}
}

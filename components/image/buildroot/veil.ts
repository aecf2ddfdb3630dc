// SPDX-License-Identifier: Apache-2.0
// Veil as a package of Buildroot's, in a run of its own.
import type { Board } from "../../manifest/index.ts";
import type { LockFile } from "../lock.ts";
import type { Blob } from "../store.ts";
import type { BuildContext, BuildrootInputs } from "../types.ts";
import { buildrootImage, buildrootKey, RECIPE } from "./build.ts";
import { boardLines, veilLines } from "./config.ts";
import { buildrootSource } from "./source.ts";
import { toolchainPackages } from "./toolchain.ts";

/** What Veil is built from, beside its own sources. @throws UserError when Buildroot or a compiler is missing */
export async function veilInputs(board: Board, lock: LockFile): Promise<BuildrootInputs> {
	const { version, digest } = await buildrootSource(lock, "veil.builder");
	return {
		version,
		source: digest,
		toolchain: await toolchainPackages(board.architecture),
		config: veilLines(await boardLines(board.name)),
		recipe: RECIPE,
	};
}

/** Veil from a folder of its sources, which have that digest, with further variables for its makefile. */
export function veilByBuildroot(
	inputs: BuildrootInputs,
	{ board, sources, digest, options }: { board: string; sources: string; digest: string; options: readonly string[] },
	context: BuildContext,
): Promise<Blob> {
	return buildrootImage(
		{ inputs, image: "veil.bin", places: {}, veil: { board, sources, options } },
		buildrootKey(inputs, "veil.bin", [digest, ...options]),
		context,
	);
}

// SPDX-License-Identifier: Apache-2.0
// The kernel of guests that Buildroot builds, in a run of its own: from the sources that the lock pins, with a list of options.
import type { Board } from "../../manifest/index.ts";
import { linuxOptions } from "../linux-options.ts";
import type { LockEntry } from "../lock.ts";
import type { Blob } from "../store.ts";
import type { BuildContext, BuildrootInputs, BuildrootKernelInputs } from "../types.ts";
import { buildrootImage, buildrootKey, RECIPE } from "./build.ts";
import { boardLines, kernelImageName, kernelLines } from "./config.ts";
import { toolchainPackages } from "./toolchain.ts";

/** What a kernel is built from by a release, beside its sources. `asked`: options that a document asks for. @throws UserError when the compiler is missing */
export async function kernelInputs(
	board: Board,
	asked: readonly string[],
	release: Pick<BuildrootInputs, "version" | "source">,
): Promise<BuildrootKernelInputs> {
	return {
		...release,
		toolchain: await toolchainPackages(board.architecture),
		config: kernelLines(await boardLines(board.name)),
		options: [...(await linuxOptions(board.architecture)), ...[...new Set(asked)].sort()],
		recipe: RECIPE,
	};
}

/** What a kernel is remembered under: personas with the same options share it. `sources` is the package of its sources. */
export function buildrootKernelKey({ options, ...run }: BuildrootKernelInputs, sources: LockEntry): string {
	return buildrootKey(run, kernelImageName(run.config), [sources.sha256, ...options]);
}

/**
 * The kernel, from the store where it was built from the same inputs before: an arm64 `Image`, or for ARMv6 the ELF file with symbols.
 *
 * @throws UserError when an option did not come into force, or it does not compile
 */
export function buildrootKernel(
	inputs: BuildrootKernelInputs,
	sources: LockEntry,
	places: Readonly<Record<string, string>>,
	fetch: () => Promise<Blob>,
	context: BuildContext,
): Promise<Blob> {
	const { options, ...run } = inputs;
	const linux = { options, package: fetch };
	return buildrootImage(
		{ inputs: run, image: kernelImageName(run.config), places, linux },
		buildrootKernelKey(inputs, sources),
		context,
	);
}

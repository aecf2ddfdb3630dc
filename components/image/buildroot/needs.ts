// SPDX-License-Identifier: Apache-2.0
// What a run of Buildroot takes of the disk, a little more than was seen: nobody knows beforehand how large sources are, or what comes of them.
import type { BuildrootInputs } from "../types.ts";
import { choosesToolchain } from "./config.ts";

const MIB = 1 << 20;

/** Buildroot with busybox alone: 180 MB while it ran, of them 130 its output; 3 MB of archives, as much of an image, 10 MB in ccache, and the compiler's copy, 51 MB. */
const ALONE = { kept: 80 * MIB, scratch: 200 * MIB };
/** A package of middling size more, with what it needs. */
const PACKAGE = { kept: 15 * MIB, scratch: 80 * MIB };
/** A compiler that is compiled first, or that is downloaded. */
const OWN_TOOLCHAIN = { kept: 1500 * MIB, scratch: 7000 * MIB };
const EXTERNAL_TOOLCHAIN = { kept: 150 * MIB, scratch: 1000 * MIB };

/** Bytes that stay, and bytes more while it runs. */
export function buildrootNeeds({ config }: Pick<BuildrootInputs, "config">): { kept: number; scratch: number } {
	const packages = config.filter((line) => /^BR2_PACKAGE_\w+=y$/.test(line)).length;
	const parts = [ALONE, ...Array.from({ length: packages }, () => PACKAGE)];
	if (config.includes("BR2_TOOLCHAIN_BUILDROOT=y")) parts.push(OWN_TOOLCHAIN);
	else if (choosesToolchain(config)) parts.push(EXTERNAL_TOOLCHAIN);
	return {
		kept: parts.reduce((sum, { kept }) => sum + kept, 0),
		scratch: parts.reduce((sum, { scratch }) => sum + scratch, 0),
	};
}

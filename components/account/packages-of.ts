// SPDX-License-Identifier: Apache-2.0
// The packages of every persona of an image, by what built its guest.
import type { Composition } from "../image/index.ts";
import { prefixed } from "../util/progress.ts";
import { buildrootPackages } from "./buildroot-packages.ts";
import { type AccountContext, debianPackages } from "./debian-packages.ts";
import type { AccountedPackage } from "./packages.ts";

/** The packages by persona name; a guest that was brought as it is has none. @throws UserError when a package cannot be had any more */
export async function packagesOf(composition: Composition, context: AccountContext): Promise<Map<string, AccountedPackage[]>> {
	const found = new Map<string, AccountedPackage[]>();
	for (const [name, { inputs }] of Object.entries(composition.guests)) {
		if (inputs === undefined) continue;
		const progress = prefixed(context.progress, name);
		// Also where Buildroot makes the root filesystem, Debian's kernel is under it.
		found.set(name, [...(await debianPackages(inputs, { ...context, progress })), ...buildrootPackages(inputs)]);
	}
	return found;
}

// SPDX-License-Identifier: Apache-2.0
// The packages of every persona of an image, by what built its guest.
import type { Composition } from "../image/index.ts";
import { UserError } from "../util/errors.ts";
import { prefixed } from "../util/progress.ts";
import { buildrootPackages, builtBySource } from "./buildroot-packages.ts";
import { type AccountContext, debianPackages } from "./debian-packages.ts";
import type { AccountedPackage } from "./packages.ts";

/** The packages by persona name; a guest that was brought as it is has none. @throws UserError when a package cannot be had any more */
export async function packagesOf(composition: Composition, context: AccountContext): Promise<Map<string, AccountedPackage[]>> {
	const found = new Map<string, AccountedPackage[]>();
	const bySource = await builtBySource(composition, context.store, context.signal);
	for (const [name, { inputs }] of Object.entries(composition.guests)) {
		if (inputs === undefined) continue;
		const progress = prefixed(context.progress, name);
		const compiled = bySource.get(name);
		if (inputs.buildroot !== undefined && compiled === undefined) {
			throw new UserError(`what Buildroot built for persona ${name} is not known in this store any more`, {
				remedy: "name the stack instead of its image, and it is built again",
			});
		}
		// Also where Buildroot builds, the sources of the kernel are Debian's.
		const debian = await debianPackages(inputs, { ...context, progress });
		found.set(name, [...debian, ...(compiled === undefined ? [] : buildrootPackages(compiled))]);
	}
	return found;
}

// SPDX-License-Identifier: Apache-2.0
// The packages of an image as far as two images are compared by them: names, versions and digests, without what has to be fetched for more.
import type { Composition, Store } from "../image/index.ts";
import { buildrootPackages, builtBySource } from "./buildroot-packages.ts";
import type { PackageVersion } from "./package-changes.ts";

/** By persona name; a guest whose packages this store does not know is missing. */
export async function packageVersions(
	composition: Composition | undefined,
	store: Store,
	signal?: AbortSignal,
): Promise<Map<string, readonly PackageVersion[]>> {
	const found = new Map<string, readonly PackageVersion[]>();
	if (composition === undefined) return found;
	const bySource = await builtBySource(composition, store, signal);
	for (const [name, { inputs }] of Object.entries(composition.guests)) {
		if (inputs === undefined) continue;
		const compiled = bySource.get(name);
		if (inputs.buildroot === undefined) found.set(name, inputs.lock);
		else if (compiled !== undefined) found.set(name, [...inputs.lock, ...buildrootPackages(compiled)]);
	}
	return found;
}

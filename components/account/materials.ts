// SPDX-License-Identifier: Apache-2.0
// What Buildroot took for what it built: itself, the compiler it was given, and every archive of sources, also those of the build machine's tools.
import type { BuildrootInputs, Composition, Store } from "../image/index.ts";
import { builtBySource } from "./buildroot-packages.ts";
import type { Resource } from "./provenance.ts";
import { buildrootPurl, sourcePurl } from "./purl.ts";

/** By persona name. */
export type Materials = ReadonlyMap<string, readonly Resource[]>;

/** The materials of all guests that Buildroot has built, as far as this store knows. */
export async function materialsOf(composition: Composition, store: Store, signal?: AbortSignal): Promise<Materials> {
	const found = new Map<string, readonly Resource[]>();
	for (const [name, { buildroot, account }] of await builtBySource(composition, store, signal)) {
		const archives = account.archives.map((archive) => ({
			uri: sourcePurl(archive.package, archive.version, archive),
			digest: { sha256: archive.sha256 },
			annotations: { file: archive.file },
		}));
		found.set(name, [...compilerMaterials(buildroot), ...archives]);
	}
	return found;
}

/** Buildroot itself and the compiler it was given; nothing where Buildroot was not used. */
export function compilerMaterials(built: BuildrootInputs | undefined): Resource[] {
	if (built === undefined) return [];
	// Of the release's archive, or of the names and contents of a folder: which one is not told, so it is no plain sha256.
	const digest = { "persona-source-sha256": built.source.replace(/^sha256:/, "") };
	// Which distribution's packages compiled is not told, either.
	const compiler = built.toolchain.map((entry) => {
		const [name = "", version = ""] = entry.split(/=(.*)/s);
		return { uri: sourcePurl(name, version) };
	});
	return [{ uri: buildrootPurl(built.version), digest }, ...compiler];
}

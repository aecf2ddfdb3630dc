// SPDX-License-Identifier: Apache-2.0
// The packages of a guest whose root filesystem Buildroot has built, as Buildroot itself accounted for them when it did.
import { type BuildrootAccount, type Composition, type GuestInputs, rootAccount, type Store } from "../image/index.ts";
import { type Licence, licencesOf, licencesOfTerms } from "./copyright.ts";
import type { AccountedPackage } from "./packages.ts";
import { buildrootPurl, installedPurl, sourcePurl } from "./purl.ts";

/** What Buildroot built for a guest, and which Buildroot it was. */
export interface BuiltBySource {
	readonly buildroot: NonNullable<GuestInputs["buildroot"]>;
	readonly account: BuildrootAccount;
}

/** By persona name, of each guest that Buildroot has built and this store knows of. */
export async function builtBySource(
	{ guests }: Composition,
	store: Store,
	signal?: AbortSignal,
): Promise<Map<string, BuiltBySource>> {
	const found = new Map<string, BuiltBySource>();
	for (const [name, { inputs }] of Object.entries(guests)) {
		if (inputs?.buildroot === undefined) continue;
		const account = await rootAccount(inputs.buildroot, store, signal);
		if (account !== undefined) found.set(name, { buildroot: inputs.buildroot, account });
	}
	return found;
}

/** The packages, by Buildroot's names, and those of the compiler it was given that left something in the image. */
export function buildrootPackages({ buildroot, account }: BuiltBySource): AccountedPackage[] {
	const compiled = account.packages.map(({ name, version, licence, licenceTexts, archive, dependsOn, cpe }) => ({
		name,
		version: version ?? buildroot.version,
		// What has neither version nor archive is files of Buildroot's own.
		purl:
			version === undefined && archive === undefined
				? buildrootPurl(buildroot.version, `package/${name}`)
				: sourcePurl(name, version ?? "", archive),
		...(archive === undefined ? {} : { sha256: archive.sha256 }),
		...(cpe === undefined ? {} : { cpe }),
		licences: licence === "" ? [{ name: "not stated in Buildroot" }] : buildrootLicences(licence),
		licenceTexts,
		dependsOn,
		contains: [],
		isKernel: name === "linux",
	}));
	const given = account.compiler.map((one) => ({
		name: one.name,
		version: one.version,
		purl: installedPurl(one),
		licences: one.copyright === undefined ? [{ name: "not stated in the package" }] : licencesOf(one.copyright),
		licenceTexts: one.copyright === undefined ? [] : [one.copyright],
		dependsOn: [],
		contains: [],
		isKernel: false,
	}));
	return [...compiled, ...given];
}

/** Licences as Buildroot writes them: `GPL-2.0+ (programs), MIT or ISC`. A remark is left out where SPDX has the licence. */
export function buildrootLicences(text: string): Licence[] {
	const terms = topLevelParts(text).map((part) => ({ part, bare: part.replace(/\s*\([^()]*\)/g, "").trim() }));
	const known = licencesOfTerms(terms.map(({ bare }) => bare));
	const isNamed = known.some((licence) => "name" in licence);
	if (!isNamed) return known;
	const each = terms.flatMap(({ part, bare }) =>
		licencesOfTerms([bare]).map((licence) => ("id" in licence ? licence : { name: part })),
	);
	return [...new Map(each.map((licence) => [JSON.stringify(licence), licence])).values()];
}

/** Parts between commas that are in no brackets. */
function topLevelParts(text: string): string[] {
	const parts = [""];
	let depth = 0;
	for (const character of text) {
		if (character === "(") depth++;
		if (character === ")") depth--;
		if (character === "," && depth <= 0) parts.push("");
		else parts[parts.length - 1] += character;
	}
	return parts.map((part) => part.trim()).filter((part) => part !== "");
}

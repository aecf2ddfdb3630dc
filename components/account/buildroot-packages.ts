// SPDX-License-Identifier: Apache-2.0
// The packages of a guest whose root filesystem Buildroot has built, as far as its inputs tell: those the document names, at the versions of
// that release of Buildroot. What they need and what is always there is not among them.
import type { GuestInputs } from "../image/index.ts";
import type { AccountedPackage } from "./packages.ts";

/** The packages, by Buildroot's names. */
export function buildrootPackages({ buildroot, packages }: Pick<GuestInputs, "buildroot" | "packages">): AccountedPackage[] {
	if (buildroot === undefined) return [];
	return packages.map((name) => ({
		name,
		version: `of Buildroot ${buildroot.version}`,
		purl: `pkg:generic/${encodeURIComponent(name)}?buildroot=${encodeURIComponent(buildroot.version)}`,
		licences: [{ name: "see Buildroot's legal-info" }],
		licenceTexts: [],
		dependsOn: [],
		contains: [],
		isKernel: false,
	}));
}

// SPDX-License-Identifier: Apache-2.0
// The packages that a guest was built from, whatever built it, as accounts of images tell of them.
import type { Licence } from "./copyright.ts";

/** One package. A builder gives a list of these for each of its guests. */
export interface AccountedPackage {
	readonly name: string;
	readonly version: string;
	/** https://github.com/package-url/purl-spec */
	readonly purl: string;
	/** Hex, of the package's file or archive. */
	readonly sha256?: string;
	/** By which lists of known faults call it. */
	readonly cpe?: string;
	readonly summary?: string;
	readonly homepage?: string;
	readonly licences: readonly Licence[];
	/** Texts of its licences; none where the package brings none. */
	readonly licenceTexts: readonly string[];
	/** Names of others in the list that it needs. */
	readonly dependsOn: readonly string[];
	/** What parts of it are linked into this one. */
	readonly contains: readonly { readonly name: string; readonly version: string; readonly purl: string }[];
	/** It is what the kernel comes from, and not in the root filesystem. */
	readonly isKernel: boolean;
}

// SPDX-License-Identifier: Apache-2.0
// Package URLs (https://github.com/package-url/purl-spec) of Debian's packages and of this one.
import { PackageURL } from "packageurl-js";
import { DEBIAN_SUITE } from "../image/index.ts";
import { packageVersion } from "../util/version.ts";

/** Of a Debian package; `architecture` may be `source`. */
export function debianPurl({ name, version }: { name: string; version: string }, architecture: string): string {
	const qualifiers = { arch: architecture, distro: DEBIAN_SUITE };
	// A plus is among what the specification wants escaped, and some readers take one for a blank.
	return new PackageURL("deb", "debian", name, version, qualifiers, undefined).toString().replaceAll("+", "%2B");
}

/** Of this package, or of a folder in it. */
export function ownPurl(folder?: string): string {
	return `pkg:npm/pulumi-persona@${packageVersion()}${folder === undefined ? "" : `#${folder}`}`;
}

// SPDX-License-Identifier: Apache-2.0
// Package URLs (https://github.com/package-url/purl-spec) of Debian's packages, of sources from anywhere, and of this package.
import { PackageURL } from "packageurl-js";
import { type CompilerPackage, DEBIAN_SUITE, type SourceArchive } from "../image/index.ts";
import { packageVersion } from "../util/version.ts";

/** Of a Debian package; `architecture` may be `source`. */
export function debianPurl({ name, version }: { name: string; version: string }, architecture: string): string {
	const qualifiers = { arch: architecture, distro: DEBIAN_SUITE };
	// A plus is among what the specification wants escaped, and some readers take one for a blank.
	return new PackageURL("deb", "debian", name, version, qualifiers, undefined).toString().replaceAll("+", "%2B");
}

/** Of a package of this machine's distribution. */
export function installedPurl({ name, version, vendor, suite }: CompilerPackage): string {
	const qualifiers = { arch: "all", ...(suite === "" ? {} : { distro: suite }) };
	return new PackageURL("deb", vendor, name, version, qualifiers, undefined).toString().replaceAll("+", "%2B");
}

/** Of something that is compiled from an author's archive. */
export function sourcePurl(name: string, version: string, archive?: SourceArchive): string {
	const qualifiers =
		archive === undefined
			? undefined
			: { checksum: `sha256:${archive.sha256}`, ...(archive.url === undefined ? {} : { download_url: archive.url }) };
	return new PackageURL("generic", undefined, name, version, qualifiers, undefined).toString().replaceAll("+", "%2B");
}

/** Of what is in Buildroot itself. */
export function buildrootPurl(version: string, folder?: string): string {
	return new PackageURL("generic", undefined, "buildroot", version, undefined, folder).toString().replaceAll("+", "%2B");
}

/** Of this package, or of a folder in it. */
export function ownPurl(folder?: string): string {
	return `pkg:npm/pulumi-persona@${packageVersion()}${folder === undefined ? "" : `#${folder}`}`;
}

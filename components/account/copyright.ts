// SPDX-License-Identifier: Apache-2.0
// Licences that a Debian copyright file names: in SPDX's terms where it is machine-readable (the format "DEP-5",
// https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/) and SPDX has them, else by the name it gives.
import { SPDX } from "@cyclonedx/cyclonedx-library";

/** One licence: an identifier or expression of SPDX, or a name that only the copyright file explains. */
export type Licence = { readonly id: string } | { readonly expression: string } | { readonly name: string };

// Debian's short names that are not SPDX's own; those of the GNU licences follow a rule.
const SPDX_NAMES: Readonly<Record<string, string>> = {
	"apache-2": "Apache-2.0",
	artistic: "Artistic-1.0-Perl",
	"artistic-1": "Artistic-1.0-Perl",
	"artistic-2": "Artistic-2.0",
	"bsd-2": "BSD-2-Clause",
	"bsd-3": "BSD-3-Clause",
	"bsd-4": "BSD-4-Clause",
	cc0: "CC0-1.0",
	"cc-by-sa": "CC-BY-SA-3.0",
	curl: "curl",
	expat: "MIT",
	"gfdl-1.3": "GFDL-1.3-only",
	"gfdl-1.3+": "GFDL-1.3-or-later",
	"gfdl-niv-1.3": "GFDL-1.3-no-invariants-only",
	"gfdl-niv-1.3+": "GFDL-1.3-no-invariants-or-later",
	isc: "ISC",
	"mit/x11": "MIT",
	openssl: "OpenSSL",
	python: "Python-2.0",
	psf: "PSF-2.0",
	x11: "X11",
	zlib: "Zlib",
};

/**
 * The licences of a package: one identifier or expression where the whole copyright file can be said so, else each one by itself.
 * Of a file that is not machine-readable nothing is guessed; the licences of Debian that it refers to are in the name.
 */
export function licencesOf(copyright: string): Licence[] {
	const stated = filesLicences(copyright);
	return stated.length === 0 ? [{ name: looseName(copyright) }] : licencesOfTerms(stated);
}

/** Terms that hold together, each as its author writes it: one identifier or expression where SPDX can say all, else each by itself. */
export function licencesOfTerms(stated: readonly string[]): Licence[] {
	const terms = stated.map((text) => ({ text, spdx: spdxExpression(text) }));
	const known = terms.flatMap(({ spdx }) => (spdx === undefined ? [] : [spdx]));
	if (known.length === terms.length) {
		const distinct = [...new Set(known)];
		const [only = ""] = distinct;
		if (distinct.length === 1 && SPDX.isSupportedSpdxId(only)) return [{ id: only }];
		return [
			{ expression: distinct.map((part) => (/ (OR|AND) /.test(part) && distinct.length > 1 ? `(${part})` : part)).join(" AND ") },
		];
	}
	// CycloneDX takes either one expression or a list of single licences.
	return distinctLicences(
		terms.map(({ text, spdx }) => (spdx !== undefined && SPDX.isSupportedSpdxId(spdx) ? { id: spdx } : { name: spdx ?? text })),
	);
}

/** Names of the files of /usr/share/common-licenses that a copyright file refers to. */
export function commonLicences(copyright: string): string[] {
	const names = [...copyright.matchAll(/\/usr\/share\/common-licenses\/([A-Za-z0-9.+-]*[A-Za-z0-9])/g)].map(
		([, name]) => name ?? "",
	);
	return [...new Set(names)].sort();
}

/** What `License:` of each paragraph about files says, in the order of the file. */
function filesLicences(copyright: string): string[] {
	const [head, ...paragraphs] = copyright.replaceAll("\r", "").split(/\n[ \t]*\n/);
	if (head === undefined || !/^Format:.*copyright-format/im.test(head)) return [];
	const found: string[] = [];
	for (const paragraph of [head, ...paragraphs]) {
		const licence = /^License:[ \t]*(.*)$/im.exec(paragraph)?.[1]?.trim();
		if (licence !== undefined && licence !== "" && (paragraph === head || /^Files:/im.test(paragraph))) found.push(licence);
	}
	return [...new Set(found)];
}

/** A licence specification of DEP-5 in SPDX's terms; undefined when some of it has none. */
function spdxExpression(specification: string): string | undefined {
	// A comma binds weaker than `and` and `or`: what stands between two is in brackets.
	const groups = specification.split(/,\s*(?=(?:and|or)\b)/i);
	const parts: string[] = [];
	for (const group of groups) {
		const [, joiner = "", body = ""] = /^(and\s+|or\s+)?(.*)$/is.exec(group.trim()) ?? [];
		const inner = simpleExpression(body);
		if (inner === undefined) return undefined;
		parts.push(joiner.trim().toUpperCase(), groups.length > 1 && / (OR|AND) /.test(inner) ? `(${inner})` : inner);
	}
	return parts.filter((part) => part !== "").join(" ");
}

function simpleExpression(text: string): string | undefined {
	const words = text.split(/\s+(and|or)\s+/i);
	const parts = words.map((word, index) => (index % 2 === 1 ? word.toUpperCase() : spdxName(word.trim())));
	return parts.includes(undefined) ? undefined : parts.join(" ");
}

function spdxName(word: string): string | undefined {
	const name = word.toLowerCase();
	const gnu = /^(a?l?gpl)-(\d)(?:\.(\d))?(?:\.0)?(\+?)$/.exec(name);
	const [, family = "", major = "", minor = "0", later = ""] = gnu ?? [];
	const own = gnu === null ? SPDX_NAMES[name] : `${family.toUpperCase()}-${major}.${minor}-${later === "" ? "only" : "or-later"}`;
	const candidate = own ?? SPDX.fixupSpdxId(name);
	return candidate !== undefined && SPDX.isSupportedSpdxId(candidate) ? candidate : undefined;
}

function looseName(copyright: string): string {
	const referred = commonLicences(copyright);
	return referred.length === 0 ? "see its copyright file" : `see its copyright file, which refers to ${referred.join(", ")}`;
}

function distinctLicences(licences: readonly Licence[]): Licence[] {
	return [...new Map(licences.map((licence) => [JSON.stringify(licence), licence])).values()];
}

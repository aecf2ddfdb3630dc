// SPDX-License-Identifier: Apache-2.0
// Where Debian's packages come from on this machine: the host's own mirrors where it is Debian.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../util/errors.ts";

/** Base URLs of Debian's archives, without a slash at the end. */
export interface DebianArchives {
	debian: string;
	"debian-security": string;
}

/** Where the host's files are; tests give their own. */
export interface SourcesHost {
	/** Root of the file system. */
	root?: string;
	variables?: NodeJS.ProcessEnv;
}

/**
 * Finds Debian's archives: `PERSONA_DEBIAN_MIRROR` (base URLs of mirrors, separated by blanks, each with its security archive beside it under
 * `debian-security` unless `PERSONA_DEBIAN_SECURITY_MIRROR` names that), else on a Debian host what its own sources name, else the
 * mirrors mmdebstrap takes by itself.
 *
 * @returns the first of each kind, which indexes are read from
 */
export function debianArchives(host: SourcesHost = {}): DebianArchives {
	const { debian, "debian-security": security } = debianMirrors(host);
	return { debian: debian[0], "debian-security": security[0] };
}

/** All archives of each kind that are known, in the order in which they are asked for packages; see {@link debianArchives}. */
export function debianMirrors({ root = "/", variables = process.env }: SourcesHost = {}): Record<keyof DebianArchives, Some> {
	const named = urls(variables.PERSONA_DEBIAN_MIRROR);
	if (isSome(named)) {
		const security = urls(variables.PERSONA_DEBIAN_SECURITY_MIRROR);
		return { debian: named, "debian-security": isSome(security) ? security : siblings(named) };
	}
	const uris = isDebian(root) ? hostArchives(root) : [];
	const found = [...new Set(uris.length > 0 ? uris : mmdebstrapDefaults(root))];
	const debian = found.filter((uri) => /\/debian$/.test(uri));
	if (!isSome(debian)) {
		throw new UserError("no mirror of Debian is known on this machine", {
			remedy: "set PERSONA_DEBIAN_MIRROR to the base URL of one, for instance that of the Debian mirror nearest to you",
		});
	}
	const security = found.filter((uri) => /debian-security$/.test(uri));
	return { debian, "debian-security": isSome(security) ? security : siblings(debian) };
}

type Some = [string, ...string[]];

function isSome(list: string[]): list is Some {
	return list.length > 0;
}

/** Base URLs that are separated by blanks, without slashes at their ends. */
export function urls(text = ""): string[] {
	return text
		.split(/\s+/)
		.filter((url) => url !== "")
		.map(trim);
}

function siblings(debian: Some): Some {
	return debian.map((uri) => uri.replace(/\/debian$/, "/debian-security")) as Some;
}

function isDebian(root: string): boolean {
	return /^ID=debian$/m.test(read(join(root, "etc/os-release")) ?? "");
}

// Third parties' sources are left out by their paths: Debian's archives end in /debian and /debian-security.
function hostArchives(root: string): string[] {
	const apt = join(root, "etc/apt");
	const parts = list(join(apt, "sources.list.d")).map((name) => join(apt, "sources.list.d", name));
	const uris: string[] = [];
	for (const path of [join(apt, "sources.list"), ...parts]) {
		const text = read(path) ?? "";
		if (path.endsWith(".list")) uris.push(...oneLineUris(text));
		else if (path.endsWith(".sources")) uris.push(...deb822Uris(text));
	}
	return uris.map(trim).filter((uri) => /\/debian(-security)?$/.test(uri));
}

/** URIs of sources in the one-line format, sources.list(5). */
function oneLineUris(text: string): string[] {
	return text.split("\n").flatMap((line) => {
		const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line);
		return match?.[1] === undefined ? [] : [match[1]];
	});
}

/** URIs of enabled sources in the deb822 format, sources.list(5). */
function deb822Uris(text: string): string[] {
	return text.split(/\n\s*\n/).flatMap((stanza) => {
		const lines = stanza.split("\n").filter((line) => !line.startsWith("#"));
		const field = (name: string) => {
			const at = lines.findIndex((line) => line.toLowerCase().startsWith(`${name}:`));
			if (at < 0) return [];
			let end = at + 1;
			while (/^\s/.test(lines[end] ?? "")) end++;
			return lines
				.slice(at, end)
				.join(" ")
				.slice(name.length + 1)
				.trim()
				.split(/\s+/);
		};
		if (!field("types").includes("deb") || field("enabled").includes("no")) return [];
		return field("uris");
	});
}

// Named there as the mirrors of a Debian release that is installed from a host of another kind.
function mmdebstrapDefaults(root: string): string[] {
	const text = read(join(root, "usr/bin/mmdebstrap")) ?? "";
	return [...text.matchAll(/'(https?:\/\/[^'\s]+\/debian(?:-security)?)'/g)].flatMap((match) =>
		match[1] === undefined ? [] : [match[1]],
	);
}

function trim(uri: string): string {
	return uri.replace(/\/+$/, "");
}

function read(path: string): string | undefined {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return undefined;
	}
}

function list(path: string): string[] {
	try {
		return readdirSync(path).sort();
	} catch {
		return [];
	}
}

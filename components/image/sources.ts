// SPDX-License-Identifier: Apache-2.0
// Where a pinned file may be had, in the order in which places are asked: mirrors first, which keep what others drop.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { debianMirrors, urls } from "./debian-sources.ts";
import type { LockEntry, Mirrors } from "./lock.ts";

/** A place and how it is asked. */
export interface Source {
	url: string;
	/** By apt, with the host's settings for it; else by Node. */
	byApt?: true;
}

/** Where files are under their digests: what `PERSONA_MIRROR` names, separated by blanks, then the lock's. */
export function fileSources(digest: string, mirrors: Mirrors = {}, variables: NodeJS.ProcessEnv = process.env): Source[] {
	const hex = digest.slice("sha256:".length);
	const bases = [...urls(variables.PERSONA_MIRROR), ...(mirrors.files ?? [])];
	return bases.map((base) => ({ url: joined(base, `${hex.slice(0, 2)}/${hex.slice(2)}`) }));
}

/** Where a package may be had. The host's own archives come last, and are none where it knows none. */
export function packageSources(entry: LockEntry, mirrors: Mirrors = {}, variables: NodeJS.ProcessEnv = process.env): Source[] {
	const path = entry.file.split("/").map(encodeURIComponent).join("/");
	const named = [...(entry.sources ?? []), ...(mirrors[entry.archive] ?? []).map((base) => joined(base, path))];
	const known = [...fileSources(`sha256:${entry.sha256}`, mirrors, variables), ...named.map(packageSource)];
	try {
		return [...known, ...debianMirrors({ variables })[entry.archive].map((base) => packageSource(joined(base, path)))];
	} catch (error) {
		if (known.length > 0) return known;
		throw error;
	}
}

/** Whether a place is a file of this machine, which may be read offline too. */
export function isLocal({ url }: Source): boolean {
	return url.startsWith("file:");
}

/** Whether a file of this machine is there to be read. */
export function isThere(source: Source): boolean {
	return isLocal(source) && existsSync(fileURLToPath(source.url));
}

function packageSource(url: string): Source {
	return isLocal({ url }) ? { url } : { url, byApt: true };
}

function joined(base: string, path: string): string {
	return `${base.replace(/\/+$/, "")}/${path}`;
}

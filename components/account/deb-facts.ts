// SPDX-License-Identifier: Apache-2.0
// What a Debian package says of itself: its control fields (deb-control(5)) and its copyright file, read once and kept in the store.
import { readFile } from "node:fs/promises";
import { type LockEntry, type Store, streamCommand, tarEntries } from "../image/index.ts";
import { sha256 } from "../util/digest.ts";
import { run } from "../util/process.ts";

/** Another number: the facts kept in stores are read anew. */
const RECIPE = 1;

/** A name and version, as Debian gives them. */
export interface NameVersion {
	readonly name: string;
	readonly version: string;
}

/** What a package says of itself. */
export interface DebFacts {
	/** The source package it was built from. */
	readonly source: NameVersion;
	/** Source packages of which parts were linked into it. */
	readonly builtUsing: readonly NameVersion[];
	/** Each item: names any of which does. */
	readonly depends: readonly (readonly string[])[];
	readonly provides: readonly string[];
	readonly homepage?: string;
	readonly summary?: string;
	/** Text of its copyright file; of another package where it has that one's. */
	readonly copyright?: { readonly text: string } | { readonly of: string };
}

/** The facts of a package whose file is in the store at `path`. */
export async function debFacts(entry: LockEntry, path: string, store: Store, signal?: AbortSignal): Promise<DebFacts> {
	const key = sha256(`facts ${RECIPE} of ${entry.sha256}`);
	const known = await store.getKeyed(key);
	const kept = typeof known === "string" ? await store.get(known, signal) : undefined;
	if (kept !== undefined) return JSON.parse(await readFile(kept.path, "utf8")) as DebFacts;
	const { stdout } = await run("dpkg-deb", ["--field", path], { signal });
	const copyright = await copyrightOf(entry.name, path, signal);
	const facts: DebFacts = { ...controlFacts(entry, stdout), ...(copyright === undefined ? {} : { copyright }) };
	const { digest } = await store.put(Buffer.from(JSON.stringify(facts)), signal);
	await store.putKeyed(key, digest);
	return facts;
}

/** The facts in a control file. */
export function controlFacts({ name, version }: NameVersion, control: string): DebFacts {
	const field = (wanted: string) =>
		new RegExp(`^${wanted}:[ \\t]*(.*(?:\\n[ \\t].*)*)`, "im").exec(control)?.[1]?.replace(/\s+/g, " ").trim();
	const homepage = field("Homepage");
	const summary = /^Description:[ \t]*(.*)$/im.exec(control)?.[1]?.trim();
	const [source] = versioned(field("Source") ?? "");
	const alternatives = (text: string | undefined) =>
		listed(text).map((item) => item.split("|").map((choice) => /^[^\s(:]+/.exec(choice.trim())?.[0] ?? ""));
	return {
		source: { name: source?.name ?? name, version: source?.version || version },
		builtUsing: versioned(field("Built-Using") ?? ""),
		depends: [...alternatives(field("Pre-Depends")), ...alternatives(field("Depends"))],
		provides: alternatives(field("Provides")).flat(),
		...(homepage === undefined ? {} : { homepage }),
		...(summary === undefined ? {} : { summary }),
	};
}

function listed(text: string | undefined): string[] {
	return (text ?? "").split(",").flatMap((item) => (item.trim() === "" ? [] : [item.trim()]));
}

/** `glibc (= 2.36-9), zlib (= 1:1.2)`, and a source's `linux (6.1)`. */
function versioned(text: string): NameVersion[] {
	return listed(text).map((item) => {
		const [, name = item, version = ""] = /^(\S+?)(?:\s*\(\s*=?\s*([^)]+?)\s*\))?$/.exec(item) ?? [];
		return { name, version };
	});
}

async function copyrightOf(name: string, path: string, signal?: AbortSignal): Promise<DebFacts["copyright"] | undefined> {
	const wanted = `usr/share/doc/${name}`;
	const archive = streamCommand("dpkg-deb", ["--fsys-tarfile", path], signal);
	for await (const { entry } of tarEntries(archive, (one) => one === wanted || one === `${wanted}/copyright`)) {
		const data = Buffer.from(entry.data).toString("utf8");
		if (data === "") continue;
		// The folder may be a link to another package's, and so may the file.
		const linked = /^(?:\.\.\/)?([a-z0-9][a-z0-9+.-]*)(?:\/copyright)?$/.exec(data)?.[1];
		return linked === undefined ? { text: data } : { of: linked };
	}
	return undefined;
}

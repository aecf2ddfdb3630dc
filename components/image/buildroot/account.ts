// SPDX-License-Identifier: Apache-2.0
// What Buildroot says of what it has put into an image, read while its folders are there and kept in the store under the image's key: packages
// with versions, licences and the archives they come from, and all that was downloaded for it.
import { readFile, utimes } from "node:fs/promises";
import { join } from "node:path";
import { sha256, sha256File } from "../../util/digest.ts";
import { errorCode } from "../../util/errors.ts";
import type { Store } from "../store.ts";
import { type CompilerPackage, compilerPackages } from "./compiler-packages.ts";
import type { HostTool } from "./host-tools.ts";

/** An archive that Buildroot has downloaded. */
export interface SourceArchive {
	/** The package it is for; of the build machine's begins with `host-`. */
	package: string;
	version: string;
	file: string;
	/** Hexadecimal. Buildroot has compared it with its own. */
	sha256: string;
	/** Where its author has it; missing where that is no place of files. */
	url?: string;
}

/** A package that is in an image. */
export interface BuildrootPackage {
	name: string;
	/** Missing of what is in Buildroot itself. */
	version?: string;
	/** As Buildroot writes it: parts with commas between them, remarks in brackets. */
	licence: string;
	licenceTexts: string[];
	/** What it was compiled from. */
	archive?: SourceArchive;
	/** Names of others in the image that it needs. */
	dependsOn: string[];
	/** By which lists of known faults call it: https://nvlpubs.nist.gov/nistpubs/Legacy/IR/nistir7695.pdf */
	cpe?: string;
}

/** What an image was built of. */
export interface BuildrootAccount {
	packages: BuildrootPackage[];
	/** Packages of this machine's distribution whose libraries are in the image, with the compiler that Buildroot was given. */
	compiler: CompilerPackage[];
	/** All that was downloaded, also what only made tools of the build machine. */
	archives: SourceArchive[];
}

/** What of Buildroot's `show-info` counts. */
interface Info {
	type?: string;
	name?: string;
	virtual?: boolean;
	version?: string;
	licenses?: string;
	license_files?: string[];
	source_dir?: string;
	dl_dir?: string;
	downloads?: { source: string; uris: string[] }[];
	dependencies?: string[];
	"cpe-id"?: string;
}

/** What makes Buildroot say the authors' places alone, not a mirror of this machine's. */
export const INFO_ARGUMENTS = ["-s", "BR2_PRIMARY_SITE=", "BR2_PRIMARY_SITE_ONLY=", "BR2_BACKUP_SITE=", "show-info"];

/** Its compiler's libraries are in the image, though it is a tool of the build machine. */
const LIKE_TARGET = "host-gcc-final";

/** What `show-info` said, among other lines. */
export function infoOf(said: string): Record<string, Info> {
	const text = said.split("\n").find((line) => line.trimStart().startsWith("{"));
	if (text === undefined) throw new Error("Buildroot's show-info says nothing of its packages");
	return JSON.parse(text) as Record<string, Info>;
}

/** What of a run its account is put together from. */
export interface AccountedRun {
	/** Buildroot's folders: its sources, its output, and what it has downloaded. */
	tree: string;
	output: string;
	downloads: string;
	/** The packages of the compiler that it was given; none where it has got one by itself. */
	toolchain: readonly string[];
	/** Tools of this machine's that it was given: their sources were not fetched, though they may lie there. */
	tools: readonly Pick<HostTool, "name">[];
}

/** Puts together an account. */
export async function readAccount(
	said: string,
	{ tree, output, downloads, toolchain, tools }: AccountedRun,
): Promise<BuildrootAccount> {
	const info = infoOf(said);
	const packages: BuildrootPackage[] = [];
	const archives: SourceArchive[] = [];
	const isInImage = (name: string) => (info[name]?.type === "target" || name === LIKE_TARGET) && info[name]?.virtual === false;
	for (const name of Object.keys(info).sort()) {
		const one = info[name] ?? {};
		if (tools.some((tool) => name === `host-${tool.name}`)) continue;
		const own = await archivesOf(name, one, downloads);
		archives.push(...own);
		// It stands for the compiler that was given, whose packages say more.
		const isGiven = name === "toolchain-external-custom" && toolchain.length > 0;
		if (!isInImage(name) || isGiven) continue;
		const { version = "", licenses = "", license_files: files = [], source_dir: source = "", dependencies = [] } = one;
		const isOwn = version === "" && own.length === 0 && !name.startsWith("toolchain-external-");
		const archive = own.find(({ file }) => version !== "" && file.includes(version)) ?? own[0];
		packages.push({
			name: name.replace(/^host-/, ""),
			...(version === "" ? {} : { version }),
			licence: licenses,
			// What is in Buildroot itself has the licence of Buildroot.
			licenceTexts: await texts(isOwn ? [join(tree, "COPYING")] : files.map((file) => join(output, source, file))),
			...(archive === undefined ? {} : { archive }),
			dependsOn: dependencies.filter((other) => other !== name && isInImage(other)),
			...(one["cpe-id"] === undefined ? {} : { cpe: one["cpe-id"] }),
		});
	}
	return { packages, compiler: await compilerPackages(toolchain), archives };
}

/** What of its archives is there. */
async function archivesOf(name: string, info: Info, downloads: string): Promise<SourceArchive[]> {
	const found: SourceArchive[] = [];
	for (const { source, uris } of info.downloads ?? []) {
		const path = join(downloads, info.dl_dir ?? "", source);
		const digest = await sha256File(path).catch(ignoreMissing);
		if (digest === undefined) continue;
		// A sign for the garbage collection.
		await utimes(path, new Date(), new Date());
		const url = /^(?:https?|ftp)\+(.+)$/.exec(uris[0] ?? "")?.[1];
		found.push({
			package: name,
			version: info.version ?? "",
			file: source,
			sha256: digest.slice("sha256:".length),
			...(url === undefined ? {} : { url: `${url}/${source}` }),
		});
	}
	return found;
}

async function texts(paths: readonly string[]): Promise<string[]> {
	const found: string[] = [];
	for (const path of paths) {
		const text = await readFile(path, "utf8").catch(ignoreMissing);
		if (text !== undefined) found.push(text);
	}
	return found;
}

function ignoreMissing(error: unknown): undefined {
	if (errorCode(error) !== "ENOENT" && errorCode(error) !== "EISDIR") throw error;
}

/** Keeps what the image of a key was built of. */
export async function rememberAccount(store: Store, key: string, account: BuildrootAccount, signal?: AbortSignal): Promise<void> {
	const { digest } = await store.put(Buffer.from(JSON.stringify(account)), signal);
	await store.putKeyed(accountKey(key), digest);
}

/** What the image of a key was built of; undefined where this store does not know. */
export async function accountOf(store: Store, key: string, signal?: AbortSignal): Promise<BuildrootAccount | undefined> {
	const known = await store.getKeyed(accountKey(key));
	const kept = typeof known === "string" ? await store.get(known, signal) : undefined;
	return kept === undefined ? undefined : (JSON.parse(await readFile(kept.path, "utf8")) as BuildrootAccount);
}

function accountKey(key: string): string {
	return sha256(`what Buildroot built ${key} of`);
}

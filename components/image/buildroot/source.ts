// SPDX-License-Identifier: Apache-2.0
// Buildroot itself: a checkout that BUILDROOT_DIR names, whose contents count, or the release that the lock pins.
import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, readlink, rename, rm, utimes } from "node:fs/promises";
import { join, resolve } from "node:path";
import { writeFileAtomic } from "../../util/atomic.ts";
import { canonicalJson, sha256 } from "../../util/digest.ts";
import { errorCode, UserError } from "../../util/errors.ts";
import { run } from "../../util/process.ts";
import { fetchUrl } from "../fetch-file.ts";
import type { LockFile } from "../lock.ts";
import type { BuildContext } from "../types.ts";
import { buildrootFolder } from "./folders.ts";

/** Names a checkout of Buildroot's. */
export const SOURCE_VARIABLE = "BUILDROOT_DIR";

/** Which Buildroot it is. */
export interface BuildrootSource {
	/** As it calls itself. */
	version: string;
	/** Of the contents of its folder, or of the release's archive. */
	digest: string;
}

/** The checkout that BUILDROOT_DIR names; undefined where it names none. */
export function checkoutFolder(variables: NodeJS.ProcessEnv = process.env): string | undefined {
	const named = variables[SOURCE_VARIABLE];
	return named === undefined || named === "" ? undefined : resolve(named);
}

/** Which Buildroot guests are built with. @throws UserError when there is none */
export async function buildrootSource(
	{ buildroot }: LockFile,
	where: string,
	variables: NodeJS.ProcessEnv = process.env,
): Promise<BuildrootSource> {
	const folder = checkoutFolder(variables);
	if (folder !== undefined) return { version: (await release(folder)).version, digest: await folderDigest(folder) };
	if (buildroot !== undefined) return { version: buildroot.version, digest: `sha256:${buildroot.sha256}` };
	throw new UserError("builder buildroot needs Buildroot", {
		where,
		remedy: `pin a release under \`buildroot:\` in persona.lock.yaml, or set ${SOURCE_VARIABLE} to the folder of one; docs/guide/buildroot.md tells more`,
	});
}

/** A folder with that Buildroot. @throws UserError when it cannot be had, or is not the one that is asked for */
export async function openBuildroot(source: BuildrootSource, context: BuildContext): Promise<string> {
	const folder = checkoutFolder();
	if (folder === undefined) return unpackedRelease(source, context);
	if ((await folderDigest(folder)) !== source.digest)
		throw new UserError("Buildroot changed while it was used", { where: folder, remedy: "run the same command again" });
	return folder;
}

/** The release that the lock pins, downloaded, verified and unpacked once. */
async function unpackedRelease(source: BuildrootSource, { store, lock, signal, progress }: BuildContext): Promise<string> {
	const { buildroot } = lock;
	if (buildroot === undefined) throw new UserError("there is no Buildroot any more", { remedy: `set ${SOURCE_VARIABLE} again` });
	const folder = unpackedFolder(source.digest);
	await store.exclusively(sha256(`unpack ${source.digest}`), { signal, progress }, async () => {
		// Its time is a sign for the garbage collection.
		if (existsSync(folder)) return utimes(folder, new Date(), new Date());
		const fetching = { store, signal, progress, mirrors: lock.mirrors };
		const { path } = await fetchUrl(buildroot.url, source.digest, fetching, "persona.lock.yaml");
		progress(`unpacking Buildroot ${source.version}`);
		const unfinished = `${folder}.new`;
		await rm(unfinished, { recursive: true, force: true });
		await mkdir(unfinished, { recursive: true });
		const args = ["--extract", "--file", path, "--directory", unfinished, "--strip-components=1", "--no-same-owner"];
		await run("tar", args, { signal, killAfterMs: 400 });
		const { version } = await release(unfinished);
		if (version !== source.version) {
			throw new UserError(`the archive holds Buildroot ${version}, persona.lock.yaml says ${source.version}`, {
				remedy: "correct `buildroot:` in persona.lock.yaml",
			});
		}
		await rename(unfinished, folder);
	});
	return folder;
}

/** Where the release with this digest is unpacked. */
export function unpackedFolder(digest: string): string {
	return join(buildrootFolder(), "sources", digest.slice("sha256:".length, "sha256:".length + 16));
}

/** What a release says of itself in its Makefile. @throws UserError when the folder is none of Buildroot's */
export async function release(folder: string): Promise<{ version: string; epoch: string }> {
	let text: string;
	try {
		text = await readFile(join(folder, "Makefile"), "utf8");
	} catch (error) {
		throw notBuildroot(folder, error);
	}
	const version = /^export BR2_VERSION := (\S+)$/m.exec(text)?.[1];
	const epoch = /^BR2_VERSION_EPOCH = (\d+)$/m.exec(text)?.[1];
	if (version === undefined || epoch === undefined) throw notBuildroot(folder);
	return { version, epoch };
}

function notBuildroot(folder: string, cause?: unknown): UserError {
	return new UserError("this is no folder of Buildroot's sources", {
		where: folder,
		remedy: `set ${SOURCE_VARIABLE} to one, as a release's archive unpacks`,
		cause,
	});
}

/** Of the names, kinds and contents of a folder's files, git's own apart. It is remembered as long as no file's time, size or number changes. */
export async function folderDigest(folder: string, memory = join(buildrootFolder(), "sources")): Promise<string> {
	const files = await listing(folder);
	const seen = sha256(canonicalJson(files.map(({ path, stamp }) => [path, stamp])));
	const note = join(memory, `${sha256(folder).slice("sha256:".length, "sha256:".length + 16)}.json`);
	const known = await remembered(note);
	if (known?.seen === seen) return known.digest;
	const lines: string[] = [];
	for (const { path, kind } of files) {
		const full = join(folder, path);
		const contents = sha256(kind === "link" ? await readlink(full) : await readFile(full));
		lines.push(`${kind} ${path} ${contents}`);
	}
	const digest = sha256(lines.join("\n"));
	await mkdir(memory, { recursive: true });
	await writeFileAtomic(note, `${JSON.stringify({ seen, digest })}\n`);
	return digest;
}

interface Listed {
	path: string;
	kind: "file" | "program" | "link";
	stamp: string;
}

async function listing(folder: string): Promise<Listed[]> {
	const found: Listed[] = [];
	const visit = async (path: string): Promise<void> => {
		for (const entry of await readdir(join(folder, path), { withFileTypes: true })) {
			const inner = path === "" ? entry.name : `${path}/${entry.name}`;
			if (inner === ".git") continue;
			if (entry.isDirectory()) await visit(inner);
			else if (entry.isFile() || entry.isSymbolicLink()) {
				const { size, mtimeMs, ctimeMs, ino, mode } = await lstat(join(folder, inner));
				const kind = entry.isSymbolicLink() ? "link" : (mode & 0o100) === 0 ? "file" : "program";
				found.push({ path: inner, kind, stamp: `${kind} ${size} ${mtimeMs} ${ctimeMs} ${ino}` });
			}
		}
	};
	await visit("");
	return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function remembered(note: string): Promise<{ seen: string; digest: string } | undefined> {
	try {
		return JSON.parse(await readFile(note, "utf8"));
	} catch (error) {
		if (errorCode(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
		throw error;
	}
}

// SPDX-License-Identifier: Apache-2.0
// Everything a project takes from outside, got beforehand: what the lock names, and what documents pin by URL.
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Loaded, Persona } from "../manifest/index.ts";
import { sha256File } from "../util/digest.ts";
import { isOffline } from "../util/network.ts";
import { withoutCredentials } from "../util/url.ts";
import { type FetchContext, fetchUrl, notOffline, packageFetcher } from "./fetch-file.ts";
import { type LockFile, type Mirrors, referenceOf } from "./lock.ts";
import { fileSources, isThere, packageSources } from "./sources.ts";
import { type Blob, guardSpace, type Store } from "./store.ts";

/** A file from outside, pinned by its digest. */
export interface PinnedBytes {
	what: string;
	/** `sha256:<hex>` */
	digest: string;
	/** Bytes; undefined where nobody knows. */
	size: number | undefined;
	fetch(context: FetchContext): Promise<Blob>;
	/** Whether a folder of this machine that is a mirror has it. */
	isHere(mirrors?: Mirrors): boolean;
}

/** What the lock names. */
export function lockedFiles(lock: LockFile): PinnedBytes[] {
	const { buildroot } = lock;
	const release = buildroot === undefined ? [] : [pinnedByUrl(buildroot.url, buildroot.sha256, "persona.lock.yaml")];
	const packages = lock.debian.packages.map((entry) => ({
		what: referenceOf(entry),
		digest: `sha256:${entry.sha256}`,
		size: entry.size,
		fetch: (context: FetchContext) => packageFetcher(context)(entry),
		isHere: (mirrors?: Mirrors) => packageSources(entry, mirrors).some(isThere),
	}));
	return [...packages, ...release];
}

/** What personas' documents pin by URL. */
export function pinnedFiles(personas: readonly Loaded<Persona>[]): PinnedBytes[] {
	const files = personas.flatMap(({ document: { guest } }) =>
		guest.builder === "prebuilt" ? [guest.firmware, guest.kernel, guest.initramfs, guest.deviceTree] : [],
	);
	return files.flatMap((file) =>
		file?.url === undefined || file.sha256 === undefined ? [] : [pinnedByUrl(file.url, file.sha256, "the document")],
	);
}

function pinnedByUrl(url: string, sha256: string, where: string): PinnedBytes {
	const digest = `sha256:${sha256}`;
	return {
		what: withoutCredentials(url),
		digest,
		size: undefined,
		fetch: (context) => fetchUrl(url, digest, context, where),
		isHere: (mirrors) => [...fileSources(digest, mirrors), { url }].some(isThere),
	};
}

/** Whether a file is not in the store, or damaged there. */
export async function isMissing({ digest }: PinnedBytes, store: Store, signal?: AbortSignal): Promise<boolean> {
	return (await store.get(digest, signal)) === undefined;
}

/** Fetches files that are not in the store. @throws UserError when one cannot be had, offline with all that are not on this machine */
export async function fetchFiles(files: readonly PinnedBytes[], context: FetchContext): Promise<void> {
	const elsewhere: PinnedBytes[] = [];
	if (isOffline()) {
		for (const file of files) {
			if (!file.isHere(context.mirrors) && (await isMissing(file, context.store, context.signal))) elsewhere.push(file);
		}
	}
	if (elsewhere.length > 0) throw notOffline(elsewhere);
	for (const { fetch } of files) await fetch(context);
}

/** Fetches everything the lock names into the store. @throws UserError when one cannot be had */
export async function fetchLocked(lock: LockFile, context: FetchContext): Promise<void> {
	await fetchFiles(lockedFiles(lock), { mirrors: lock.mirrors, ...context });
}

/**
 * Copies files out of the store into a folder that can be a mirror (`PERSONA_MIRROR=file:///…`): each under its digest. What is there and
 * whole already stays.
 *
 * @returns how many were copied
 */
export async function copyFiles(
	files: readonly PinnedBytes[],
	folder: string,
	store: Store,
	signal?: AbortSignal,
): Promise<number> {
	let copied = 0;
	for (const { what, digest } of files) {
		const target = join(folder, digest.slice(7, 9), digest.slice(9));
		if ((await sha256File(target, signal).catch(() => undefined)) === digest) continue;
		const blob = await store.get(digest, signal);
		if (blob === undefined) throw new Error(`${what} is gone from the store`);
		const temporary = `${target}.${process.pid}`;
		await guardSpace(folder, async () => {
			await mkdir(dirname(target), { recursive: true });
			try {
				await copyFile(blob.path, temporary);
				await rename(temporary, target);
			} finally {
				await rm(temporary, { force: true });
			}
		});
		copied++;
	}
	return copied;
}

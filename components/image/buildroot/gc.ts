// SPDX-License-Identifier: Apache-2.0
// Garbage collection of what Buildroot keeps between builds: what no build used for a while goes, and can be fetched or made again.
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../util/errors.ts";
import type { GcOptions, GcReport } from "../store-gc.ts";
import { buildrootFolder } from "./folders.ts";

/** Kinds of what is kept: archives of sources, what was compiled before, compilers, Buildroot itself, and folders of builds that were cut short. */
const PARTS = ["downloads", "ccache", "toolchains", "sources", "work"] as const;

/** What went of each kind, or would go. */
export interface BuildrootGcReport {
	dir: string;
	/** A build runs: then nothing is touched. */
	isBusy: boolean;
	parts: Record<(typeof PARTS)[number], GcReport>;
}

const DAY_MS = 24 * 3600 * 1000;
/** A lock of the store's that was not touched for so long is nobody's any more. */
const STALE_MS = 10_000;
/** Files that ccache keeps its own books in. */
const BOOKS = /^(stats|ccache\.conf|CACHEDIR\.TAG)$/;

/** Removes what was last used before the limit from Buildroot's folder; `store` is the folder of the store whose locks its builds hold. */
export async function collectBuildroot(
	store: string,
	{ keepDays = 30, dryRun = false, now = Date.now() }: GcOptions,
	dir = buildrootFolder(),
): Promise<BuildrootGcReport> {
	const isBusy = await isBuilding(dir, store, now);
	const oldest = now - keepDays * DAY_MS;
	const parts = Object.fromEntries(PARTS.map((part) => [part, { removed: 0, freed: 0, kept: 0, keptSize: 0 }]));
	for (const part of PARTS) {
		const report = parts[part];
		if (report === undefined) continue;
		for (const { path, size, used } of await entriesOf(join(dir, part), part)) {
			if (isBusy || used > oldest) {
				report.kept++;
				report.keptSize += size;
				continue;
			}
			report.removed++;
			report.freed += size;
			if (!dryRun) await rm(path, { recursive: true, force: true });
		}
	}
	return { dir, isBusy, parts: parts as BuildrootGcReport["parts"] };
}

interface Entry {
	path: string;
	/** Bytes. */
	size: number;
	/** When it was last used, in milliseconds since the epoch. */
	used: number;
}

/** What goes or stays as one: archives and compiled files each by itself, all else by folders. */
async function entriesOf(folder: string, part: (typeof PARTS)[number]): Promise<Entry[]> {
	const isByFile = part === "downloads" || part === "ccache";
	const found: Entry[] = [];
	for (const name of await names(folder)) {
		const path = join(folder, name);
		if (isByFile) found.push(...(await files(path)).filter((file) => !BOOKS.test(file.path.replace(/^.*\//, ""))));
		else {
			const all = await files(path);
			const size = all.reduce((sum, file) => sum + file.size, 0);
			// Builds and the toolchain's preparation touch the folder; a build that runs writes into it.
			const { mtimeMs } = await lstat(path);
			const used = part === "work" ? all.reduce((last, file) => Math.max(last, file.changed), mtimeMs) : mtimeMs;
			found.push({ path, size, used });
		}
	}
	return found;
}

async function files(path: string): Promise<(Entry & { changed: number })[]> {
	const status = await lstat(path).catch(() => undefined);
	if (status === undefined) return [];
	if (!status.isDirectory())
		return [{ path, size: status.size, used: status.mtimeMs, changed: Math.max(status.mtimeMs, status.ctimeMs) }];
	const found: (Entry & { changed: number })[] = [];
	for (const name of await names(path)) found.push(...(await files(join(path, name))));
	return found;
}

/** Whether a process holds the lock of a build whose folder is there: it goes by the first digits of the build's key. */
async function isBuilding(dir: string, store: string, now: number): Promise<boolean> {
	const building = await names(join(dir, "work"));
	for (const lock of await names(join(store, "locks"))) {
		if (!building.some((name) => lock.startsWith(name))) continue;
		const status = await lstat(join(store, "locks", lock)).catch(() => undefined);
		if (status !== undefined && now - status.mtimeMs < STALE_MS) return true;
	}
	return false;
}

async function names(dir: string): Promise<string[]> {
	try {
		return (await readdir(dir)).sort();
	} catch (error) {
		if (errorCode(error) === "ENOENT") return [];
		throw error;
	}
}

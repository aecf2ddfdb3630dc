// SPDX-License-Identifier: Apache-2.0
// Garbage collection of the store: what nothing used for a while goes; whatever goes can be fetched or built again.
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isAlive } from "../util/alive.ts";
import { errorCode } from "../util/errors.ts";
import { isWritten, partialFolder } from "./partial.ts";

/** What to keep. */
export interface GcOptions {
	/** Days since the last use after which an entry goes; default 30. */
	keepDays?: number;
	/** Only tell what would go. */
	dryRun?: boolean;
	/** Milliseconds since the epoch; default: now. */
	now?: number;
}

/** What went, or would go. */
export interface GcReport {
	removed: number;
	/** Bytes. */
	freed: number;
	kept: number;
	/** Bytes. */
	keptSize: number;
}

// Entries used this recently stay even with keepDays 0: a build in another process may be about to read them.
const IN_USE_MS = 10 * 60 * 1000;

/** Removes entries of the store in `dir` that were last used before the limit, and what killed processes left behind. */
export async function collectGarbage(
	dir: string,
	{ keepDays = 30, dryRun = false, now = Date.now() }: GcOptions,
): Promise<GcReport> {
	const report: GcReport = { removed: 0, freed: 0, kept: 0, keptSize: 0 };
	const oldest = now - Math.max(keepDays * 24 * 3600 * 1000, IN_USE_MS);
	const collect = async (path: string, isUsed = false) => {
		const status = await stat(path).catch(() => undefined);
		if (status === undefined) return;
		if (isUsed || status.mtimeMs > oldest) {
			report.kept++;
			report.keptSize += status.size;
			return;
		}
		report.removed++;
		report.freed += status.size;
		if (!dryRun) await rm(path, { force: true });
	};
	for (const part of ["blobs", "keys"]) {
		for (const prefix of await names(join(dir, part))) {
			for (const name of await names(join(dir, part, prefix))) await collect(join(dir, part, prefix, name));
		}
	}
	for (const name of await names(partialFolder(dir))) {
		const path = join(partialFolder(dir), name);
		await collect(path, isWritten(path));
	}
	for (const name of await names(join(dir, "logs"))) {
		const path = join(dir, "logs", name);
		const status = await stat(path).catch(() => undefined);
		if (status === undefined || status.mtimeMs > oldest) continue;
		report.removed++;
		report.freed += status.size;
		if (!dryRun) await rm(path, { force: true });
	}
	for (const name of await names(join(dir, "tmp"))) {
		if (isAlive(Number(name.split(".")[0]))) continue;
		report.removed++;
		if (!dryRun) await rm(join(dir, "tmp", name), { recursive: true, force: true });
	}
	return report;
}

async function names(dir: string): Promise<string[]> {
	try {
		return await readdir(dir);
	} catch (error) {
		if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return [];
		throw error;
	}
}

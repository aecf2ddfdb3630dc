// SPDX-License-Identifier: Apache-2.0
// A log for each build, in the store: what it said, each command with its output, and how it ended. Errors of the build name its place.
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorCode, isAbort, noteLog, renderError, UserError } from "../util/errors.ts";
import { withLogFile } from "../util/log-file.ts";
import { ProcessError } from "../util/process.ts";
import type { Progress } from "../util/progress.ts";
import { noSpace, type Store } from "./store.ts";

/**
 * Builds what has this name and key, while no other process does, with a log that begins with the first thing the build says; the log of the last
 * time is replaced then. A build that finds its work done says nothing, and leaves the log as it is.
 */
export function builtWithLog<T>(
	name: string,
	key: string,
	{ store, signal, progress }: { store: Store; signal?: AbortSignal | undefined; progress: Progress },
	build: (progress: Progress) => Promise<T>,
): Promise<T> {
	const path = join(store.dir, "logs", `${name}-${key.slice("sha256:".length).slice(0, 12)}.log`);
	let begun: number | undefined;
	const note = (text: string) =>
		attempt(() => {
			if (begun === undefined) {
				begun = Date.now();
				mkdirSync(join(store.dir, "logs"), { recursive: true, mode: 0o700 });
				writeFileSync(path, `${new Date(begun).toISOString()} building ${name} ${key}\n`, { mode: 0o600 });
			}
			appendFileSync(path, `[${((Date.now() - begun) / 1000).toFixed(1)} s] ${text}\n`);
		});
	const told: Progress = (message) => {
		note(message);
		progress(message);
	};
	return store.exclusively(key, { signal, progress }, async () => {
		try {
			const result = await withLogFile(path, () => build(told));
			if (begun !== undefined) note("built");
			return result;
		} catch (error) {
			note(isAbort(error) ? "cancelled" : `failed: ${renderError(error)}`);
			throw isAbort(error) ? error : noteLog(whereDiskIsFull(error, store) ?? error, path);
		}
	});
}

/** A full disk shows in many ways: in what is written here, and in the words of whatever command could not go on. */
function whereDiskIsFull(error: unknown, { dir }: Store): unknown {
	const inner = error instanceof UserError ? error.cause : error;
	if (errorCode(inner) === "ENOSPC" || errorCode(inner) === "EDQUOT") return noSpace(placeOf(inner) ?? dir, error);
	if (inner instanceof ProcessError && /No space left on device|Disk quota exceeded/.test(inner.stderr))
		return noSpace(`${dir} or ${tmpdir()}`, error);
	return undefined;
}

function placeOf(error: unknown): string | undefined {
	return error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : undefined;
}

/** A log that cannot be written must not end the work it is about. */
function attempt(write: () => void): void {
	try {
		write();
	} catch {
		// The disk is full, for instance: the build will say so itself.
	}
}

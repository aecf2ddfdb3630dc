// SPDX-License-Identifier: Apache-2.0
// One operation at a time on a handset, across processes; a lock whose holder was killed is taken over at once.
import { mkdirSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { writeFileAtomic } from "../util/atomic.ts";
import { errorCode, UserError } from "../util/errors.ts";
import { isAlive, type ProcessIdentity, self } from "./processes.ts";

/** proper-lockfile's own idea of a dead holder; only needed when one was killed before it could write its name. */
const STALE_MS = 10_000;

interface Holder {
	readonly process: ProcessIdentity;
	readonly doing: string;
}

/**
 * Runs `work` while holding the lock `name` in `folder`. Throws a UserError at once when a live process holds it.
 * `doing` says what for, as in "pocket is being started".
 */
export async function withOperationLock<T>(folder: string, name: string, doing: string, work: () => Promise<T>): Promise<T> {
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const target = join(folder, name);
	const release = await acquire(target);
	try {
		await writeFileAtomic(`${target}.json`, JSON.stringify({ process: self(), doing } satisfies Holder), 0o600);
		return await work();
	} finally {
		await rm(`${target}.json`, { force: true });
		await release();
	}
}

async function acquire(target: string): Promise<() => Promise<void>> {
	const end = performance.now() + STALE_MS + 2000;
	for (;;) {
		try {
			return await take(target);
		} catch (error) {
			if (errorCode(error) !== "ELOCKED") throw error;
		}
		const holder = await readHolder(target);
		if (holder !== undefined && isAlive(holder.process)) {
			throw new UserError(`${holder.doing} by process ${holder.process.pid}`, {
				remedy: "wait until it has ended, then try again",
			});
		}
		if (holder !== undefined) await takeOver(target);
		if (performance.now() > end) throw new UserError("is locked by a process that does not say its name", { where: target });
		await delay(50);
	}
}

/** Removes a dead holder's lock. Guarded, so that of two who find it dead only one does. */
async function takeOver(target: string): Promise<void> {
	try {
		const release = await take(`${target}.takeover`);
		try {
			const holder = await readHolder(target);
			if (holder === undefined || isAlive(holder.process)) return;
			await rm(`${target}.json`, { force: true });
			await rm(`${target}.lock`, { recursive: true, force: true });
		} finally {
			await release();
		}
	} catch (error) {
		if (errorCode(error) !== "ELOCKED") throw error;
	}
}

async function take(target: string): Promise<() => Promise<void>> {
	const { lock } = await import("proper-lockfile");
	const release = await lock(target, { realpath: false, stale: STALE_MS, onCompromised: () => {} });
	return async () => {
		try {
			await release();
		} catch (error) {
			// It was taken over, because this process slept for too long, or its folder was removed.
			if (!["ENOTACQUIRED", "ERELEASED", "ENOENT"].includes(errorCode(error) ?? "")) throw error;
		}
	};
}

async function readHolder(target: string): Promise<Holder | undefined> {
	try {
		return JSON.parse(await readFile(`${target}.json`, "utf8")) as Holder;
	} catch (error) {
		if (errorCode(error) === "ENOENT") return undefined;
		throw error;
	}
}

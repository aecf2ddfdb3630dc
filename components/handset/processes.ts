// SPDX-License-Identifier: Apache-2.0
// Processes that outlive us: known by pid and start time, so that a pid given to somebody else is never taken for ours.
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { processToken } from "../util/alive.ts";
import { errorCode } from "../util/errors.ts";

/** One process: its number and what tells it from every other process that has or had the number. */
export interface ProcessIdentity {
	readonly pid: number;
	readonly token: string;
}

/** The identity of a live process, or undefined when there is none of that number. */
export function identify(pid: number): ProcessIdentity | undefined {
	const token = processToken(pid);
	return token === undefined ? undefined : { pid, token };
}

/** This process. */
export function self(): ProcessIdentity {
	const identity = identify(process.pid);
	if (identity === undefined) throw new Error("/proc does not show this process");
	return identity;
}

export function isAlive(identity: ProcessIdentity | undefined): identity is ProcessIdentity {
	return identity !== undefined && processToken(identity.pid) === identity.token;
}

/** Sends a signal; a process that has gone is fine. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
	if (!isAlive(identity)) return;
	try {
		process.kill(identity.pid, signal);
	} catch (error) {
		if (errorCode(error) !== "ESRCH") throw error;
	}
}

/** Waits until a condition holds, looking every `everyMs`; false when the deadline passes first. Throws when aborted. */
export async function waitUntil(
	condition: () => boolean | Promise<boolean>,
	options: { readonly deadlineMs: number; readonly everyMs?: number; readonly signal?: AbortSignal | undefined },
): Promise<boolean> {
	const end = performance.now() + options.deadlineMs;
	for (;;) {
		options.signal?.throwIfAborted();
		if (await condition()) return true;
		if (performance.now() >= end) return false;
		await delay(options.everyMs ?? 20, undefined, options.signal === undefined ? {} : { signal: options.signal });
	}
}

/** Ends a process: SIGTERM when `gentleMs` is given, SIGKILL after it; comes back when it is gone. */
export async function endProcess(identity: ProcessIdentity, gentleMs = 0): Promise<void> {
	if (gentleMs > 0) {
		signalProcess(identity, "SIGTERM");
		if (await waitUntil(() => !isAlive(identity), { deadlineMs: gentleMs })) return;
	}
	signalProcess(identity, "SIGKILL");
	if (await waitUntil(() => !isAlive(identity), { deadlineMs: 5000 })) return;
	throw new Error(`process ${identity.pid} does not end`);
}

/** Processes of this user, each with its command line; those that end meanwhile, or belong to others, are left out. */
export function listProcesses(): { readonly identity: ProcessIdentity; readonly argv: readonly string[] }[] {
	const uid = process.getuid?.();
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.flatMap((name) => {
			try {
				const status = readFileSync(`/proc/${name}/status`, "utf8");
				if (Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]) !== uid) return [];
				const argv = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
				const identity = identify(Number(name));
				return identity === undefined ? [] : [{ identity, argv }];
			} catch (error) {
				if (["ENOENT", "ESRCH", "EACCES"].includes(errorCode(error) ?? "")) return [];
				throw error;
			}
		});
}

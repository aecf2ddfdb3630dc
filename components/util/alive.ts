// SPDX-License-Identifier: Apache-2.0
// Whether a process still runs, told so that a zombie or another process that got the same number is not taken for it.
import { readFileSync } from "node:fs";

/**
 * When a process started, as an opaque token that differs for another process with the same number or another boot;
 * undefined when no such process runs (a zombie counts as ended). Source: /proc/PID/stat, proc(5).
 */
export function processToken(pid: number): string | undefined {
	let stat: string;
	try {
		stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	} catch {
		return undefined;
	}
	// The command name stands in parentheses and may itself hold spaces and parentheses.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	const [state, startTime] = [fields[0], fields[19]];
	if (state === "Z" || state === "X" || startTime === undefined) return undefined;
	return `${bootId()}:${startTime}`;
}

/** True while the process runs and, where a token is given, is still the one the token was taken from. */
export function isAlive(pid: number, token?: string): boolean {
	const now = processToken(pid);
	return now !== undefined && (token === undefined || token === now);
}

let boot: string | undefined;

function bootId(): string {
	boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
	return boot;
}

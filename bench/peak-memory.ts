// SPDX-License-Identifier: Apache-2.0
// How much memory a command and all it starts take together, at most.
import { readFileSync } from "node:fs";
import { markedProcesses } from "../tools/leftovers.mjs";

const PAGE_BYTES = 4096;
const LOOK_EVERY_MS = 100;

/**
 * Runs `work` and looks again and again at the processes that carry `mark` in their environment. What they share is counted once for
 * each of them, so the sum, in bytes, is rather too large than too small.
 */
export async function peakMemory<T>(mark: string, work: () => Promise<T>): Promise<{ result: T; peak: number }> {
	let peak = 0;
	const timer = setInterval(() => {
		const resident = markedProcesses(mark).map(({ pid }) => residentBytes(pid));
		peak = Math.max(
			peak,
			resident.reduce((sum, one) => sum + one, 0),
		);
	}, LOOK_EVERY_MS);
	try {
		return { result: await work(), peak };
	} finally {
		clearInterval(timer);
	}
}

function residentBytes(pid: number): number {
	try {
		return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
	} catch {
		// It has ended since it was listed.
		return 0;
	}
}

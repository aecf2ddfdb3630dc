// SPDX-License-Identifier: Apache-2.0
// Keeps the machine's CPUs from sleeping while something is measured whose parts wait for each other: how long a CPU takes to wake up is no
// property of what is measured, and on a virtual machine it is most of what there would be to see.
import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";

/** Runs while its parent lives. */
const SPIN = "while kill -0 $PPID; do :; done";
const LEAST_WEIGHT = "19";

/**
 * Does the work with a loop on each CPU that anything else goes before.
 *
 * @throws Error when chrt(1) of util-linux cannot be run
 */
export async function withCpusAwake<T>(work: () => Promise<T>): Promise<T> {
	const loops = Array.from({ length: availableParallelism() }, () =>
		spawn("chrt", ["--idle", "0", "sh", "-c", SPIN], { stdio: "ignore", detached: true }),
	);
	const end = () => {
		for (const loop of loops) loop.kill("SIGKILL");
	};
	process.once("exit", end);
	try {
		await Promise.all(loops.map(started));
		return await work();
	} finally {
		end();
		process.off("exit", end);
	}
}

async function started(loop: ChildProcess): Promise<void> {
	await new Promise((resolve, reject) => loop.once("spawn", resolve).once("error", reject));
	// Where the kernel shares out CPUs by session (sched(7), "The autogroup feature"), the policy counts within one only.
	await writeFile(`/proc/${loop.pid}/autogroup`, LEAST_WEIGHT).catch(() => undefined);
}

// SPDX-License-Identifier: Apache-2.0
// Finds what a run has left behind: processes that carry its mark in their environment, and files it made outside its own folder.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The variable by which every process a run starts, directly or not, is known. */
export const MARK = "PERSONA_TEST_RUN";

/**
 * Processes whose environment carries the mark, this one left out.
 * @param {string} mark
 * @returns {{ pid: number, command: string }[]}
 */
export function markedProcesses(mark) {
	const wanted = `${MARK}=${mark}`;
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
		.flatMap((name) => {
			try {
				const environment = readFileSync(`/proc/${name}/environ`, "latin1").split("\0");
				if (!environment.includes(wanted)) return [];
				const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
				// A zombie has no command line; its parent has yet to collect it.
				return command === "" ? [] : [{ pid: Number(name), command }];
			} catch {
				return [];
			}
		});
}

/**
 * Ends every process of a run, those included that are started meanwhile, and comes back when none is left.
 * @param {string} mark
 */
export function endMarked(mark) {
	for (let left = markedProcesses(mark); left.length > 0; left = markedProcesses(mark)) {
		for (const { pid } of left) {
			try {
				process.kill(pid, "SIGKILL");
			} catch {
				// It has ended by itself.
			}
		}
		spawnSync("sleep", ["0.1"]);
	}
}

/**
 * What git sees as changed or new in a folder, one line a file.
 * @param {string} folder
 * @returns {string[]}
 */
export function changedFiles(folder) {
	const said = spawnSync("git", ["status", "--porcelain", "--untracked-files=all"], { cwd: folder, encoding: "utf8" });
	return said.status === 0 ? said.stdout.split("\n").filter((line) => line !== "") : [];
}

// SPDX-License-Identifier: Apache-2.0
// The state of a stack in the local file backend, read as the engine writes it: who holds its lock, and what a killed run left half done.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/**
 * @typedef {object} StackLock
 * @property {string} file
 * @property {number} pid
 * @property {string} host
 * @property {boolean} stale true when the process that took it ran on this host and is gone
 */

/** Folders the engine puts between project and stack differ with the backend's layout. @param {string} root @param {string} project @param {string} stack */
function places(root, project, stack) {
	return [join(root, "organization", project, stack), join(root, project, stack)];
}

/**
 * The locks of a stack.
 * @param {string} backend folder of the local file backend
 * @param {string} project name in Pulumi.yaml
 * @param {string} stack
 * @returns {StackLock[]}
 */
export function stackLocks(backend, project, stack) {
	return places(join(backend, ".pulumi", "locks"), project, stack)
		.filter((folder) => existsSync(folder))
		.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
		.filter((file) => file.endsWith(".json"))
		.flatMap((file) => {
			let lock;
			try {
				lock = JSON.parse(readFileSync(file, "utf8"));
			} catch {
				// Killed while it wrote the lock: nobody holds a lock that is not whole. A lock being written right now is seconds old.
				const old = existsSync(file) && Date.now() - statSync(file).mtimeMs > 10_000;
				return [{ file, pid: 0, host: hostname(), stale: old }];
			}
			const host = String(lock.hostname ?? "");
			const pid = Number(lock.pid);
			const taken = Date.parse(lock.timestamp ?? "");
			return [{ file, pid, host, stale: host === hostname() && !holds(pid, taken) }];
		});
}

/**
 * Removes the locks whose holder is gone; gives how many there were.
 * @param {readonly StackLock[]} locks
 */
export function removeStaleLocks(locks) {
	const stale = locks.filter((lock) => lock.stale);
	for (const lock of stale) {
		rmSync(lock.file, { force: true });
		rmSync(`${lock.file}.attrs`, { force: true });
	}
	return stale.length;
}

/**
 * True while the process that took a lock at this time still runs: another process that got its number started later.
 * @param {number} pid
 * @param {number} taken milliseconds since 1970
 */
function holds(pid, taken) {
	let stat;
	try {
		stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	} catch {
		return false;
	}
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	if (fields[0] === "Z" || fields[0] === "X") return false;
	const boot = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]) * 1000;
	// Clock ticks are a hundredth of a second on every Linux that Node runs on; btime is rounded to a second.
	const startedAt = boot + Number(fields[19]) * 10;
	return Number.isNaN(taken) || startedAt <= taken + 2_000;
}

/**
 * Removes descriptions of a stack's files that are not whole; gives how many there were. The backend keeps one beside each file, as JSON in
 * `NAME.attrs` (gocloud.dev, blob/fileblob/attrs.go), and writes it in place: who is killed meanwhile leaves a part, and the file cannot be
 * read any more. A file without one can.
 * @param {string} backend
 * @param {string} project
 * @param {string} stack
 */
export function removeBrokenAttributes(backend, project, stack) {
	const folders = ["stacks", "history", "backups"].flatMap((kind) => places(join(backend, ".pulumi", kind), project, stack));
	const broken = folders
		.flatMap((folder) => [
			...[`${folder}.json.attrs`, `${folder}.json.bak.attrs`],
			...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
		])
		.filter((file) => file.endsWith(".attrs") && existsSync(file) && !isWhole(file));
	for (const file of broken) rmSync(file, { force: true });
	return broken.length;
}

/** @param {string} file */
function isWhole(file) {
	try {
		JSON.parse(readFileSync(file, "utf8"));
		return true;
	} catch {
		return false;
	}
}

/**
 * How many operations a killed run has left unfinished in a stack's state, and whether the stack exists at all.
 * @param {string} backend
 * @param {string} project
 * @param {string} stack
 * @returns {{ exists: boolean, pending: number }}
 */
export function stackState(backend, project, stack) {
	const base = join(backend, ".pulumi", "stacks");
	const file = [...places(base, project, stack).map((path) => `${path}.json`)].find((path) => existsSync(path));
	if (file === undefined) return { exists: false, pending: 0 };
	const checkpoint = JSON.parse(readFileSync(file, "utf8"))?.checkpoint ?? {};
	// A stack that has never been updated is written with capital member names.
	const latest = checkpoint.latest ?? checkpoint.Latest ?? {};
	return { exists: true, pending: latest.pending_operations?.length ?? 0 };
}

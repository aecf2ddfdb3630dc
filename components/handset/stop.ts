// SPDX-License-Identifier: Apache-2.0
// Ends handsets: Veil is asked first, then QEMU, then the system; and nothing of a handset stays behind.
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../util/errors.ts";
import { liveBridge } from "./bridge-process.ts";
import { connectControl } from "./control.ts";
import { keepsVolumes } from "./disk.ts";
import { waysBack } from "./flash-usb.ts";
import { withOperationLock } from "./operation-lock.ts";
import { endProcess, isAlive, waitUntil } from "./processes.ts";
import { findOwnProcesses } from "./qemu.ts";
import { qmp } from "./qmp.ts";
import { type HandsetRecord, readRecord, writeRecord } from "./record.ts";
import { FILE, handsetDir, LOCK, SOCKET } from "./run-folder.ts";

/** How long each way of ending may take. Veil has nothing to save, so a second is much. */
const BRIDGE_MS = 1000;
const DEADLINE_MS = { powerOff: 3000, quit: 2000 };

/** Stops a handset, if it runs; its folder, logs and volumes stay. Stopping a stopped one is fine. */
export async function stopHandset(id: string): Promise<void> {
	const folder = handsetDir(id);
	if (!existsSync(folder)) return;
	if ((await readRecord(folder).catch(() => undefined))?.isTablet === true)
		throw new UserError(`handset ${id} is a tablet: it is switched off by its own key`);
	await withOperationLock(dirname(folder), LOCK.operation(id), `handset ${id} is being stopped`, () => stopLocked(folder));
}

/**
 * Stops a handset and removes its folder. Its disk stays as long as volumes are kept on it, and so do the images that a tablet can be
 * brought back with, on which nothing is erased. True if something stays.
 */
export async function removeHandset(id: string): Promise<boolean> {
	const folder = handsetDir(id);
	if (!existsSync(folder)) return false;
	return withOperationLock(dirname(folder), LOCK.operation(id), `handset ${id} is being removed`, async () => {
		const record = await stopLocked(folder);
		// The sockets may be in the folder itself, beside a disk that stays.
		if (record !== undefined && record.sockets !== folder) await rm(record.sockets, { recursive: true, force: true });
		const kept = [...((await keepsVolumes(folder)) ? [FILE.disk, FILE.volumes, FILE.accepted] : []), ...(await waysBack(folder))];
		if (kept.length > 0) await removeAllBut(folder, kept);
		else await rm(folder, { recursive: true, force: true });
		await removeHalfWritten(dirname(folder), `..${id}.`);
		return kept.length > 0;
	});
}

async function removeAllBut(folder: string, kept: readonly string[]): Promise<void> {
	for (const name of await readdir(folder))
		if (!kept.includes(name)) await rm(join(folder, name), { recursive: true, force: true });
}

/** Removes what writers that were killed have left of files that were not whole yet. Nobody else may be writing. */
export async function removeHalfWritten(folder: string, prefix: string): Promise<void> {
	const left = (await readdir(folder)).filter((name) => name.startsWith(prefix) && name.endsWith(".tmp"));
	for (const name of left) await rm(join(folder, name), { force: true });
}

/** Ends every process of a run folder, whatever the record says; the caller holds the operation lock. */
export async function stopLocked(folder: string): Promise<HandsetRecord | undefined> {
	const record = await readRecord(folder).catch(() => undefined);
	if (record !== undefined && isAlive(record.qemu)) await endGracefully(folder, record);
	// Told by their command lines, because a start that was killed may not have written down what it had begun. Bridges are asked
	// first: they write down what they have heard last.
	const mine = () => findOwnProcesses(dirname(folder)).filter((found) => found.folder === folder);
	for (const { identity } of mine().filter(({ what }) => what === "qemu")) await endProcess(identity);
	for (let left = mine(); left.length > 0; left = mine()) {
		for (const { identity } of left) await endProcess(identity, BRIDGE_MS);
	}
	// What a bridge that was killed could not put away.
	for (const ending of [".json", ".lock"]) {
		await rm(join(dirname(folder), `${LOCK.bridge(basename(folder))}${ending}`), { recursive: true, force: true });
	}
	await rm(join(folder, FILE.pid), { force: true });
	if (record === undefined) return undefined;
	const { qemu: _, ...rest } = record;
	const stopped: HandsetRecord = { ...rest, phase: "stopped" };
	for (const socket of [SOCKET.qmp, SOCKET.serial]) await rm(join(record.sockets, socket), { force: true });
	await writeRecord(folder, stopped);
	return stopped;
}

async function endGracefully(folder: string, record: HandsetRecord): Promise<void> {
	const { qemu } = record;
	const ended = (deadlineMs: number) => waitUntil(() => !isAlive(qemu), { deadlineMs });
	const bridge = await liveBridge(folder);
	// A Veil that has panicked will not switch off.
	if (bridge?.phase === "connected" && bridge.panicBytes === 0 && record.phase === "running") {
		try {
			const names = record.personas.map(({ name }) => name);
			const client = await connectControl(join(record.sockets, SOCKET.control), names, DEADLINE_MS.powerOff);
			try {
				// QEMU goes without waiting for the answer to be read, so only its end counts.
				void client.powerOff().catch(() => {});
				if (await ended(DEADLINE_MS.powerOff)) return;
			} finally {
				client.close();
			}
		} catch {
			// No bridge, or none that answers: QEMU is asked directly.
		}
	}
	await qmp(join(record.sockets, SOCKET.qmp), { execute: "quit" }, DEADLINE_MS.quit).catch(() => {});
	if (await ended(DEADLINE_MS.quit)) return;
	if (qemu !== undefined) await endProcess(qemu);
}

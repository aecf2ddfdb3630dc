// SPDX-License-Identifier: Apache-2.0
// All handsets of this user, and what is left of some: processes nobody accounts for, folders nothing can be made of.
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { errorCode } from "../util/errors.ts";
import { runRoot } from "../util/paths.ts";
import { withOperationLock } from "./operation-lock.ts";
import { endProcess, isAlive } from "./processes.ts";
import { findOwnProcesses, type OwnProcess } from "./qemu.ts";
import { type HandsetRecord, readBridgeState, readRecord } from "./record.ts";
import { FILE, LOCK } from "./run-folder.ts";
import { stopLocked } from "./stop.ts";
import { observeTablet } from "./tablet.ts";
import type { HandsetSummary, Orphan } from "./types.ts";

interface Folder {
	readonly path: string;
	/** Undefined when there is none, or none that can be read. */
	readonly record: HandsetRecord | undefined;
	readonly readable: boolean;
}

/** Handsets with a record, by id. */
export async function listHandsets(): Promise<HandsetSummary[]> {
	const known = (await folders()).flatMap(({ record }) => record ?? []);
	return Promise.all(known.map((record) => (record.isTablet === true ? tabletSummary(record) : summary(record))));
}

/** What nobody accounts for. Looks only; {@link cleanOrphans} removes. */
export async function findOrphans(): Promise<Orphan[]> {
	const known = await folders();
	const processes = findOwnProcesses(runRoot());
	return [
		...(await Promise.all(processes.map((found) => processOrphan(found, known)))).flat(),
		...known.flatMap((folder) => folderOrphan(folder)),
	];
}

/** Ends orphaned processes and removes orphaned folders; gives what it has removed. What is being worked on is left alone. */
export async function cleanOrphans(): Promise<Orphan[]> {
	const orphans = await findOrphans();
	for (const orphan of orphans) {
		if (orphan.kind === "process") {
			const found = findOwnProcesses(runRoot()).find(({ identity }) => identity.pid === orphan.pid);
			if (found !== undefined) await endProcess(found.identity, found.what === "bridge" ? 1000 : 0);
		} else {
			await withOperationLock(runRoot(), LOCK.operation(basename(orphan.path)), `${orphan.path} is being removed`, async () => {
				await stopLocked(orphan.path);
				await rm(orphan.path, { recursive: true, force: true });
			});
		}
	}
	return orphans;
}

async function folders(): Promise<Folder[]> {
	const names = await readdir(runRoot()).catch((error: unknown) => {
		if (errorCode(error) === "ENOENT") return [];
		throw error;
	});
	const found = names.filter((name) => !name.startsWith(".")).sort();
	return Promise.all(
		found.map(async (name) => {
			const path = join(runRoot(), name);
			try {
				return { path, record: await readRecord(path), readable: true };
			} catch {
				return { path, record: undefined, readable: false };
			}
		}),
	);
}

function summary(record: HandsetRecord): HandsetSummary {
	const alive = isAlive(record.qemu);
	const starting = record.phase === "starting" && isAlive(record.starter);
	return {
		id: record.id,
		...(record.label === undefined ? {} : { label: record.label }),
		board: record.board,
		state: starting ? "starting" : alive ? "running" : record.phase === "stopped" ? "stopped" : "dead",
		...(record.imageDigest === "" ? {} : { imageDigest: record.imageDigest }),
		...(alive ? { startedAt: record.startedAt, pid: record.qemu.pid } : {}),
		personas: record.personas.map(({ name }) => name),
	};
}

async function tabletSummary({ id, label, board, personas }: HandsetRecord): Promise<HandsetSummary> {
	const { flashedAt, imageDigest } = await observeTablet(id, board);
	return {
		id,
		...(label === undefined ? {} : { label }),
		board,
		state: flashedAt === undefined ? "stopped" : "flashed",
		...(imageDigest === undefined ? {} : { imageDigest }),
		personas: personas.map(({ name }) => name),
	};
}

async function processOrphan(found: OwnProcess, known: readonly Folder[]): Promise<Orphan[]> {
	const { pid } = found.identity;
	const orphan = (why: string): Orphan[] => [{ kind: "process", pid, what: found.what, why }];
	const folder = known.find(({ path }) => path === found.folder);
	if (folder === undefined) return orphan(`its run folder ${found.folder} is gone`);
	const { record } = folder;
	if (record === undefined) return orphan("its run folder has no record that can be read");
	if (record.phase === "starting") {
		return isAlive(record.starter) ? [] : orphan(`the start of handset ${record.id} was interrupted`);
	}
	if (found.what === "qemu") return record.qemu?.pid === pid ? [] : orphan(`handset ${record.id} runs another QEMU, or none`);
	if (!isAlive(record.qemu)) return orphan(`QEMU of handset ${record.id} has ended`);
	const state = await readBridgeState(folder.path).catch(() => undefined);
	return state === undefined || state.bridge.pid === pid ? [] : orphan(`handset ${record.id} has another bridge`);
}

function folderOrphan({ path, record, readable }: Folder): Orphan[] {
	if (!readable) return [{ kind: "folder", path, why: "its record cannot be read" }];
	// A folder without a record may belong to a handset that has been declared and not started: it holds something else then.
	if (record === undefined && !existsSync(join(path, "pulumi.json")) && !existsSync(join(path, FILE.volumes)))
		return [{ kind: "folder", path, why: "it holds no handset" }];
	return [];
}

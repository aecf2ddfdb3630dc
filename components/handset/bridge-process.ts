// SPDX-License-Identifier: Apache-2.0
// Sees to it that a running handset has its bridge: a dead one is replaced, and the new one picks up where it stopped.
import { basename, dirname, extname, join } from "node:path";
import { UserError } from "../util/errors.ts";
import { launch, nodeModule } from "./launch.ts";
import { withOperationLock } from "./operation-lock.ts";
import { endProcess, isAlive, waitUntil } from "./processes.ts";
import { type BridgeState, type HandsetRecord, readBridgeState } from "./record.ts";
import { FILE, LOCK } from "./run-folder.ts";
import { lastLines } from "./tails.ts";

const READY_MS = 15_000;

/** The state of a bridge that serves now, or undefined. */
export async function servingBridge(folder: string): Promise<BridgeState | undefined> {
	const state = await readBridgeState(folder).catch(() => undefined);
	return state !== undefined && state.phase !== "ended" && isAlive(state.bridge) ? state : undefined;
}

/** Starts a bridge unless one serves; comes back when its sockets are there. The record must name QEMU. */
export async function ensureBridge(folder: string, record: HandsetRecord): Promise<BridgeState> {
	const serving = await servingBridge(folder);
	if (serving !== undefined) return serving;
	const { command, args } = nodeModule(new URL(`./bridge-main${extname(import.meta.url)}`, import.meta.url));
	// Two who find the bridge dead may both start one: the bridge's own lock lets one of them live, and either will do.
	const launched = await launch(command, [...args, folder], folder, join(folder, FILE.bridgeLog));
	let state: BridgeState | undefined;
	const found = await waitUntil(
		async () => {
			state = await servingBridge(folder);
			return state !== undefined || !isAlive(record.qemu);
		},
		{ deadlineMs: READY_MS },
	);
	if (state !== undefined) return state;
	await endProcess(launched.identity);
	const tail = await lastLines(join(folder, FILE.bridgeLog), 10);
	if (found) throw new UserError(`handset ${record.id} ended while its bridge was being started`);
	throw new Error(`the bridge of handset ${record.id} does not serve (${launched.ended() ?? "no end"})\n${tail}`);
}

/** Ends the bridge of a handset, if there is one. */
export async function endBridge(folder: string): Promise<void> {
	const state = await readBridgeState(folder).catch(() => undefined);
	if (state !== undefined && isAlive(state.bridge)) await endProcess(state.bridge, 1000);
	await withOperationLock(
		dirname(folder),
		LOCK.bridge(basename(folder)),
		`handset ${basename(folder)} is being stopped`,
		async () => {},
	);
}

// SPDX-License-Identifier: Apache-2.0
// Sees to it that a running handset has its bridge: a dead one is replaced, and the new one picks up where it stopped.
import { extname, join } from "node:path";
import { UserError } from "../util/errors.ts";
import { type Launched, launch, nodeModule } from "./launch.ts";
import { endProcess, isAlive, waitUntil } from "./processes.ts";
import { type BridgeState, type HandsetRecord, readBridgeState } from "./record.ts";
import { FILE } from "./run-folder.ts";
import { lastLines } from "./tails.ts";

const READY_MS = 15_000;

/** The state of a live bridge, or undefined. It may still be on its way to QEMU. */
export async function liveBridge(folder: string): Promise<BridgeState | undefined> {
	const state = await readBridgeState(folder).catch(() => undefined);
	return state !== undefined && state.phase !== "ended" && isAlive(state.bridge) ? state : undefined;
}

/** Starts a bridge unless there is one; comes back when it reads the line and its sockets are there. The record must name QEMU. */
export async function ensureBridge(folder: string, record: HandsetRecord): Promise<BridgeState> {
	let state: BridgeState | undefined;
	let launched: Launched | undefined;
	await waitUntil(
		async () => {
			state = await liveBridge(folder);
			// One that was killed lives on for a moment, and while it does, another does not start: looked at again until one serves.
			if (state === undefined && !isAlive(launched?.identity) && isAlive(record.qemu)) launched = await launchBridge(folder);
			return (state !== undefined && state.phase !== "opening") || !isAlive(record.qemu);
		},
		{ deadlineMs: READY_MS, everyMs: 10 },
	);
	if (state !== undefined && state.phase !== "opening") return state;
	if (!isAlive(record.qemu)) throw new UserError(`handset ${record.id} ended while its bridge was being started`);
	if (launched !== undefined) await endProcess(launched.identity);
	const tail = await lastLines(join(folder, FILE.bridgeLog), 10);
	throw new Error(`the bridge of handset ${record.id} does not serve (${launched?.ended() ?? "no end"})\n${tail}`);
}

/** Two who find the bridge dead may both start one: the bridge's own lock lets one of them live, and either will do. */
async function launchBridge(folder: string): Promise<Launched> {
	const { command, args } = nodeModule(new URL(`./bridge-main${extname(import.meta.url)}`, import.meta.url));
	return launch(command, [...args, folder], folder, join(folder, FILE.bridgeLog));
}

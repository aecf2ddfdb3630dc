// SPDX-License-Identifier: Apache-2.0
// Waits until a handset's personas are up, and tells what went wrong where one is not.
import { join } from "node:path";
import { UserError } from "../util/errors.ts";
import type { Progress } from "../util/progress.ts";
import { liveBridge } from "./bridge-process.ts";
import { panicTail } from "./observe.ts";
import { isAlive, waitUntil } from "./processes.ts";
import { type BridgePersona, type BridgeState, type HandsetRecord, readBridgeState } from "./record.ts";
import { FILE } from "./run-folder.ts";
import { lastLines, lastQemuLines } from "./tails.ts";
import type { ReadyExpectation } from "./types.ts";

/** A persona that has ended may be restarted by Veil; after this long it will not be. */
const ENDED_MS = 2000;
/** A boot of Veil takes a few milliseconds, payload digests included well under a second. */
const VEIL_MS = 20_000;
const CONSOLE_LINES = 20;

/** A handset that runs, with a persona that is not up. It is left running, so that one can look at it. */
export class NotReadyError extends UserError {}

/**
 * Waits until Veil answers and every expected persona that starts at boot (or has been started since) is up. Throws a
 * {@link NotReadyError} with the console's last lines when one misses its deadline or ends for good.
 */
export async function awaitReady(
	folder: string,
	record: HandsetRecord,
	expected: readonly ReadyExpectation[],
	options: {
		readonly signal?: AbortSignal | undefined;
		readonly progress?: Progress | undefined;
		/** Starts that do not count any more, by persona: only a later one does. */
		readonly after?: ReadonlyMap<string, number>;
	},
): Promise<void> {
	const begun = performance.now();
	const endedSince = new Map<string, number>();
	const waitingFor = new Set(expected.filter(({ name }) => startsAtBoot(record, name)).map(({ name }) => name));
	await waitUntil(
		async () => {
			if (!isAlive(record.qemu)) throw await handsetEnded(folder, record);
			const state = await readBridgeState(folder).catch(() => undefined);
			const waited = performance.now() - begun;
			if (state?.phase !== "connected") {
				if (waited > VEIL_MS) throw await veilSilent(folder, record);
				return false;
			}
			checkAbi(record, state);
			for (const { name, readyMarker, readyDeadlineSeconds } of expected) {
				const persona = state.personas.find((candidate) => candidate.name === name);
				if (persona === undefined || !waitingFor.has(name)) continue;
				const counts = persona.starts > (options.after?.get(name) ?? 0);
				if (counts && isPutAside(persona)) waitingFor.delete(name);
				else if (counts && isUp(persona, readyMarker)) {
					waitingFor.delete(name);
					options.progress?.(`persona ${name} is READY after ${(waited / 1000).toFixed(1)} s`);
				} else if (endedForGood(persona, endedSince)) {
					throw await notReady(folder, record, persona, "ended before it was READY");
				} else if (waited > readyDeadlineSeconds * 1000) {
					throw await notReady(folder, record, persona, `was not READY within ${readyDeadlineSeconds} s`);
				}
			}
			return waitingFor.size === 0;
		},
		{ deadlineMs: Number.POSITIVE_INFINITY, everyMs: 40, signal: options.signal },
	);
}

function startsAtBoot(record: HandsetRecord, name: string): boolean {
	const persona = record.personas.find((candidate) => candidate.name === name);
	if (persona !== undefined) return persona.startAtBoot;
	throw new UserError(`the device image has no persona ${name}`, {
		remedy: `it has: ${record.personas.map((p) => p.name).join(", ")}`,
	});
}

/** A guest without a marker is up when it runs; one that has done its work and switched itself off was up. */
function isUp(persona: BridgePersona, marker: string | null): boolean {
	return persona.ready || (marker === null && persona.starts > 0 && persona.state === "off");
}

/** The user has stopped or paused it, or it is frozen until it comes to the front: nobody is to wait for it. */
function isPutAside({ state, reason }: BridgePersona): boolean {
	return (reason === "command" && (state === "stopped" || state === "paused")) || (reason === "background" && state === "paused");
}

function endedForGood(persona: BridgePersona, endedSince: Map<string, number>): boolean {
	if (persona.state !== "crashed" && persona.state !== "off" && persona.state !== "stopped") {
		endedSince.delete(persona.name);
		return false;
	}
	const since = endedSince.get(persona.name) ?? performance.now();
	endedSince.set(persona.name, since);
	return performance.now() - since > ENDED_MS;
}

function checkAbi(record: HandsetRecord, state: BridgeState): void {
	if (state.foreignAbi === undefined) return;
	throw new UserError(`the image on handset ${record.id} speaks format ${state.foreignAbi} of the control protocol`, {
		remedy: "build it with this version of pulumi-persona",
	});
}

async function handsetEnded(folder: string, record: HandsetRecord): Promise<UserError> {
	// The bridge writes down what it has heard last before it ends.
	await waitUntil(async () => (await liveBridge(folder)) === undefined, { deadlineMs: 2000 });
	const panic = await panicTail(folder);
	const log = await lastQemuLines(folder, 10);
	return new UserError(["QEMU ended while the personas were starting", log, panic].filter((part) => part !== "").join("\n"), {
		where: `handset ${record.id}`,
		remedy: `its logs are in ${join(folder, FILE.logs)}`,
	});
}

async function veilSilent(folder: string, record: HandsetRecord): Promise<UserError> {
	const panic = await panicTail(folder);
	return new NotReadyError(
		panic === "" ? `Veil has said nothing for ${VEIL_MS / 1000} s` : `Veil has panicked before it was up:\n${panic}`,
		{ where: `handset ${record.id}`, remedy: `its logs are in ${join(folder, FILE.logs)}` },
	);
}

async function notReady(folder: string, record: HandsetRecord, persona: BridgePersona, what: string): Promise<NotReadyError> {
	const console = await lastLines(join(folder, FILE.consoleLog(persona.name)), CONSOLE_LINES);
	const veil = await lastLines(join(folder, FILE.veilLog), 5);
	const qemu = await lastQemuLines(folder, 5);
	const fault =
		persona.lastFault === undefined ? "" : `, fault at pc ${persona.lastFault.pc}, syndrome ${persona.lastFault.syndrome}`;
	return new NotReadyError(
		[
			persona.state === "unknown"
				? `persona ${persona.name} ${what}: Veil has said hello, and nothing of its personas since`
				: `persona ${persona.name} ${what} (it is ${persona.state}, reason ${persona.reason}${fault})`,
			console === "" ? "it has written nothing to its console" : `the end of its console:\n${console}`,
			...(veil === "" ? [] : [`the end of Veil's log:\n${veil}`]),
			...(qemu === "" ? [] : [`the end of QEMU's log:\n${qemu}`]),
		].join("\n"),
		{ where: `handset ${record.id}`, remedy: `see \`persona logs ${persona.name}\` and \`persona status\`` },
	);
}

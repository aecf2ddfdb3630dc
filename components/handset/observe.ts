// SPDX-License-Identifier: Apache-2.0
// What is true of a handset now, put together from the record, the process table, the bridge and Veil.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { UserError } from "../util/errors.ts";
import { ensureBridge } from "./bridge-process.ts";
import { ConnectionLost, type ControlClient, connectControl, type HandsetStatus } from "./control.ts";
import { isAlive } from "./processes.ts";
import { type BridgeState, type HandsetRecord, readBridgeState, readRecord } from "./record.ts";
import { FILE, handsetDir, SOCKET } from "./run-folder.ts";
import { observeTablet, UNSEEN } from "./tablet.ts";
import { lastLines, lastQemuLines } from "./tails.ts";
import type { Endpoints, Indicator, Observation, PersonaObservation } from "./types.ts";

/** An answer takes a few milliseconds; a host under full load makes that a second. */
const ANSWER_MS = 5000;
/** What a killed bridge takes to be gone, at most, on an idle host. */
const AGAIN_MS = 20;
/** After a panic there will most likely be none. */
const PANICKED_MS = 1000;

/** Of handsets that were started by versions that did not write colours down: a grey. */
const UNKNOWN_COLOUR = 0x7f8c8d;

/** What a handset does; one that is unknown here, or has ended, is not alive. */
export async function observeHandset(id: string): Promise<Observation> {
	const folder = handsetDir(id);
	const record = await readRecord(folder);
	if (record === undefined)
		return { id, board: "", alive: false, responding: false, problem: "it was never started", personas: [] };
	if (record.isTablet === true) return observeTablet(id, record.board);
	const known = { id, board: record.board, imageDigest: record.imageDigest };
	if (!isAlive(record.qemu)) {
		const problem = record.phase === "stopped" ? "it is stopped" : await endedProblem(folder);
		return { ...known, alive: false, responding: false, problem, personas: [] };
	}
	if (record.phase === "starting" && !isAlive(record.starter)) {
		return { ...known, alive: true, responding: false, problem: "its start was interrupted", personas: [] };
	}
	return observeRunning(folder, record, known, performance.now() + ANSWER_MS);
}

/** Asks Veil. A bridge that dies while it is asked is replaced, and the next one is asked, until `deadline` (of the monotonic clock). */
async function observeRunning(
	folder: string,
	record: HandsetRecord,
	known: { id: string; board: string; imageDigest: string },
	deadline: number,
): Promise<Observation> {
	try {
		const client = await openControl(folder, record);
		try {
			const status = await client.status();
			const policy = await client.policyDigest();
			if (policy !== undefined && record.policyDigest !== undefined && policy !== record.policyDigest)
				known.imageDigest = `${record.imageDigest} under another policy`;
			return { ...known, alive: true, responding: true, ...view(record, status, await readBridgeState(folder)) };
		} finally {
			client.close();
		}
	} catch (error) {
		if (!isAlive(record.qemu)) {
			return { ...known, alive: false, responding: false, problem: await endedProblem(folder), personas: [] };
		}
		if (error instanceof ConnectionLost && performance.now() < deadline) {
			await delay(AGAIN_MS);
			return observeRunning(folder, record, known, deadline);
		}
		const panic = await panicTail(folder);
		const why = error instanceof Error ? error.message : String(error);
		return { ...known, alive: true, responding: false, problem: panic === "" ? why : `Veil has panicked:\n${panic}`, personas: [] };
	}
}

/** A client of a running handset's control protocol. Throws a UserError when the handset does not run. Close it after use. */
export async function controlClient(id: string): Promise<ControlClient> {
	const folder = handsetDir(id);
	return openControl(folder, await runningRecord(folder, id));
}

/** Where a running handset's sockets are, with a bridge that serves them. */
export async function handsetEndpoints(id: string): Promise<Endpoints> {
	const folder = handsetDir(id);
	const record = await runningRecord(folder, id);
	await ensureBridge(folder, record);
	return endpoints(record);
}

/** What a running handset's strips show, in the manifest's order. Throws a UserError when the handset does not run. */
export async function handsetIndicators(id: string): Promise<Indicator[]> {
	const { personas } = await runningRecord(handsetDir(id), id);
	return personas.map(({ name, label = name, colour = UNKNOWN_COLOUR }) => ({ name, label, colour }));
}

export function endpoints(record: HandsetRecord): Endpoints {
	return {
		control: join(record.sockets, SOCKET.control),
		agents: Object.fromEntries(record.personas.map(({ name }, index) => [name, join(record.sockets, SOCKET.agent(index))])),
		consoles: Object.fromEntries(record.personas.map(({ name }, index) => [name, join(record.sockets, SOCKET.console(index))])),
		...(record.personas.some(({ surface }) => surface !== undefined) ? { screen: join(record.sockets, SOCKET.screen) } : {}),
	};
}

/** The end of Veil's panic output of this boot, harmless to print; empty when it has not panicked. */
export async function panicTail(folder: string): Promise<string> {
	const state = await readBridgeState(folder).catch(() => undefined);
	return state === undefined || state.panicBytes === 0 ? "" : lastLines(join(folder, FILE.panicLog), 20);
}

/** The record of a handset that runs. Throws a UserError when it does not. */
export async function runningRecord(folder: string, id: string): Promise<HandsetRecord> {
	const record = existsSync(folder) ? await readRecord(folder) : undefined;
	if (record !== undefined && isAlive(record.qemu)) return record;
	if (record?.isTablet === true) throw new UserError(`handset ${id} is a tablet: ${UNSEEN}`);
	throw new UserError(`handset ${id} does not run`, { remedy: "`pulumi up` (or `npm run up`) starts it" });
}

async function openControl(folder: string, record: HandsetRecord): Promise<ControlClient> {
	const state = await ensureBridge(folder, record);
	if (state.foreignAbi !== undefined) {
		throw new UserError(`handset ${record.id} runs a Veil of format ${state.foreignAbi}, which this version does not speak`);
	}
	const names = record.personas.map(({ name }) => name);
	return connectControl(join(record.sockets, SOCKET.control), names, state.panicBytes === 0 ? ANSWER_MS : PANICKED_MS);
}

async function endedProblem(folder: string): Promise<string> {
	const tails = [await lastQemuLines(folder, 5), await panicTail(folder)].filter((tail) => tail !== "");
	return ["its QEMU has ended by itself", ...tails].join("\n");
}

/** Veil's figures, and the bridge's word on who is up. */
function view(
	record: HandsetRecord,
	status: HandsetStatus,
	state: BridgeState | undefined,
): { personas: PersonaObservation[]; foreground?: string } {
	const personas = status.personas.map((persona, index): PersonaObservation => {
		const seen = state?.personas[index];
		const up = persona.state === "running" || persona.state === "paused";
		const sameStart = seen?.starts === persona.starts;
		return {
			name: record.personas[index]?.name ?? persona.name,
			state: persona.state,
			ready: up && (persona.saidReady || (sameStart && seen?.ready === true)),
			reason: persona.reason,
			restarts: persona.restarts,
			starts: persona.starts,
			foreground: persona.foreground,
			...(persona.lastFault === undefined ? {} : { lastFault: persona.lastFault }),
		};
	});
	const foreground = record.personas[status.system.foreground]?.name;
	return { personas, ...(foreground === undefined ? {} : { foreground }) };
}

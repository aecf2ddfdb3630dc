// SPDX-License-Identifier: Apache-2.0
// What a handset's personas are doing, as `persona status --json` prints it and the getStatus function returns it.
import { setTimeout as delay } from "node:timers/promises";
import { UserError } from "../util/errors.ts";
import type { ControlClient, HandsetStatus } from "./control.ts";
import { listHandsets } from "./list.ts";
import { type NetworkReport, networkReport } from "./network-report.ts";
import { controlClient, observeHandset } from "./observe.ts";
import type { Fault, HandsetSummary, PersonaReason, PersonaState } from "./types.ts";

/** CPU figures are means over this time, in milliseconds. */
export const SAMPLE_MS = 300;

/** Its keys are promised. */
export interface StatusReport {
	readonly handset: string;
	readonly board: string;
	readonly digest: string;
	readonly personas: readonly PersonaReport[];
}

export interface PersonaReport {
	readonly name: string;
	readonly state: PersonaState;
	readonly ready: boolean;
	readonly foreground: boolean;
	/** Of one physical CPU; 200 for a persona that keeps two busy. */
	readonly cpuPercent: number;
	readonly memoryMiB: number;
	readonly restarts: number;
	/** Why it ended, or was restarted, when that was no command and no end of its own; with the processor's words where there are any. */
	readonly lastFault: (Partial<Fault> & { readonly reason: PersonaReason }) | null;
	/** Missing for a persona without a network. */
	readonly network?: NetworkReport;
}

/** A report with what else was seen at the same moment. */
export interface StatusSample {
	readonly report: StatusReport;
	readonly status: HandsetStatus;
	/** Physical CPUs in use, on average. */
	readonly cpuBusy: number;
}

/** What is true of a handset now; of one that does not run, that it has no personas. */
export async function reportStatus(id: string): Promise<StatusReport> {
	const handset = (await listHandsets()).find((candidate) => candidate.id === id);
	if (handset === undefined)
		throw new UserError(`there is no handset ${id} on this machine`, { remedy: "`persona ps` lists them" });
	if (handset.state !== "running") return { handset: id, board: handset.board, digest: handset.imageDigest ?? "", personas: [] };
	const client = await controlClient(id);
	try {
		const before = await client.status();
		await delay(SAMPLE_MS);
		return (await sampleStatus(handset, client, before)).report;
	} finally {
		client.close();
	}
}

/** A report whose CPU figures are means since `before`. */
export async function sampleStatus(handset: HandsetSummary, client: ControlClient, before: HandsetStatus): Promise<StatusSample> {
	const [now, observation] = await Promise.all([client.status(), observeHandset(handset.id)]);
	const networks = await Promise.all(now.personas.map(({ name }) => client.network(name)));
	const elapsed = Number(now.system.uptimeNs - before.system.uptimeNs);
	const share = (nanoseconds: bigint) => (elapsed > 0 ? Math.max(0, Number(nanoseconds) / elapsed) : 0);
	const personas = now.personas.map((persona, index): PersonaReport => {
		const seen = observation.personas.find(({ name }) => name === persona.name);
		const network = networks[index];
		const used = persona.cpuTimeNs - (before.personas[index]?.cpuTimeNs ?? 0n);
		return {
			name: persona.name,
			state: persona.state,
			ready: seen?.ready ?? false,
			foreground: persona.foreground,
			cpuPercent: Math.round(share(used) * 1000) / 10,
			memoryMiB: Math.round((persona.memoryTouched / (1 << 20)) * 10) / 10,
			restarts: persona.restarts,
			lastFault: isFault(persona.reason) ? { reason: persona.reason, ...persona.lastFault } : null,
			...(network === undefined ? {} : { network: networkReport(network) }),
		};
	});
	const idle = share(now.system.idleNs - before.system.idleNs);
	const report = { handset: handset.id, board: handset.board, digest: handset.imageDigest ?? "", personas };
	return { report, status: now, cpuBusy: Math.max(0, now.system.cpus - idle) };
}

function isFault(reason: PersonaReason): boolean {
	return !["none", "command", "guestOff", "background"].includes(reason);
}

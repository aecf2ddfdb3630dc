// SPDX-License-Identifier: Apache-2.0
// `persona status`: what each persona of a handset does, once or again and again.
import { setTimeout as delay } from "node:timers/promises";
import {
	type ControlClient,
	controlClient,
	faultText,
	type HandsetSummary,
	networkLine,
	observeHandset,
	type PersonaReason,
	type PersonaReport,
	REASONS,
	SAMPLE_MS,
	type StatusSample,
	sampleStatus,
} from "../../handset/index.ts";
import { bytes } from "../../util/bytes.ts";
import { UserError } from "../../util/errors.ts";
import { printable } from "../../util/printable.ts";
import { table } from "../../util/table.ts";
import { chooseHandset } from "../choose.ts";
import { meter, span } from "../meter.ts";
import { print, printJson, styled, type Terminal } from "../terminal.ts";

const WATCH_MS = 1000;

export interface StatusOptions {
	readonly handset?: string | undefined;
	readonly json: boolean;
	readonly watch: boolean;
}

export async function status(terminal: Terminal, options: StatusOptions): Promise<void> {
	const handset = await chooseHandset(options.handset);
	const client = await connected(handset);
	try {
		let before = await client.status();
		await delay(SAMPLE_MS);
		for (let again = false; ; again = true) {
			if (again) await delay(WATCH_MS);
			const now = await sampleStatus(handset, client, before);
			before = now.status;
			if (options.json) printJson(terminal, now.report);
			else {
				// A watched table is drawn over the one before.
				if (options.watch && terminal.interactive) terminal.out.write("\x1b[H\x1b[2J");
				print(terminal, render(terminal, handset, now));
			}
			if (!options.watch) return;
		}
	} finally {
		client.close();
	}
}

/** Looks before it asks, because a Veil that has panicked says more in its last words than by its silence. */
async function connected(handset: HandsetSummary): Promise<ControlClient> {
	const { alive, responding, problem, flashedAt } = await observeHandset(handset.id);
	if (responding || flashedAt !== undefined) return controlClient(handset.id);
	const what = alive ? "does not answer" : "does not run";
	throw new UserError(`handset ${handset.id} ${what}: ${printable(problem ?? "it has just ended")}`, {
		remedy: alive
			? `\`persona ps stop ${handset.id}\`, then \`npm run up\` (or \`pulumi up\`), starts it afresh`
			: "`npm run up` (or `pulumi up`) starts it",
	});
}

function render(terminal: Terminal, handset: HandsetSummary, { report, status, cpuBusy }: StatusSample): string {
	const { system } = status;
	const rows = report.personas.map((persona, index) => {
		const figures = status.personas[index];
		const total = figures?.memoryTotal ?? 0;
		return [
			persona.foreground ? `${styled(terminal, "bold", persona.name)} *` : persona.name,
			stateText(terminal, persona, figures?.reason ?? "none"),
			`${meter(persona.cpuPercent / 100 / (figures?.cpuCount ?? 1))} ${persona.cpuPercent.toFixed(1).padStart(5)} %`,
			`${persona.memoryMiB.toFixed(0)} of ${bytes(total)}`,
			`${persona.restarts}`,
			persona.lastFault === null ? "" : faultText(persona.lastFault),
		];
	});
	const uptime = span(Number(system.uptimeNs / 1_000_000n));
	return [
		`${styled(terminal, "bold", handset.id)}  ${handset.board}, up ${uptime}, image ${report.digest.slice(7, 19)}`,
		"",
		table(["PERSONA", "STATE", "CPU", "MEMORY", "RESTARTS", "LAST FAULT"], rows, ["RESTARTS"]),
		...report.personas.flatMap(({ name, network }) => (network === undefined ? [] : [`${name}: ${networkLine(network)}`])),
		"",
		`* foreground   CPUs busy ${cpuBusy.toFixed(2)} of ${system.cpus}   Veil ${bytes(system.memoryVeil)}, kept for restarts ${bytes(system.memoryPayloads)}`,
	].join("\n");
}

function stateText(terminal: Terminal, persona: PersonaReport, reason: PersonaReason): string {
	if (persona.ready) return styled(terminal, "green", persona.state === "running" ? "READY" : `${persona.state}, READY`);
	const style = persona.state === "crashed" ? "red" : "yellow";
	const why = REASONS[reason];
	const told = persona.state === "running" || why === "" || persona.lastFault !== null;
	return styled(terminal, style, told ? persona.state : `${persona.state}: ${why}`);
}

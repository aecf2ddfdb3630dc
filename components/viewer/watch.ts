// SPDX-License-Identifier: Apache-2.0
// Looks at a handset as long as somebody looks at the viewer, tells all of them what it sees, and does what their buttons ask for.
import { setTimeout as delay } from "node:timers/promises";
import {
	type ControlClient,
	controlClient,
	faultText,
	type HandsetStatus,
	type HandsetSummary,
	handsetEndpoints,
	handsetIndicators,
	type Indicator,
	listHandsets,
	observeHandset,
	REASONS,
	type StatusSample,
	sampleStatus,
} from "../handset/index.ts";
import { readableOn } from "../image/strip.ts";
import { UserError } from "../util/errors.ts";
import { printable } from "../util/printable.ts";
import type { FromPage, FromServer, PersonaAction, ShownPersona } from "./messages.ts";

/** CPU figures are means over this time. */
const SAMPLE_MS = 1000;
/** How soon a switch by the hotkey, or by another command, shows. */
const LOOK_MS = 200;
const MIB = 1 << 20;

/** What Veil is told for each request of a page. */
export const ACTIONS: Readonly<Record<PersonaAction, (client: ControlClient, persona: string) => Promise<void>>> = {
	switch: (client, persona) => client.switchTo(persona),
	beside: (client, persona) => client.showBeside(persona),
	alone: (client) => client.showBeside(undefined),
	start: (client, persona) => client.start(persona),
	stop: (client, persona) => client.stop(persona),
	pause: (client, persona) => client.pause(persona),
	resume: (client, persona) => client.resume(persona),
	restart: (client, persona) => client.restart(persona),
};

/** One who is told. */
export type Listener = (message: FromServer) => void;

/** What is known of a running handset for as long as it runs. */
interface Connection {
	readonly handset: HandsetSummary;
	readonly client: ControlClient;
	readonly indicators: readonly Indicator[];
	readonly hasScreen: boolean;
}

export class Watch {
	private readonly id: string;
	private readonly listeners = new Set<Listener>();
	private readonly end = new AbortController();
	private connection: Connection | undefined;
	private latest: FromServer | undefined;
	private looking: Promise<void> | undefined;
	/** Something has been asked for or has happened: look now. */
	private due = false;

	constructor(id: string) {
		this.id = id;
	}

	/** Tells a listener from now on; gives a function that ends it. */
	add(listener: Listener): () => void {
		this.listeners.add(listener);
		if (this.latest !== undefined) listener(this.latest);
		this.looking ??= this.look().finally(() => {
			this.looking = undefined;
			// What is old by the time somebody looks again is not told.
			this.latest = undefined;
		});
		return () => this.listeners.delete(listener);
	}

	/** Does what a page asks for. Throws a UserError where that cannot be done. */
	async act(request: FromPage): Promise<void> {
		const { connection } = this;
		if (connection === undefined) throw new UserError("the handset does not answer");
		await ACTIONS[request.do](connection.client, request.persona);
		this.due = true;
	}

	close(): void {
		this.listeners.clear();
		this.end.abort();
	}

	/** Until nobody looks any more. */
	private async look(): Promise<void> {
		while (this.wanted) {
			try {
				this.connection = await connection(this.id);
				await this.follow(this.connection);
			} catch (error) {
				if (!this.wanted) return;
				const { problem } = await observeHandset(this.id);
				const why = problem ?? (error instanceof Error ? error.message : String(error));
				this.tell({ kind: "gone", handset: this.id, problem: printable(why) });
				await this.pause(SAMPLE_MS);
			} finally {
				this.connection?.client.close();
				this.connection = undefined;
			}
		}
	}

	/** Samples one running handset. Throws when it ends. */
	private async follow(connection: Connection): Promise<void> {
		const { client, handset } = connection;
		client.onState(() => {
			this.due = true;
		});
		let before = await client.status();
		let told = "";
		for (let since = performance.now(); this.wanted; ) {
			const shows = onScreen(await client.systemStatus());
			const full = performance.now() - since >= SAMPLE_MS;
			if (full || this.due || shows !== told) {
				this.due = false;
				const sample = await sampleStatus(handset, client, before);
				this.tell(shown(sample, connection));
				told = onScreen(sample.status.system);
				if (full) [before, since] = [sample.status, performance.now()];
			}
			await this.pause(LOOK_MS);
		}
	}

	private get wanted(): boolean {
		return this.listeners.size > 0;
	}

	private async pause(milliseconds: number): Promise<void> {
		await delay(milliseconds, undefined, { signal: this.end.signal }).catch(() => {});
	}

	private tell(message: FromServer): void {
		this.latest = message;
		for (const listener of this.listeners) listener(message);
	}
}

async function connection(id: string): Promise<Connection> {
	const handset = (await listHandsets()).find((candidate) => candidate.id === id);
	if (handset === undefined) throw new UserError(`there is no handset ${id} any more`);
	const [indicators, { screen }] = await Promise.all([handsetIndicators(id), handsetEndpoints(id)]);
	return { handset, client: await controlClient(id), indicators, hasScreen: screen !== undefined };
}

function onScreen({ foreground, beside }: HandsetStatus["system"]): string {
	return `${foreground},${beside}`;
}

function shown({ report, status, cpuBusy }: StatusSample, { handset, indicators, hasScreen }: Connection): FromServer {
	const { system } = status;
	return {
		kind: "status",
		handset: handset.label ?? handset.id,
		board: handset.board,
		image: report.digest.slice(7, 19),
		boot: system.bootEpoch,
		hasScreen,
		cpus: system.cpus,
		cpuBusy,
		uptimeSeconds: Number(system.uptimeNs / 1_000_000_000n),
		veilMiB: system.memoryVeil / MIB,
		personas: report.personas.flatMap((one, index) =>
			persona(one, status.personas[index], indicators[index], index === system.beside),
		),
	};
}

function persona(
	report: StatusSample["report"]["personas"][number],
	figures: HandsetStatus["personas"][number] | undefined,
	indicator: Indicator | undefined,
	beside: boolean,
): ShownPersona[] {
	if (figures === undefined || indicator === undefined) return [];
	const { name, state, ready, foreground, cpuPercent, memoryMiB, restarts, lastFault } = report;
	return [
		{
			name,
			label: indicator.label,
			colour: hexadecimal(indicator.colour),
			ink: readableOn(indicator.colour) === 0 ? "#000000" : "#ffffff",
			state,
			ready,
			foreground,
			beside,
			cpuPercent,
			cpuCount: figures.cpuCount,
			memoryMiB,
			memoryTotalMiB: figures.memoryTotal / MIB,
			restarts,
			note: lastFault === null ? (state === "running" ? "" : REASONS[figures.reason]) : faultText(lastFault),
		},
	];
}

function hexadecimal(colour: number): `#${string}` {
	return `#${colour.toString(16).padStart(6, "0")}`;
}

// SPDX-License-Identifier: Apache-2.0
// `persona start|stop|pause|resume|restart|switch PERSONA` and `persona statistics`: what Veil does for one persona.
import { type ControlClient, controlClient, type PersonaState } from "../../handset/index.ts";
import { UserError } from "../../util/errors.ts";
import { table } from "../../util/table.ts";
import type { ActionName } from "../actions.ts";
import { checkPersonaName, chooseHandset } from "../choose.ts";
import { print, printJson, type Terminal } from "../terminal.ts";

interface Action {
	/** States that show that it has been done; none: it is done when Veil has said so. */
	readonly done: readonly PersonaState[];
	readonly call: (client: ControlClient, persona: string) => Promise<void>;
}

const CALLS: Readonly<Record<ActionName, Action>> = {
	start: { done: ["running"], call: (client, persona) => client.start(persona) },
	stop: { done: ["stopped"], call: (client, persona) => client.stop(persona) },
	pause: { done: ["paused"], call: (client, persona) => client.pause(persona) },
	resume: { done: ["running"], call: (client, persona) => client.resume(persona) },
	restart: { done: ["running"], call: (client, persona) => client.restart(persona) },
	switch: { done: [], call: (client, persona) => client.switchTo(persona) },
};

const DONE_MS = 30_000;

export async function act(
	terminal: Terminal,
	name: ActionName,
	persona: string,
	options: { readonly handset?: string | undefined; readonly json: boolean },
): Promise<void> {
	const handset = await chooseHandset(options.handset);
	checkPersonaName(handset, persona);
	const client = await controlClient(handset.id);
	try {
		const action = CALLS[name];
		const before = await client.personaStatus(persona);
		await action.call(client, persona);
		const state = await waitFor(client, persona, action, name === "restart" ? before.starts : -1);
		if (options.json) printJson(terminal, { handset: handset.id, persona, action: name, state });
		else print(terminal, name === "switch" ? `${persona} is in the foreground` : `${persona} is ${state}`);
	} finally {
		client.close();
	}
}

/** Veil accepts first and does it then, so the state is watched until it shows. */
async function waitFor(client: ControlClient, persona: string, action: Action, after: number): Promise<PersonaState> {
	const end = performance.now() + DONE_MS;
	const changed = () =>
		new Promise<void>((resolve) => {
			const finish = () => {
				clearTimeout(timer);
				forget();
				resolve();
			};
			// An event that was missed, because it came before we listened, is made good by looking again.
			const timer = setTimeout(finish, 200);
			const forget = client.onState(finish);
		});
	for (;;) {
		const { state, starts, reason } = await client.personaStatus(persona);
		// What is started behind another and freezes there has started.
		const frozen = state === "paused" && reason === "background" && action.done.includes("running");
		if (action.done.length === 0 || ((frozen || action.done.includes(state)) && starts > after)) return state;
		if (state === "crashed" && starts > after && performance.now() + DONE_MS - end > 1000) {
			throw new UserError(`${persona} has crashed (${reason})`, {
				remedy: `see \`persona logs ${persona}\` and \`persona logs veil\``,
			});
		}
		if (performance.now() > end) {
			throw new UserError(`${persona} is still ${state} after ${DONE_MS / 1000} s`, { remedy: "see `persona logs veil`" });
		}
		await changed();
	}
}

/** Exits of each persona by cause. */
export async function statistics(
	terminal: Terminal,
	persona: string | undefined,
	options: { readonly handset?: string | undefined; readonly json: boolean },
): Promise<void> {
	const handset = await chooseHandset(options.handset);
	if (persona !== undefined) checkPersonaName(handset, persona);
	const names = persona === undefined ? handset.personas : [persona];
	const client = await controlClient(handset.id);
	try {
		const all = await Promise.all(names.map((name) => client.statistics(name)));
		if (options.json) {
			const personas = names.map((name, index) => ({ name, ...all[index] }));
			return printJson(terminal, { handset: handset.id, personas });
		}
		const keys = Object.keys(all[0] ?? {});
		const rows = keys.map((key) => [words(key), ...all.map((one) => group(one[key] ?? 0n))]);
		print(terminal, table(["SINCE BOOT", ...names], rows, [...names]));
	} finally {
		client.close();
	}
}

/** `refusedMemory` → `refused memory`. */
function words(key: string): string {
	return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function group(count: bigint): string {
	return count.toString().replace(/\B(?=(\d{3})+$)/g, " ");
}

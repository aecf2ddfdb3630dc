// SPDX-License-Identifier: Apache-2.0
// `persona switch PERSONA`: who is in the foreground, and who else shows beside it.
import { controlClient, type HandsetStatus } from "../../handset/index.ts";
import { UserError } from "../../util/errors.ts";
import { checkPersonaName, chooseHandset } from "../choose.ts";
import { print, printJson, type Terminal } from "../terminal.ts";

export interface SwitchOptions {
	readonly handset?: string | undefined;
	readonly json: boolean;
	/** Show two: this persona, or with `true` the one that was in front. */
	readonly sideBySide?: string | true | undefined;
}

/** Brings a persona to the foreground: alone on the screen, or beside another. */
export async function switchTo(terminal: Terminal, persona: string, options: SwitchOptions): Promise<void> {
	const handset = await chooseHandset(options.handset);
	checkPersonaName(handset, persona);
	const client = await controlClient(handset.id);
	try {
		const beside = options.sideBySide === undefined ? undefined : neighbour(await client.status(), persona, options.sideBySide);
		if (beside !== undefined) checkPersonaName(handset, beside);
		await client.switchTo(persona);
		await client.showBeside(beside);
		const state = (await client.personaStatus(persona)).state;
		if (options.json) {
			printJson(terminal, { handset: handset.id, persona, action: "switch", state, ...(beside === undefined ? {} : { beside }) });
		} else {
			print(terminal, `${persona} is in the foreground${beside === undefined ? "" : `, ${beside} beside it`}`);
		}
	} finally {
		client.close();
	}
}

/** Who shows beside a persona: the one named, the one in front till now, or else the one that follows. */
function neighbour({ system, personas }: HandsetStatus, persona: string, wanted: string | true): string {
	if (wanted === persona) throw new UserError(`${persona} cannot be shown beside itself`);
	if (wanted !== true) return wanted;
	const names = personas.map(({ name }) => name);
	const shown = [system.foreground, system.beside].flatMap((index) => (index === undefined ? [] : [names[index]]));
	const found = [...shown, names[(names.indexOf(persona) + 1) % names.length]].find((name) => name !== persona);
	if (found === undefined) throw new UserError("there is no other persona on this handset");
	return found;
}

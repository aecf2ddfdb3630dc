// SPDX-License-Identifier: Apache-2.0
// `persona ps`: all handsets of this user, what is left behind of some, and how to be rid of it.
import { cleanOrphans, findOrphans, type HandsetSummary, listHandsets, type Orphan, stopHandset } from "../../handset/index.ts";
import { printableLine } from "../../util/printable.ts";
import { table } from "../../util/table.ts";
import { chooseHandset } from "../choose.ts";
import { span } from "../meter.ts";
import { print, printJson, styled, type Terminal } from "../terminal.ts";

export async function ps(terminal: Terminal, options: { readonly json: boolean }): Promise<void> {
	const [handsets, orphans] = await Promise.all([listHandsets(), findOrphans()]);
	if (options.json) return printJson(terminal, { handsets, orphans });
	if (handsets.length === 0) print(terminal, "no handsets; `npm run up` makes one");
	else {
		const rows = handsets.map((handset) => row(terminal, handset));
		print(terminal, table(["HANDSET", "BOARD", "STATE", "UP", "IMAGE", "PERSONAS", "LABEL"], rows));
	}
	if (orphans.length === 0) return;
	print(terminal, `\nleft behind, \`persona ps clean\` removes it:\n${orphans.map(orphanLine).join("\n")}`);
}

/** Ends and removes what is left behind. Handsets that are known stay as they are. */
export async function psClean(terminal: Terminal, options: { readonly json: boolean }): Promise<void> {
	const removed = await cleanOrphans();
	if (options.json) return printJson(terminal, { removed });
	print(terminal, removed.length === 0 ? "nothing was left behind" : `removed:\n${removed.map(orphanLine).join("\n")}`);
}

/** Stops a whole handset; `pulumi up` starts it again. */
export async function psStop(terminal: Terminal, name: string): Promise<void> {
	const { id } = await chooseHandset(name);
	await stopHandset(id);
	print(terminal, `handset ${id} is stopped; \`npm run up\` (or \`pulumi up\`) starts it again`);
}

function row(terminal: Terminal, handset: HandsetSummary): string[] {
	const style = { running: "green", stopped: "dim", starting: "yellow", dead: "red", flashed: "green" } as const;
	return [
		handset.id,
		handset.board,
		styled(terminal, style[handset.state], handset.state),
		handset.startedAt === undefined ? "" : span(Date.now() - Date.parse(handset.startedAt)),
		handset.imageDigest?.slice(7, 19) ?? "",
		handset.personas.join(", "),
		printableLine(handset.label ?? ""),
	];
}

function orphanLine(orphan: Orphan): string {
	return orphan.kind === "process"
		? `  ${orphan.what} process ${orphan.pid}: ${orphan.why}`
		: `  folder ${printableLine(orphan.path)}: ${orphan.why}`;
}

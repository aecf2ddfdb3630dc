// SPDX-License-Identifier: Apache-2.0
// `persona volume`: the volumes on this machine's handsets, kept ones too, and what becomes of those.
import { allowAdoption, type ListedVolume, listVolumes, parseVolumeId, wipeKept } from "../../handset/index.ts";
import { table } from "../../util/table.ts";
import { chooseHandset } from "../choose.ts";
import { print, printJson, styled, type Terminal } from "../terminal.ts";

export async function volumeList(
	terminal: Terminal,
	options: { readonly json: boolean; readonly handset: string | undefined },
): Promise<void> {
	const handset = options.handset === undefined ? undefined : (await chooseHandset(options.handset)).id;
	const volumes = await listVolumes(handset);
	if (options.json) return printJson(terminal, { volumes });
	if (volumes.length === 0) return print(terminal, "no volumes; a persona's document declares them under `storage`");
	print(
		terminal,
		table(
			["VOLUME", "SIZE", "FILE SYSTEM", "ENCRYPTED", "STATE", "MADE"],
			volumes.map((volume) => row(terminal, volume)),
		),
	);
}

/** Lets the next volume of that name take a kept one over. */
export async function volumeAdopt(terminal: Terminal, id: string): Promise<void> {
	await allowAdoption(parseVolumeId(id));
	print(
		terminal,
		`the next \`pulumi up\` that declares ${id} takes it over; an encrypted one needs its \`key\` in the declaration`,
	);
}

/** Removes a kept volume for good. */
export async function volumeWipe(terminal: Terminal, id: string): Promise<void> {
	await wipeKept(parseVolumeId(id));
	print(terminal, `volume ${id} is gone`);
}

function row(terminal: Terminal, { id, sizeMiB, fileSystem, encrypted, state, adoptable, createdAt }: ListedVolume): string[] {
	const style = state === "attached" ? "green" : "yellow";
	const shown = state === "attached" ? "in use" : adoptable === true ? "kept, to be taken over" : "kept";
	return [id, `${sizeMiB} MiB`, fileSystem, encrypted ? "yes" : "no", styled(terminal, style, shown), createdAt.slice(0, 10)];
}

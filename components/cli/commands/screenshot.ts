// SPDX-License-Identifier: Apache-2.0
// `persona screenshot [PERSONA | --all] FILE.png`: what is on the screen, or what personas would show there.
import { writeFile } from "node:fs/promises";
import { personaScreenshot, screenshot as screenOf } from "../../handset/index.ts";
import { errorCode, UserError } from "../../util/errors.ts";
import { checkPersonaName, chooseHandset } from "../choose.ts";
import { print, printJson, type Terminal } from "../terminal.ts";

const ENDING = ".png";

export interface ScreenshotOptions {
	readonly handset?: string | undefined;
	readonly json: boolean;
	/** One picture a persona. */
	readonly all: boolean;
}

/** `first` is the file, or the persona where `second` is the file: a file's name ends in `.png`, a persona's never does. */
export async function screenshot(
	terminal: Terminal,
	first: string,
	second: string | undefined,
	options: ScreenshotOptions,
): Promise<void> {
	const persona = second === undefined ? undefined : first;
	const file = second ?? first;
	if (!file.toLowerCase().endsWith(ENDING) || file.length === ENDING.length) {
		throw new UserError(`"${file}" does not end in ${ENDING}`, {
			remedy: `say where the picture goes, for instance: persona screenshot ${second === undefined ? `${file} ` : ""}out.png`,
		});
	}
	if (options.all && persona !== undefined) {
		throw new UserError("--all and a persona exclude each other", { remedy: "leave one of them out" });
	}
	const handset = await chooseHandset(options.handset);
	if (persona !== undefined) checkPersonaName(handset, persona);
	const named = options.all ? handset.personas : persona === undefined ? [] : [persona];
	const written: { persona: string | null; file: string }[] = [];
	for (const name of named) {
		const path = options.all ? `${file.slice(0, -ENDING.length)}-${name}${ENDING}` : file;
		await write(path, await personaScreenshot(handset.id, name));
		written.push({ persona: name, file: path });
	}
	if (named.length === 0) {
		await write(file, await screenOf(handset.id));
		written.push({ persona: null, file });
	}
	if (options.json) return printJson(terminal, { handset: handset.id, pictures: written });
	for (const { persona: whose, file: path } of written) print(terminal, `${path}: ${whose ?? "what is on the screen"}`);
}

async function write(path: string, picture: Uint8Array): Promise<void> {
	try {
		await writeFile(path, picture);
	} catch (error) {
		throw new UserError(`cannot be written (${errorCode(error) ?? error})`, { where: path, cause: error });
	}
}

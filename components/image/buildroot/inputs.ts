// SPDX-License-Identifier: Apache-2.0
// What a persona's root filesystem and kernel are built from by Buildroot, and where its document asks for each line.
import type { Board, Loaded, Persona } from "../../manifest/index.ts";
import { propertyPath } from "../../manifest/index.ts";
import { UserError } from "../../util/errors.ts";
import { linuxOptions } from "../linux-options.ts";
import type { LockFile } from "../lock.ts";
import type { BuildrootInputs, GuestInputs } from "../types.ts";
import { RECIPE } from "./build.ts";
import { boardLines, choosesToolchain, configLine, isKernelOption, rootLines, symbolOf, wantedLines } from "./config.ts";
import { kernelInputs } from "./kernel.ts";
import { ownToolchain } from "./own-toolchain.ts";
import { buildrootSource } from "./source.ts";
import { reserved } from "./symbols.ts";
import { toolchainPackages } from "./toolchain.ts";

/** Reads everything they are built from. @throws UserError when Buildroot or a compiler is missing, or a symbol is not the document's to set */
export async function buildrootGuestInputs(
	persona: Loaded<Persona>,
	board: Board,
	lock: LockFile,
): Promise<Required<Pick<GuestInputs, "buildroot" | "buildrootKernel">>> {
	const { guest } = persona.document;
	const own = await boardLines(board.name);
	const asked = wantedLines(guest).map(({ line }) => line);
	const places = linePlaces(persona);
	const ours = [...own, ...rootLines([], { packages: [], config: {} }), ...(await linuxOptions(board.architecture))];
	const [taken] = reserved(ours, asked);
	if (taken !== undefined)
		throw new UserError(`builder buildroot sets ${symbolOf(taken)} by itself`, { where: places[taken] ?? persona.file });
	const compiler = await ownToolchain(
		guest.config,
		(symbol) => places[configLine(symbol, guest.config[symbol] ?? "")] ?? persona.file,
	);
	const release = await source(persona, lock);
	return {
		buildroot: {
			...release,
			...(compiler === undefined ? {} : { compiler }),
			toolchain: choosesToolchain(asked) ? [] : await toolchainPackages(board.architecture),
			config: rootLines(own, guest),
			recipe: RECIPE,
		},
		buildrootKernel: await kernelInputs(board, asked.filter(isKernelOption), release),
	};
}

async function source({ file, positions }: Loaded<Persona>, lock: LockFile): Promise<Pick<BuildrootInputs, "version" | "source">> {
	const { line, column, property } = positions.value(["guest", "builder"]);
	const { version, digest } = await buildrootSource(lock, property ?? `${file}:${line}:${column}`);
	return { version, source: digest };
}

/** Where a document asks for each line: file, line and column, or the property's path of one given in code. */
export function linePlaces({ document, file, positions }: Loaded<Persona>): Record<string, string> {
	return Object.fromEntries(
		wantedLines(document.guest).map(({ line, path }) => {
			const place = positions.value(path);
			return [line, place.property ?? `${file}:${place.line}:${place.column}: "${propertyPath(path)}"`];
		}),
	);
}

// SPDX-License-Identifier: Apache-2.0
// Whether the files and folders a persona names are there.
import { statSync } from "node:fs";
import path from "node:path";
import { errorCode } from "../util/index.ts";
import { fileFault } from "./document.ts";
import { documentFolder, type Loaded } from "./loaded.ts";
import type { DocumentPath } from "./positions.ts";
import { type Problem, problemAt } from "./problem.ts";
import { plainText } from "./shown.ts";
import type { Persona } from "./types.ts";

/** Problems of paths that a persona names: overlay, kernel, initial filesystem, device tree. */
export function guestFileProblems(persona: Loaded<Persona>): Problem[] {
	const { overlay, kernel, firmware, initramfs, deviceTree } = persona.document.guest;
	return [
		...check(persona, ["guest", "overlay"], overlay ?? undefined, "folder"),
		...check(persona, ["guest", "kernel", "path"], kernel?.path, "file"),
		...check(persona, ["guest", "firmware", "path"], firmware?.path, "file"),
		...check(persona, ["guest", "initramfs", "path"], initramfs?.path, "file"),
		...check(persona, ["guest", "deviceTree", "path"], deviceTree?.path, "file"),
	];
}

function check(persona: Loaded<Persona>, at: DocumentPath, named: string | undefined, wanted: "file" | "folder"): Problem[] {
	if (named === undefined) return [];
	const problem = (fault: string) => [
		problemAt(
			persona.file,
			persona.positions.value(at),
			`"${at.join(".")}" names ${plainText(named)}: ${fault}; allowed: a ${wanted}, by its path from this document`,
		),
	];
	try {
		const found = statSync(path.resolve(documentFolder(persona), named));
		const right = wanted === "file" ? found.isFile() : found.isDirectory();
		return right ? [] : problem(`that is not a ${wanted}`);
	} catch (error) {
		const fault = fileFault(errorCode(error));
		if (fault === undefined) throw error;
		return problem(fault);
	}
}

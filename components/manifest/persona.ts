// SPDX-License-Identifier: Apache-2.0
// Reads one persona by itself, for programs that build a guest without a phone.
import path from "node:path";
import { UserError } from "../util/index.ts";
import { checkSource, readSource } from "./document.ts";
import { guestFileProblems } from "./guest-files.ts";
import type { Loaded } from "./loaded.ts";
import { renderProblems } from "./problem.ts";
import type { Persona } from "./types.ts";

/** The persona in a file, checked by itself. Throws a UserError with all its problems. */
export async function loadPersona(file: string): Promise<Loaded<Persona>> {
	const { loaded, problems } = checkSource("Persona", readSource(path.resolve(file)));
	const all = loaded === undefined ? problems : [...problems, ...guestFileProblems(loaded)];
	if (loaded === undefined || all.length > 0) throw new UserError(renderProblems(all));
	return loaded;
}

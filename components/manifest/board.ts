// SPDX-License-Identifier: Apache-2.0
// Finds a board's document by its name.
import type { Loaded } from "./loaded.ts";
import type { Board } from "./types.ts";

/** The board of that name: from `boards/` of the project folder, else the package's own. Throws UserError when there is none or it is wrong. */
export async function boardByName(_name: string, _projectDir?: string): Promise<Loaded<Board>> {
	throw new Error("not built yet");
}

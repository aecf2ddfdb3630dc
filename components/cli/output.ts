// SPDX-License-Identifier: Apache-2.0
// Where reports go: to the terminal, or to a file that the user names.
import { writeFile } from "node:fs/promises";
import { writingTo } from "../util/writing.ts";
import { print, type Terminal } from "./terminal.ts";

/** Prints a report, or writes it to the file that was named. @throws UserError when that cannot be written */
export async function deliver(terminal: Terminal, text: string, output: string | undefined): Promise<void> {
	if (output === undefined) print(terminal, text);
	else await writingTo(output, () => writeFile(output, text));
}

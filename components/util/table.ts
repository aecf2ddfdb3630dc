// SPDX-License-Identifier: Apache-2.0
// Tables for terminals.
import { stripVTControlCharacters } from "node:util";

/** Lines of a table with a heading; columns named in `right` are aligned to the right. Cells may be styled. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[], right: readonly string[] = []): string {
	const all = [heading, ...rows];
	const width = (text: string) => [...stripVTControlCharacters(text)].length;
	const widths = heading.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ""))));
	return all
		.map((row) =>
			row
				.map((cell, column) => {
					const space = " ".repeat((widths[column] ?? 0) - width(cell));
					return right.includes(heading[column] ?? "") ? space + cell : cell + space;
				})
				.join("  ")
				.trimEnd(),
		)
		.join("\n");
}

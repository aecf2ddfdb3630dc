// SPDX-License-Identifier: Apache-2.0
// Tables of reports: aligned for terminals, and in Markdown for reviews. Names in images and packages may come from anywhere: they are made harmless.
import { printableName } from "../util/printable.ts";
import { table } from "../util/table.ts";

/** A table of aligned columns. */
export function textTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
	return table(
		heading,
		rows.map((row) => row.map(printableName)),
	);
}

/** The same in Markdown. */
export function markdownTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (row: readonly string[]) => `| ${row.map(markdownText).join(" | ")} |`;
	return [line(heading), `|${heading.map(() => " --- |").join("")}`, ...rows.map(line)].join("\n");
}

/** A text from an image or a package, such that Markdown takes nothing of it for its own. */
export function markdownText(text: string): string {
	return printableName(text).replace(/[\\`*_{}[\]<>#|]/g, "\\$&");
}

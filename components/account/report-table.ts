// SPDX-License-Identifier: Apache-2.0
// Tables of reports: aligned for terminals, and in Markdown for reviews.

/** A table of aligned columns. */
export function textTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
	const all = [heading, ...rows].map((row) => row.map(printable));
	const widths = heading.map((_, column) => Math.max(...all.map((row) => [...(row[column] ?? "")].length)));
	const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
	return all.map((row) => line(row).trimEnd()).join("\n");
}

/** The same in Markdown. */
export function markdownTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (row: readonly string[]) => `| ${row.map((cell) => markdownText(cell)).join(" | ")} |`;
	return [line(heading), `|${heading.map(() => " --- |").join("")}`, ...rows.map(line)].join("\n");
}

/** A text from an image or a package, such that Markdown takes nothing of it for its own. */
export function markdownText(text: string): string {
	return printable(text).replace(/[\\`*_{}[\]<>#|]/g, "\\$&");
}

/** Without what a terminal would obey: names in images may come from anywhere. */
export function printable(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out.
	return text.replace(/[\x00-\x1f\x7f-\x9f]/g, "?");
}

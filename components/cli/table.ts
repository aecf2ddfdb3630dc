// SPDX-License-Identifier: Apache-2.0
// Tables and meters for terminals.
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

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `width` characters for a share between 0 and 1. */
export function meter(share: number, width = 10): string {
	const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
	const bar = "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
	return bar + "·".repeat(width - [...bar].length);
}

/** A time span as `3 d 4 h`, `5 min`, `12 s`. */
export function span(milliseconds: number): string {
	const seconds = Math.max(0, Math.floor(milliseconds / 1000));
	if (seconds < 60) return `${seconds} s`;
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes} min`;
	const hours = Math.floor(minutes / 60);
	return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

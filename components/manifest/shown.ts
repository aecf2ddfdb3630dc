// SPDX-License-Identifier: Apache-2.0
// How what a document says is repeated in messages: short, on one line, and harmless to a terminal.

import { printableName } from "../util/printable.ts";

/** Text with everything unseen written as {@link printableName} does, cut at `limit` characters. */
export function plainText(text: string, limit = 200): string {
	const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
	return printableName(cut);
}

/** A value as a message shows it: text in quotes, others as they are written, long ones cut. */
export function shown(value: unknown): string {
	if (value === null || value === undefined) return "empty";
	if (Array.isArray(value)) return "a list";
	if (typeof value === "object") return "a group of keys";
	if (typeof value === "function") return "a function";
	if (typeof value === "string") return `"${plainText(value, 60)}"`;
	return plainText(String(value), 60);
}

/** A list for people, cut after 20. */
export function listed(items: readonly string[]): string {
	const head = items.slice(0, 20).map((item) => plainText(item, 60));
	return items.length > head.length ? `${head.join(", ")} and ${items.length - head.length} more` : head.join(", ");
}

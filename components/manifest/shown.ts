// SPDX-License-Identifier: Apache-2.0
// How what a document says is repeated in messages: short, on one line, and harmless to a terminal.

/** Everything a terminal could act on or that is not seen: control characters, direction marks, zero-width characters, lone surrogates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unseen = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu;

/** Text with everything unseen written as `\uXXXX`, cut at `limit` characters. */
export function plainText(text: string, limit = 200): string {
	const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
	return cut.replace(unseen, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
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

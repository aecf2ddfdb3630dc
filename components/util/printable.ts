// SPDX-License-Identifier: Apache-2.0
// Text from guests, images and packages, made harmless: what they hold must not drive the terminal of whoever reads about it.
import { stripVTControlCharacters } from "node:util";

/**
 * Controls, characters that turn the direction of text, halves of characters, line and paragraph separators; and what cannot be seen, such as tags,
 * variation selectors and fillers, which Unicode calls ignorable where it is not known (UAX #44, Default_Ignorable_Code_Point).
 */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Makes text safe to print: whole escape sequences go, every other harmful character shows as `\x1b`, `\u202e` or `\u{e0041}`.
 * Newlines and tabs stay; a carriage return before a newline goes.
 */
export function printable(text: string | Uint8Array): string {
	const decoded = typeof text === "string" ? text : new TextDecoder("utf-8", { ignoreBOM: true }).decode(text);
	return stripVTControlCharacters(decoded)
		.replace(/\r+\n/g, "\n")
		.replace(HARMFUL, (character) => (character === "\t" || character === "\n" ? character : escaped(character)));
}

/** The same on one line. */
export function printableLine(text: string | Uint8Array): string {
	return printable(text)
		.replace(/\s*\n\s*/g, " ")
		.replaceAll("\t", " ")
		.trim();
}

/** A name on one line, of which nothing is left out: two names that differ never look the same for what cannot be seen. */
export function printableName(text: string): string {
	return text.replace(HARMFUL, escaped);
}

function escaped(character: string): string {
	const code = character.codePointAt(0) ?? 0;
	const hex = code.toString(16);
	if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
	return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\u{${hex}}`;
}

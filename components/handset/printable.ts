// SPDX-License-Identifier: Apache-2.0
// Text from guests, made harmless: what a guest wrote must not drive the terminal of whoever reads about it.
import { stripVTControlCharacters } from "node:util";

/** Controls but tab and newline, characters that turn the direction of text or cannot be seen, line and paragraph separators. */
const HARMFUL = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Makes text safe to print: whole escape sequences go, every other control character shows as `\x1b` or `\u202e`.
 * Newlines and tabs stay; a carriage return before a newline goes.
 */
export function printable(text: string | Uint8Array): string {
	const decoded = typeof text === "string" ? text : new TextDecoder("utf-8", { ignoreBOM: true }).decode(text);
	return stripVTControlCharacters(decoded)
		.replace(/\r+\n/g, "\n")
		.replace(HARMFUL, (character) => {
			const code = character.codePointAt(0) ?? 0;
			return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
		});
}

/** The same on one line. */
export function printableLine(text: string | Uint8Array): string {
	return printable(text)
		.replace(/\s*\n\s*/g, " ")
		.replaceAll("\t", " ")
		.trim();
}

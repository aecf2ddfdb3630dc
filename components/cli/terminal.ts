// SPDX-License-Identifier: Apache-2.0
// Where a command writes, and whether a person looks at it there.
import type { Readable, Writable } from "node:stream";

export interface Terminal {
	readonly out: Writable & { readonly columns?: number };
	readonly err: Writable;
	readonly in: Readable;
	/** A person sees `out` as it is written. */
	readonly interactive: boolean;
	readonly colours: boolean;
}

/** The terminal of this process. `NO_COLOR` is honoured (no-color.org). */
export function processTerminal(): Terminal {
	const interactive = process.stdout.isTTY === true;
	return {
		out: process.stdout,
		err: process.stderr,
		in: process.stdin,
		interactive,
		colours: interactive && !process.env.NO_COLOR && process.env.TERM !== "dumb",
	};
}

/** Writes one text with a newline at its end. */
export function print(terminal: Terminal, text: string): void {
	terminal.out.write(text.endsWith("\n") || text === "" ? text : `${text}\n`);
}

/** Writes a value as JSON; 64-bit numbers become decimal strings where they are too large for a number. */
export function printJson(terminal: Terminal, value: unknown): void {
	const plain = (_: string, member: unknown) =>
		typeof member === "bigint" ? (member <= Number.MAX_SAFE_INTEGER ? Number(member) : `${member}`) : member;
	terminal.out.write(`${JSON.stringify(value, plain, 2)}\n`);
}

const STYLES = { bold: "1", dim: "2", red: "31", green: "32", yellow: "33", cyan: "36" } as const;

/** A text in a style, where colours are wanted. */
export function styled(terminal: Terminal, style: keyof typeof STYLES, text: string): string {
	return terminal.colours && text !== "" ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
}

// SPDX-License-Identifier: Apache-2.0
// A document that was read and found valid, with all defaults filled in.
import path from "node:path";
import type { Positions } from "./positions.ts";
import type { Board, Persona, Phone, Policy, Rules } from "./types.ts";

/** The kinds of documents, as written after `kind:`. */
export interface DocumentOfKind {
	Persona: Persona;
	Policy: Policy;
	Rules: Rules;
	Phone: Phone;
	Board: Board;
}
export type Kind = keyof DocumentOfKind;
export type AnyDocument = DocumentOfKind[Kind];

/** A file the user brings for a prebuilt guest, by path or by URL. */
export type GuestFile = NonNullable<Persona["guest"]["kernel"]>;

export interface Loaded<T> {
	/** The document with every default filled in, keys in the order of its schema. */
	readonly document: T;
	/** Absolute path; for a document given in code, its base folder joined with its property path. */
	readonly file: string;
	readonly positions: Positions;
}

/** The folder that relative paths in the document start from. */
export function documentFolder(loaded: Loaded<unknown>): string {
	return path.dirname(loaded.file);
}

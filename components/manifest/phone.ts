// SPDX-License-Identifier: Apache-2.0
// Reads a Phone document and every document it names.
import type { Loaded } from "./loaded.ts";
import type { Problem } from "./problem.ts";
import type { Board, Persona, Phone, Policy, Rules } from "./types.ts";

/** A phone with all its documents, each valid by itself. */
export interface ResolvedPhone {
	readonly phone: Loaded<Phone>;
	readonly board: Loaded<Board>;
	readonly personas: readonly Loaded<Persona>[];
	readonly policy: Loaded<Policy>;
	readonly rules?: Loaded<Rules>;
}

/** What could be read of a phone: lets cross-document checks run beside the problems of single documents. */
export interface PhoneDraft extends Partial<ResolvedPhone> {
	readonly personas: readonly Loaded<Persona>[];
}

export interface PhoneResult {
	/** Present when every document was valid. */
	readonly resolved?: ResolvedPhone;
	readonly draft: PhoneDraft;
	/** All problems of all documents. */
	readonly problems: readonly Problem[];
}

/** Reads the phone's document and all it names; reports the problems of all files at once. Does not check across documents: see components/policy. */
export async function loadPhone(_phoneFile: string): Promise<PhoneResult> {
	throw new Error("not built yet");
}

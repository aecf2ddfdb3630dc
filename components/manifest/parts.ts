// SPDX-License-Identifier: Apache-2.0
// The same documents given in TypeScript: inline, by path, or mixed.
import type { PhoneResult } from "./phone.ts";
import type { PersonaInput, PhoneInput, PolicyInput, RulesInput } from "./types.ts";

/** A document written in code: `version` and `kind` may be left out. */
export type Inline<T extends { version: unknown; kind: unknown }> = Omit<T, "version" | "kind"> &
	Partial<Pick<T, "version" | "kind">>;

/** A phone given in code. A string is the path of a document, relative to the base folder (Pulumi.yaml's). */
export interface PhoneParts extends Omit<Inline<PhoneInput>, "personas" | "policy" | "rules"> {
	readonly personas: readonly (string | Inline<PersonaInput>)[];
	readonly policy?: string | Inline<PolicyInput> | null;
	readonly rules?: string | Inline<RulesInput> | null;
}

/** The same checks as for files; problems of inline parts point to property paths. */
export async function phoneFromParts(_parts: PhoneParts, _baseDir: string): Promise<PhoneResult> {
	throw new Error("not built yet");
}

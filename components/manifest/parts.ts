// SPDX-License-Identifier: Apache-2.0
// The same documents given in TypeScript: inline, by path, or mixed.
import path from "node:path";
import { codeSource, type Source } from "./document.ts";
import type { Kind } from "./loaded.ts";
import { assemblePhone, type PhoneResult, personaList, References } from "./phone.ts";
import { type DocumentPath, propertyPath, propertyPositions } from "./positions.ts";
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

/** What stands in the Phone document for a part that was given in code. */
const inCode = "(in code)";

/**
 * The same checks as for files; problems of inline parts point to property paths (`personas[0].guest.builder`). Paths in inline
 * parts are relative to `baseDir`. What reaches across documents is checked by components/policy.
 */
export async function phoneFromParts(parts: PhoneParts, baseDir: string): Promise<PhoneResult> {
	const folder = path.resolve(baseDir);
	const inline = (kind: Kind, value: unknown, at: DocumentPath): Source => partSource(kind, value, at, folder);
	const isPart = (value: unknown) => typeof value === "object" && value !== null;
	const { personas, policy, rules } = parts as { personas: unknown; policy?: unknown; rules?: unknown };
	const phone = inline(
		"Phone",
		{
			...parts,
			personas: Array.isArray(personas) ? personas.map((persona) => (isPart(persona) ? inCode : persona)) : personas,
			...(isPart(policy) ? { policy: inCode } : {}),
			...(isPart(rules) ? { rules: inCode } : {}),
		},
		[],
	);
	const references = new References(phone, folder);
	const part = (kind: Kind, value: unknown, at: DocumentPath) =>
		isPart(value) ? inline(kind, value, at) : references.read(at, value);
	const personaSources = personaList(personas).map((persona, i) => part("Persona", persona, ["personas", i]));
	const policySource = part("Policy", policy, ["policy"]);
	const rulesSource = part("Rules", rules, ["rules"]);
	return assemblePhone({
		phone,
		personas: personaSources.filter((source) => source !== undefined),
		...(policySource === undefined ? {} : { policy: policySource }),
		...(rulesSource === undefined ? {} : { rules: rulesSource }),
		problems: references.problems,
		projectDir: folder,
	});
}

/** A document given in code as the property `at`; paths in it are relative to `folder`. */
export function partSource(kind: Kind, value: unknown, at: DocumentPath, folder: string): Source {
	return codeSource(kind, value, path.join(folder, propertyPath(at) || "phone"), propertyPositions(at));
}

// SPDX-License-Identifier: Apache-2.0
// Fills in defaults: those the schemas state, then those that depend on other keys.
import type { DocumentOfKind, Kind } from "./loaded.ts";
import { resolved, type Schema, schemaOf } from "./schema.ts";
import type { PersonaInput, Phone } from "./types.ts";

/** What a guest prints on its console when it is up, if its builder is ours. */
export const defaultReadyMarker = "persona: READY";

/** The document with every default filled in, keys in the order of the schema. `value` must be valid for its schema; it is not changed. */
export function withDefaults<K extends Kind>(kind: K, value: unknown): DocumentOfKind[K] {
	const schema = schemaOf(kind);
	return fill(schema, schema, computed(kind, value)) as DocumentOfKind[K];
}

function fill(root: Schema, unresolved: Schema, value: unknown): unknown {
	const schema = resolved(root, unresolved);
	const { items, properties = {}, additionalProperties } = schema;
	if (Array.isArray(value)) return items === undefined ? value : value.map((item) => fill(root, items, item));
	if (typeof value !== "object" || value === null) return value;
	const written = value as Record<string, unknown>;
	const result: Record<string, unknown> = {};
	for (const [key, part] of Object.entries(properties)) {
		const given = Object.hasOwn(written, key) ? written[key] : part.default;
		if (given !== undefined) result[key] = fill(root, part, given);
	}
	if (typeof additionalProperties === "object") {
		for (const key of Object.keys(written).sort()) result[key] = fill(root, additionalProperties, written[key]);
	}
	return result;
}

/** Defaults that depend on other keys (`x-default` in the schemas). */
function computed(kind: Kind, value: unknown): unknown {
	if (kind === "Persona") {
		const persona = value as PersonaInput;
		const prebuilt = persona.guest?.builder === "prebuilt";
		return {
			...persona,
			resources: { cpuCapPercent: 100 * (persona.resources?.cpus ?? 1), ...persona.resources },
			ready: { marker: prebuilt ? null : defaultReadyMarker, ...persona.ready },
		};
	}
	return value;
}

/** A phone's first persona is in the foreground unless the document says otherwise; its name is known only once it was read. */
export function withForeground(phone: Phone, first: string | undefined): Phone {
	return phone.initialForeground === undefined && first !== undefined
		? withDefaults("Phone", { ...phone, initialForeground: first })
		: phone;
}

// SPDX-License-Identifier: Apache-2.0
// Generates components/manifest/types.ts from schemas/: each document as written (`PersonaInput`) and with defaults filled in (`Persona`).
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { compile, type JSONSchema } from "json-schema-to-typescript";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const kinds = ["persona", "policy", "rules", "phone", "board"] as const;

export const typesPath = path.join(root, "components/manifest/types.ts");

interface Schema extends Record<string, unknown> {
	title?: string;
	description?: string;
	default?: unknown;
	examples?: unknown[];
	required?: string[];
	properties?: Record<string, Schema>;
	definitions?: Record<string, Schema>;
	items?: Schema;
	additionalProperties?: boolean | Schema;
	$ref?: string;
}

const hasDefault = (schema: Schema): boolean => schema.default !== undefined || schema["x-default"] !== undefined;

/** Puts what a reader of the type wants to know into the description: default and example. */
function describe(schema: Schema): string {
	const filledIn =
		(schema["x-default"] as string | undefined) ?? (schema.default === undefined ? undefined : JSON.stringify(schema.default));
	const example = schema.examples?.[0];
	return [
		schema.description,
		...(filledIn === undefined ? [] : [`Default: ${filledIn}.`]),
		...(example === undefined || schema.properties !== undefined ? [] : [`Example: ${JSON.stringify(example)}`]),
	].join("\n\n");
}

/** The schema as the type generator should see it: references put in place, and, where `filledIn`, every key with a default required. */
function variant(schema: Schema, filledIn: boolean, definitions: Record<string, Schema>): Schema {
	const map = (all: Record<string, Schema>) =>
		Object.fromEntries(Object.entries(all).map(([name, part]) => [name, variant(part, filledIn, definitions)]));
	const { default: _default, examples: _examples, title: _title, $id: _id, $ref, definitions: _definitions, ...rest } = schema;
	if ($ref !== undefined) return variant({ ...definitions[$ref.replace("#/definitions/", "")], ...rest }, filledIn, definitions);
	const result: Schema = { ...rest, ...(schema.description === undefined ? {} : { description: describe(schema) }) };
	if (schema.properties !== undefined) {
		result.properties = map(schema.properties);
		if (filledIn) {
			const always = Object.entries(schema.properties).filter(
				([name, part]) => schema.required?.includes(name) || hasDefault(part),
			);
			result.required = always.map(([name]) => name);
		}
	}
	if (schema.items !== undefined) result.items = variant(schema.items, filledIn, definitions);
	if (typeof schema.additionalProperties === "object")
		result.additionalProperties = variant(schema.additionalProperties, filledIn, definitions);
	return result;
}

/** The text of types.ts. */
export async function generateTypes(): Promise<string> {
	const parts = [
		"// SPDX-License-Identifier: Apache-2.0",
		"// The documents' types. Generated from schemas/ by tools/generate-types.ts: change the schemas and run it.",
	];
	for (const kind of kinds) {
		const schema = JSON.parse(readFileSync(path.join(root, "schemas", `${kind}.schema.json`), "utf8")) as Schema;
		for (const filledIn of [true, false]) {
			const name = filledIn ? `${schema.title}` : `${schema.title}Input`;
			const about = filledIn ? "With every default filled in." : "As it is written: keys with a default may be left out.";
			const shaped = variant({ ...schema, description: `${schema.description}\n\n${about}` }, filledIn, schema.definitions ?? {});
			const text = await compile(shaped as JSONSchema, name, {
				bannerComment: "",
				additionalProperties: false,
				ignoreMinAndMaxItems: true,
				format: true,
				style: { printWidth: 132, useTabs: true, trailingComma: "all" },
			});
			parts.push(text.trim());
		}
	}
	return `${parts.join("\n\n").replace("\n\n", "\n")}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	writeFileSync(typesPath, await generateTypes());
	console.log(path.relative(root, typesPath));
}

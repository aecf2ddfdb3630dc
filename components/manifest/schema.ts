// SPDX-License-Identifier: Apache-2.0
// The schemas as data: read once, references resolved, compiled for validation.
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import path from "node:path";
import type { ValidateFunction } from "ajv";
import { packageRoot } from "../util/index.ts";
import type { Kind } from "./loaded.ts";
import type { DocumentPath } from "./positions.ts";
import { validatorFrom } from "./validator.ts";

/** The part of JSON Schema that ours use. `x-allowed` says what a pattern means, `x-default` what a default that is computed means. */
export interface Schema {
	readonly $ref?: string;
	readonly title?: string;
	readonly description?: string;
	readonly type?: string | readonly string[];
	readonly const?: unknown;
	readonly enum?: readonly unknown[];
	readonly default?: unknown;
	readonly examples?: readonly unknown[];
	readonly minimum?: number;
	readonly maximum?: number;
	readonly minItems?: number;
	readonly maxItems?: number;
	readonly minLength?: number;
	readonly maxLength?: number;
	readonly maxProperties?: number;
	readonly required?: readonly string[];
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly propertyNames?: Schema;
	readonly additionalProperties?: boolean | Schema;
	readonly items?: Schema;
	readonly definitions?: Readonly<Record<string, Schema>>;
	readonly "x-allowed"?: string;
	readonly "x-default"?: string;
}

export const kinds: readonly Kind[] = ["Persona", "Policy", "Rules", "Phone", "Board"];

const schemas = new Map<Kind, Schema>();
const validators = new Map<Kind, ValidateFunction>();

/** The schema of a kind of document. */
export function schemaOf(kind: Kind): Schema {
	let schema = schemas.get(kind);
	if (schema === undefined) {
		schema = JSON.parse(readFileSync(path.join(packageRoot(), "schemas", `${kind.toLowerCase()}.schema.json`), "utf8")) as Schema;
		schemas.set(kind, schema);
	}
	return schema;
}

/** The compiled validator of a kind of document; it collects all errors. */
export function validatorOf(kind: Kind): ValidateFunction {
	let validate = validators.get(kind);
	if (validate === undefined) {
		validate = validatorFrom(schemaOf(kind), { cidr: isCidr });
		validators.set(kind, validate);
	}
	return validate;
}

/** Follows a `$ref` to a definition of the same schema; keys beside it win. */
export function resolved(root: Schema, schema: Schema): Schema {
	if (schema.$ref === undefined) return schema;
	const { $ref, ...beside } = schema;
	return { ...root.definitions?.[$ref.replace("#/definitions/", "")], ...beside };
}

/** The schema of the value at `path`, or undefined where the schema says nothing about it. */
export function schemaAt(root: Schema, path: DocumentPath): Schema | undefined {
	let schema: Schema | undefined = root;
	for (const step of path) {
		if (schema === undefined) return undefined;
		const { properties, additionalProperties, items }: Schema = schema;
		const next: Schema | undefined =
			typeof step === "number"
				? items
				: (properties?.[step] ?? (typeof additionalProperties === "object" ? additionalProperties : undefined));
		schema = next && resolved(root, next);
	}
	return schema;
}

/** True for an IPv4 or IPv6 range in CIDR notation. */
export function isCidr(text: string): boolean {
	const [address = "", bits, ...rest] = text.split("/");
	const family = isIP(address);
	return rest.length === 0 && family !== 0 && /^(0|[1-9][0-9]{0,2})$/.test(bits ?? "") && Number(bits) <= (family === 4 ? 32 : 128);
}

// SPDX-License-Identifier: Apache-2.0
// Turns what the validator found into messages for people: what is wrong; what is allowed; did you mean.
import type { ErrorObject } from "ajv";
import { type DocumentPath, type Place, type Positions, propertyPath } from "./positions.ts";
import { resolved, type Schema, schemaAt } from "./schema.ts";
import { listed, plainText, shown } from "./shown.ts";
import { didYouMean, suggest } from "./suggest.ts";

export interface Message {
	readonly place: Place;
	readonly message: string;
}

/** What a schema allows, in words. */
export function allowed(schema: Schema): string {
	if (schema["x-allowed"] !== undefined) return schema["x-allowed"];
	if (schema.const !== undefined) return String(schema.const);
	if (schema.enum !== undefined) return listed(schema.enum.map(String));
	const types = [schema.type ?? []].flat();
	const words = types.map((type) => {
		switch (type) {
			case "integer":
				return `a whole number from ${schema.minimum} to ${schema.maximum}`;
			case "boolean":
				return "true or false";
			case "array":
				return `a list${size(schema.minItems, schema.maxItems, "entries")}`;
			case "object":
				return schema.properties === undefined ? "names, each with its keys" : `keys ${listed(Object.keys(schema.properties))}`;
			case "string":
				return `text${size(schema.minLength, schema.maxLength, "characters")}`;
			default:
				return type;
		}
	});
	return words.join(" or ");
}

function size(least: number | undefined, most: number | undefined, what: string): string {
	if (most === undefined) return least === undefined ? "" : ` of at least ${least} ${what}`;
	return least === undefined ? ` of at most ${most} ${what}` : ` of ${least} to ${most} ${what}`;
}

/** The messages for a document's errors, in the order of the document's lines. */
export function messagesFor(root: Schema, errors: readonly ErrorObject[], positions: Positions): Message[] {
	const context = { root, positions, guesses: guessedKeys(errors) };
	const messages = errors.flatMap((error) => messageFor(error, context));
	return messages.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}

interface Context {
	readonly root: Schema;
	readonly positions: Positions;
	/** Missing keys that an unknown key beside them was probably meant to be: `path/key`. */
	readonly guesses: ReadonlySet<string>;
}

function messageFor(error: ErrorObject, { root, positions, guesses }: Context): Message[] {
	const path = pathOf(error.instancePath, root);
	const schema = resolved(root, (error.parentSchema ?? {}) as Schema);
	const name = (...more: DocumentPath) => `"${plainText(propertyPath([...path, ...more]), 200)}"`;
	const value = (message: string, ...more: DocumentPath) => [{ place: positions.value([...path, ...more]), message }];
	const key = (message: string, ...more: DocumentPath) => [{ place: positions.key([...path, ...more]), message }];

	if (error.propertyName !== undefined && error.keyword !== "propertyNames") {
		return key(`${shown(error.propertyName)} is not a name; allowed: ${allowed(schema)}`, error.propertyName);
	}
	switch (error.keyword) {
		case "propertyNames":
		case "if":
			return []; // said by the error that led to it
		case "additionalProperties": {
			const written = String(error.params.additionalProperty);
			return key(unknownKey(root, path, written, Object.keys(schema.properties ?? {})), written);
		}
		case "required": {
			const missing = String(error.params.missingProperty);
			if (guesses.has(`${error.instancePath}/${missing}`)) return [];
			const expected = schemaAt(root, [...path, missing]);
			return key(`${name(missing)} is missing${expected === undefined ? "" : `; allowed: ${allowed(expected)}`}`, missing);
		}
		case "type":
			return value(wrongType(name(), error.data, schema));
		case "enum": {
			const choices = (schema.enum ?? []).map(String);
			const hint = typeof error.data === "string" ? didYouMean(error.data, choices) : "";
			return value(`${name()} cannot be ${shown(error.data)}; allowed: ${listed(choices)}${hint}`);
		}
		case "const": {
			const hint = typeof error.data === "string" ? didYouMean(error.data, [String(schema.const)]) : "";
			return value(`${name()} cannot be ${shown(error.data)}; allowed: ${String(schema.const)}${hint}`);
		}
		case "minItems":
		case "maxItems":
			return value(`${name()} has ${(error.data as unknown[]).length} entries; allowed: ${allowed(schema)}`);
		case "uniqueItems": {
			const again = Math.max(Number(error.params.i), Number(error.params.j));
			return value(`${name()} lists ${shown((error.data as unknown[])[again])} twice; allowed: each once`, again);
		}
		case "maxProperties":
			return value(`${name()} has too many entries; allowed: at most ${schema.maxProperties}`);
		default:
			return value(`${name()} cannot be ${shown(error.data)}; allowed: ${allowed(schema)}`);
	}
}

function wrongType(name: string, data: unknown, schema: Schema): string {
	const types = [schema.type ?? []].flat();
	if (data === null && types.includes("string")) {
		return `${name} is empty; allowed: ${allowed(schema)} (text that starts with # needs quotes)`;
	}
	if (types.includes("string") && (typeof data === "number" || typeof data === "boolean")) {
		return `${name} cannot be ${shown(data)}, which is not text; allowed: ${allowed(schema)}; put it in quotes if text is meant`;
	}
	if (data === null) return `${name} is empty; allowed: ${allowed(schema)}`;
	const meant = typeof data === "string" ? meantBy(data, types) : undefined;
	return `${name} cannot be ${shown(data)}; allowed: ${allowed(schema)}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

/** What a text was meant to be where no text is allowed: YAML 1.1's words for true and false, a number in quotes. */
function meantBy(text: string, types: readonly string[]): string | undefined {
	if (types.includes("boolean") && /^(yes|on|true|no|off|false)$/i.test(text)) return String(/^(yes|on|true)$/i.test(text));
	return types.includes("integer") && /^[0-9]{1,15}$/.test(text) ? text : undefined;
}

function unknownKey(root: Schema, path: DocumentPath, written: string, keys: readonly string[]): string {
	const inside = path.length === 0 ? "" : ` in "${propertyPath(path)}"`;
	const near = didYouMean(written, keys);
	const elsewhere = near === "" ? keyPaths(root).filter((other) => other.at(-1) === written)[0] : undefined;
	const hint = elsewhere === undefined ? near : `; did you mean "${elsewhere.join(".")}"?`;
	return `unknown key "${plainText(written, 60)}"${inside}; allowed: ${listed(keys)}${hint}`;
}

/** Every key of groups (not of lists) in a schema, with the keys that lead to it. */
function keyPaths(root: Schema, schema: Schema = root, prefix: readonly string[] = []): (readonly string[])[] {
	return Object.entries(schema.properties ?? {}).flatMap(([key, part]) => {
		const path = [...prefix, key];
		return [path, ...keyPaths(root, resolved(root, part), path)];
	});
}

function guessedKeys(errors: readonly ErrorObject[]): Set<string> {
	const missing = errors.filter(({ keyword }) => keyword === "required");
	const guesses = errors
		.filter(({ keyword }) => keyword === "additionalProperties")
		.flatMap(({ instancePath, params, parentSchema }) => {
			const keys = Object.keys((parentSchema as Schema | undefined)?.properties ?? {});
			const meant = suggest(String(params.additionalProperty), keys);
			return missing.some((error) => error.instancePath === instancePath && error.params.missingProperty === meant)
				? [`${instancePath}/${meant}`]
				: [];
		});
	return new Set(guesses);
}

/** Steps of a JSON pointer; a number only where the schema has a list. */
function pathOf(pointer: string, root: Schema): (string | number)[] {
	const path: (string | number)[] = [];
	for (const raw of pointer.split("/").slice(1)) {
		const step = raw.replaceAll("~1", "/").replaceAll("~0", "~");
		path.push(/^[0-9]+$/.test(step) && schemaAt(root, path)?.items !== undefined ? Number(step) : step);
	}
	return path;
}

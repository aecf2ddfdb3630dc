// SPDX-License-Identifier: Apache-2.0
// Pulumi's property values, decoded once where they arrive and marked again where they leave: unknowns, secrets, resource references.
import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";

/** Stands for a value that the engine does not know yet. Only previews have them. */
export const UNKNOWN: unique symbol = Symbol("unknown");

export type Value = null | boolean | number | string | typeof UNKNOWN | Value[] | { [key: string]: Value };
export type Properties = { [key: string]: Value };
export type Path = readonly (string | number)[];

/** What arrived: plain values, and where secrets were. */
export interface Decoded {
	readonly values: Properties;
	/** Paths of the values that were marked secret. */
	readonly secrets: readonly Path[];
	/** Paths of values that no resource of ours takes: assets and archives. */
	readonly unsupported: readonly Path[];
}

// The engine's signatures, from sdk/go/common/resource/properties.go and sdk/go/common/resource/plugin/rpc.go.
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const RESOURCE_REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e";
const OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const UNKNOWN_SENTINELS: ReadonlySet<string> = new Set([
	UNKNOWN_STRING,
	"1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
	"3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
	"6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
	"030794c1-ac77-496b-92df-f27374a8bd58", // asset
	"e48ece36-62e2-4504-bad9-02848725956a", // archive
	"dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

/** Decodes a protobuf structure of the engine's. */
export function decode(struct: structProto.Struct | undefined): Decoded {
	const secrets: Path[] = [];
	const unsupported: Path[] = [];
	const walk = (value: JavaScriptValue, path: Path): Value => {
		if (typeof value === "string") return UNKNOWN_SENTINELS.has(value) ? UNKNOWN : value;
		if (value === null || typeof value !== "object") return value;
		if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
		const fields = value as { [key: string]: JavaScriptValue };
		const signature = fields[SIGNATURE];
		if (signature === undefined) {
			return Object.fromEntries(Object.entries(fields).map(([key, item]) => [key, walk(item, [...path, key])]));
		}
		if (signature === SECRET) {
			secrets.push(path);
			return walk(fields.value ?? null, path);
		}
		if (signature === OUTPUT_VALUE) {
			if (fields.secret === true) secrets.push(path);
			return fields.value === undefined ? UNKNOWN : walk(fields.value, path);
		}
		if (signature === RESOURCE_REFERENCE) {
			// Where one of our resources takes another, it takes its id.
			const id = fields.id;
			return typeof id === "string" && id !== "" && !UNKNOWN_SENTINELS.has(id) ? id : UNKNOWN;
		}
		unsupported.push(path);
		return null;
	};
	const values = walk(struct === undefined ? {} : struct.toJavaScript(), []);
	return { values: isObject(values) ? values : {}, secrets, unsupported };
}

/** Encodes values for the engine, with the values at `secrets` marked secret (those a path of which is no longer there are skipped). */
export function encode(values: Properties, secrets: readonly Path[] = []): structProto.Struct {
	const marked = new Set(secrets.map(pathKey));
	const walk = (value: Value, path: Path): JavaScriptValue => {
		const plain = encodePlain(value, path);
		return path.length > 0 && marked.has(pathKey(path)) ? { [SIGNATURE]: SECRET, value: plain } : plain;
	};
	const encodePlain = (value: Value, path: Path): JavaScriptValue => {
		if (value === UNKNOWN) return UNKNOWN_STRING;
		if (value === null || typeof value !== "object") return value;
		if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
		return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]));
	};
	return structProto.Struct.fromJavaScript(
		Object.fromEntries(Object.entries(values).map(([key, item]) => [key, walk(item, [key])])),
	);
}

function pathKey(path: Path): string {
	return JSON.stringify(path);
}

export function isObject(value: Value | undefined): value is { [key: string]: Value } {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True when the value is unknown or holds an unknown one. */
export function hasUnknown(value: Value | undefined): boolean {
	if (value === UNKNOWN) return true;
	if (Array.isArray(value)) return value.some(hasUnknown);
	return isObject(value) && Object.values(value).some(hasUnknown);
}

/**
 * Which of a result's values are secret, given what it was derived from. A property that is handed through keeps its secrets where they
 * were; when there is any secret, every other property counts as derived from it.
 */
export function secretsOf(result: Properties, inputs: Properties, secrets: readonly Path[]): Path[] {
	if (secrets.length === 0) return [];
	return Object.keys(result).flatMap((name): Path[] =>
		handedThrough(inputs[name], result[name]) ? secrets.filter((path) => path[0] === name) : [[name]],
	);
}

/** Equality for which an unknown value equals an unknown one. */
function handedThrough(was: Value | undefined, now: Value | undefined): boolean {
	if (Array.isArray(was) && Array.isArray(now))
		return was.length === now.length && was.every((item, i) => handedThrough(item, now[i]));
	if (isObject(was) && isObject(now)) {
		const keys = Object.keys(was);
		return keys.length === Object.keys(now).length && keys.every((key) => key in now && handedThrough(was[key], now[key]));
	}
	return was === now;
}

/** Structural equality; an unknown value equals nothing, itself included. */
export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
	if (a === UNKNOWN || b === UNKNOWN) return false;
	if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => sameValue(item, b[index]));
	if (isObject(a) && isObject(b)) {
		const keys = Object.keys(a);
		return keys.length === Object.keys(b).length && keys.every((key) => key in b && sameValue(a[key], b[key]));
	}
	return a === b;
}

/** JSON that holds no unknowns, seen as properties; `undefined` members are left out. */
export function asValue(json: unknown): Value {
	if (json === null || typeof json === "boolean" || typeof json === "number" || typeof json === "string") return json;
	if (json === UNKNOWN) return UNKNOWN;
	if (Array.isArray(json)) return json.map(asValue);
	if (typeof json === "object") {
		return Object.fromEntries(
			Object.entries(json)
				.filter(([, item]) => item !== undefined)
				.map(([key, item]) => [key, asValue(item)]),
		);
	}
	throw new TypeError(`a ${typeof json} is not a property value`);
}

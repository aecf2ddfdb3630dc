// SPDX-License-Identifier: Apache-2.0
// The input `trustedKeys`: public keys, 64 hexadecimal digits each.
import { VEIL_MAX_KEYS } from "../image/abi.ts";
import { type PublicKey, publicKeyOf } from "../signing/index.ts";
import type { InputReader } from "./inputs.ts";
import { UNKNOWN, type Value } from "./properties.ts";

const NAME = "trustedKeys";

/** Checks the input. @returns the digits in an order of their own; none where the input is missing; UNKNOWN where not all are known */
export function readTrustedKeys(reader: InputReader, value: Value | undefined): string[] | typeof UNKNOWN {
	if (value === undefined || value === null) return [];
	if (value === UNKNOWN) return UNKNOWN;
	if (!Array.isArray(value) || value.length > VEIL_MAX_KEYS) {
		reader.fail(NAME, `give a list of at most ${VEIL_MAX_KEYS} public keys, 64 hexadecimal digits each`);
		return [];
	}
	if (value.includes(UNKNOWN)) return UNKNOWN;
	const keys = value.map(String);
	for (const [index, hex] of keys.entries()) {
		const key = publicKeyOf(hex);
		if (typeof key === "string") reader.fail(`${NAME}[${index}]`, `${key}; give a public Ed25519 key`);
		else if (keys.indexOf(hex) < index) reader.fail(`${NAME}[${index}]`, "stands before it already; give each key once");
	}
	return keys.sort();
}

/** The keys of an input that was checked. */
export function trustedKeysOf(value: Value | undefined): PublicKey[] {
	if (!Array.isArray(value)) return [];
	return value.map((hex) => {
		const key = publicKeyOf(String(hex));
		if (typeof key === "string") throw new Error(`a key that was checked ${key}`);
		return key;
	});
}

// SPDX-License-Identifier: Apache-2.0
// A property that is there only with a value, as exactOptionalPropertyTypes wants it.

/** `{ [key]: value }`, or nothing when the value is undefined. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
	return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

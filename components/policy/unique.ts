// SPDX-License-Identifier: Apache-2.0
// Finds what is written more than once.

/** Every entry that equals an earlier one; undefined equals nothing. */
export function repeated(values: readonly (string | undefined)[]): { index: number; first: number }[] {
	const seen = new Map<string, number>();
	return values.flatMap((value, index) => {
		if (value === undefined) return [];
		const first = seen.get(value);
		if (first !== undefined) return [{ index, first }];
		seen.set(value, index);
		return [];
	});
}

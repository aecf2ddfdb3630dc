// SPDX-License-Identifier: Apache-2.0
// Sizes as people read them.

/** Bytes in the unit people read best. */
export function bytes(count: number): string {
	const units = ["B", "KiB", "MiB", "GiB", "TiB"];
	let [value, unit] = [count, 0];
	while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
	return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

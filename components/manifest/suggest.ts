// SPDX-License-Identifier: Apache-2.0
// "Did you mean …": the nearest of what would have been allowed.

/** Edits (insert, delete, replace, swap two neighbours) that turn `a` into `b`, or `limit + 1` when there are more than `limit`. */
export function editDistance(a: string, b: string, limit: number): number {
	if (Math.abs(a.length - b.length) > limit) return limit + 1;
	let beforeLast: number[] = [];
	let last = Array.from({ length: b.length + 1 }, (_, j) => j);
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		for (let j = 1; j <= b.length; j++) {
			const replace = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
			let best = Math.min(replace, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
			if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
			row.push(best);
		}
		if (Math.min(...row) > limit) return limit + 1;
		beforeLast = last;
		last = row;
	}
	return Math.min(last[b.length] ?? 0, limit + 1);
}

/** The candidate that was probably meant, or undefined: few edits away, or the same but for case, or one begins with the other. */
export function suggest(written: string, candidates: readonly string[]): string | undefined {
	if (written.length > 100) return undefined;
	const plain = written.toLowerCase();
	const limit = Math.max(1, Math.floor(written.length / 3));
	const ranked = candidates
		.map((candidate) => {
			const other = candidate.toLowerCase();
			const begins = plain.length >= 3 && other.length >= 3 && (other.startsWith(plain) || plain.startsWith(other));
			return { candidate, distance: other === plain ? 0 : Math.min(editDistance(plain, other, limit), begins ? limit : limit + 1) };
		})
		.filter(({ distance }) => distance <= limit)
		.sort((a, b) => a.distance - b.distance);
	return ranked[0]?.candidate;
}

/** `; did you mean "x"?`, or nothing. */
export function didYouMean(written: string, candidates: readonly string[]): string {
	const found = suggest(written, candidates);
	return found === undefined || found === written ? "" : `; did you mean "${found}"?`;
}

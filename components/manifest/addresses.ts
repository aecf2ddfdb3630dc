// SPDX-License-Identifier: Apache-2.0
// Addresses and ports as documents write them.

/** The eight groups of an IPv6 address in any of its spellings. */
export function ipv6Groups(address: string): number[] {
	// The last 32 bits may be written as IPv4.
	const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a: string, b: string, c: string, d: string) =>
		[Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(":"),
	);
	const [head = "", tail] = plain.split("::");
	const parse = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
	if (tail === undefined) return parse(head);
	const [start, end] = [parse(head), parse(tail)];
	return [...start, ...Array<number>(Math.max(0, 8 - start.length - end.length)).fill(0), ...end];
}

/** Ports as the fewest ranges that hold just them, the lowest first. */
export function portRanges(ports: readonly number[]): { first: number; last: number }[] {
	const ranges: { first: number; last: number }[] = [];
	for (const port of [...new Set(ports)].sort((a, b) => a - b)) {
		const before = ranges.at(-1);
		if (before !== undefined && before.last === port - 1) before.last = port;
		else ranges.push({ first: port, last: port });
	}
	return ranges;
}

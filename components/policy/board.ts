// SPDX-License-Identifier: Apache-2.0
// What must hold within one board and no schema can say.
import type { Board, Loaded, Problem } from "../manifest/index.ts";
import { valueProblem } from "./problems.ts";
import { repeated } from "./unique.ts";

const hex = (value: number): string => `0x${value.toString(16)}`;

/** Problems of a board's document by itself. */
export function checkBoard(board: Loaded<Board>): Problem[] {
	const { ram, load, storage } = board.document;
	const problems: Problem[] = [];
	if (ram.minMiB > ram.maxMiB)
		problems.push(valueProblem(board, ["ram", "minMiB"], `is more than maxMiB; allowed: at most ${ram.maxMiB}`));
	if (load.address !== ram.base + load.offsetBytes) {
		problems.push(
			valueProblem(
				board,
				["load", "address"],
				`is ${hex(load.address)}; allowed: ram.base + load.offsetBytes, ${hex(ram.base + load.offsetBytes)}`,
			),
		);
	}
	const partitions = storage?.partitions ?? [];
	for (const { index, first } of repeated(partitions.map(({ name }) => name))) {
		problems.push(
			valueProblem(board, ["storage", "partitions", index, "name"], `is that of partition ${first} too; allowed: each name once`),
		);
	}
	for (const [i, { name, offsetBytes }] of partitions.entries()) {
		const before = partitions[i - 1];
		if (before !== undefined && offsetBytes < before.offsetBytes + before.sizeBytes) {
			const end = hex(before.offsetBytes + before.sizeBytes);
			problems.push(
				valueProblem(
					board,
					["storage", "partitions", i, "offsetBytes"],
					`puts ${name} over ${before.name}; allowed: from ${end} on`,
				),
			);
		}
	}
	return [...problems, ...overlappingDevices(board)];
}

/** Device windows that overlap each other. */
function overlappingDevices(board: Loaded<Board>): Problem[] {
	const { interruptController: gic, uart, rtc, fwCfg, virtio } = board.document;
	const windows = [
		{ path: ["interruptController", "distributorBase"], base: gic.distributorBase, size: gic.distributorBytes },
		{ path: ["uart", "base"], base: uart.base, size: uart.bytes },
		...(rtc === undefined ? [] : [{ path: ["rtc", "base"], base: rtc.base, size: rtc.bytes }]),
		...(fwCfg === undefined ? [] : [{ path: ["fwCfg", "base"], base: fwCfg.base, size: fwCfg.bytes }]),
		...(virtio === undefined ? [] : [{ path: ["virtio", "base"], base: virtio.base, size: virtio.strideBytes * virtio.count }]),
	].sort((a, b) => a.base - b.base);
	return windows.flatMap(({ path, base }, i) => {
		const before = windows[i - 1];
		if (before === undefined || base >= before.base + before.size) return [];
		return [
			valueProblem(board, path, `is inside ${before.path.join(".")}'s window; allowed: from ${hex(before.base + before.size)} on`),
		];
	});
}

// SPDX-License-Identifier: Apache-2.0
// Where volumes lie: on the disk, never on its tables, on one another only when that is said; the same place whatever else is there.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diskShape, diskShapeOfSize, layoutProblems, SECTOR, volumeRange } from "../../components/image/storage-layout.ts";

const BOARDS = ["qemu-virt", "n800"];
const MIB = 2 ** 20;
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const volume = fc.record({ persona: name, name, sizeMiB: fc.integer({ min: 1, max: 1024 }) });

describe.each(BOARDS)("on the disk of board %s", (board) => {
	const disk = diskShape(board);

	it("volumes without problems lie apart, between the tables", () => {
		fc.assert(
			fc.property(fc.array(volume, { maxLength: 20 }), (volumes) => {
				const wrong = new Set(layoutProblems(volumes, disk).map((problem) => problem.volume));
				const ranges = volumes
					.filter((one) => !wrong.has(one))
					.map((one) => volumeRange(one, disk))
					.sort((a, b) => a.first - b.first);
				let end = disk.placeBytes / SECTOR;
				for (const { first, count } of ranges) {
					expect(first).toBeGreaterThanOrEqual(end);
					end = first + count;
				}
				expect(end).toBeLessThanOrEqual((disk.bytes - disk.placeBytes) / SECTOR);
			}),
		);
	});

	it("a volume that grows stays where it is", () => {
		fc.assert(
			fc.property(volume, fc.integer({ min: 1, max: 1024 }), (one, more) => {
				const { first, count } = volumeRange(one, disk);
				const after = volumeRange({ ...one, sizeMiB: one.sizeMiB + more }, disk);
				expect(after).toEqual({ first, count: count + (more * MIB) / SECTOR });
			}),
		);
	});

	it("is told by its size", () => {
		expect(diskShapeOfSize(disk.bytes)).toBe(disk);
	});
});

it("a memory card is a power of two, and SDHC", () => {
	const { bytes } = diskShape("n800");
	expect(Math.log2(bytes) % 1).toBe(0);
	expect(bytes).toBeGreaterThan(2 * 2 ** 30);
	expect(bytes).toBeLessThanOrEqual(32 * 2 ** 30);
});

it("a volume that does not fit on the card behind its place is a problem", () => {
	const large = { persona: "work", name: "data", sizeMiB: 32 * 1024 };
	expect(layoutProblems([large], diskShape("n800"))).toEqual([{ volume: large, meets: undefined }]);
	expect(layoutProblems([large], diskShape("qemu-virt"))).toEqual([]);
});

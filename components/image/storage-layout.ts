// SPDX-License-Identifier: Apache-2.0
// Where volumes lie on a handset's disk. A volume's place follows from its persona's and its own name and the board alone: so one image serves
// every handset of a phone, and nothing moves when volumes come and go or grow.
import { sha256 } from "../util/digest.ts";

/** Bytes of a sector. */
export const SECTOR = 512;
const MIB = 1 << 20;
const GIB = 2 ** 30;

/** A disk as far as places of volumes go. The first place holds the partition table, the last one its copy. */
export interface DiskShape {
	/** Bytes; the file is sparse, so it takes what is written to it. */
	readonly bytes: number;
	/** Volumes begin at multiples of this. */
	readonly placeBytes: number;
}

/** What QEMU plays as a disk. */
const DISK: DiskShape = { bytes: 8192 * GIB, placeBytes: 2 * GIB };
/** A memory card: as large as SDHC has them, and a power of two, which QEMU asks for. */
const CARD: DiskShape = { bytes: 32 * GIB, placeBytes: 64 * MIB };

/** The disk that handsets of a board have. */
export function diskShape(board: string): DiskShape {
	return board === "n800" ? CARD : DISK;
}

/** The same by the size of a disk that is there. */
export function diskShapeOfSize(bytes: number): DiskShape {
	return bytes === CARD.bytes ? CARD : DISK;
}

/** A volume has at most this much. */
export const VOLUME_MAX_MIB = 1 << 20;

/** A volume as far as its place goes. */
export interface VolumeShape {
	readonly persona: string;
	readonly name: string;
	readonly sizeMiB: number;
}

/** A range of the disk, in sectors of 512 bytes. */
export interface SectorRange {
	readonly first: number;
	readonly count: number;
}

/** Where a volume is on every handset with such a disk. */
export function volumeRange({ persona, name, sizeMiB }: VolumeShape, { bytes, placeBytes }: DiskShape): SectorRange {
	const hash = Number.parseInt(sha256(`volume\0${persona}\0${name}`).slice("sha256:".length, "sha256:".length + 12), 16);
	const first = ((1 + (hash % (bytes / placeBytes - 2))) * placeBytes) / SECTOR;
	return { first, count: (sizeMiB * MIB) / SECTOR };
}

/** The pairs of volumes that would lie on one another, and volumes that would reach over the end of the disk. */
export function layoutProblems<T extends VolumeShape>(
	volumes: readonly T[],
	disk: DiskShape,
): { volume: T; meets: T | undefined }[] {
	const end = (disk.bytes - disk.placeBytes) / SECTOR;
	return volumes.flatMap((volume, index) => {
		const { first, count } = volumeRange(volume, disk);
		const meets = volumes.slice(0, index).filter((other) => {
			const range = volumeRange(other, disk);
			return first < range.first + range.count && range.first < first + count;
		});
		return [...meets.map((other) => ({ volume, meets: other })), ...(first + count > end ? [{ volume, meets: undefined }] : [])];
	});
}

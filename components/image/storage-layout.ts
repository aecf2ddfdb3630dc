// SPDX-License-Identifier: Apache-2.0
// Where volumes lie on a handset's disk. A volume's place follows from its persona's and its own name alone: so one image serves every
// handset of a phone, and nothing moves when volumes come and go or grow.
import { sha256 } from "../util/digest.ts";

/** Bytes of a sector. */
export const SECTOR = 512;
const MIB = 1 << 20;
const GIB = 2 ** 30;

/** Bytes of the disk; the file is sparse, so it takes what is written to it. */
export const DISK_BYTES = 8192 * GIB;
/** Volumes begin at multiples of this. */
export const PLACE_BYTES = 2 * GIB;
/** The first place holds the partition table, the last one its copy. */
const PLACES = DISK_BYTES / PLACE_BYTES - 2;
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

/** Where a volume is on every handset. */
export function volumeRange({ persona, name, sizeMiB }: VolumeShape): SectorRange {
	const hash = Number.parseInt(sha256(`volume\0${persona}\0${name}`).slice("sha256:".length, "sha256:".length + 12), 16);
	const first = ((1 + (hash % PLACES)) * PLACE_BYTES) / SECTOR;
	return { first, count: (sizeMiB * MIB) / SECTOR };
}

/** The pairs of volumes that would lie on one another, and volumes that would reach over the end of the disk. */
export function layoutProblems<T extends VolumeShape>(volumes: readonly T[]): { volume: T; meets: T | undefined }[] {
	const end = (DISK_BYTES - PLACE_BYTES) / SECTOR;
	return volumes.flatMap((volume, index) => {
		const { first, count } = volumeRange(volume);
		const meets = volumes.slice(0, index).filter((other) => {
			const range = volumeRange(other);
			return first < range.first + range.count && range.first < first + count;
		});
		return [...meets.map((other) => ({ volume, meets: other })), ...(first + count > end ? [{ volume, meets: undefined }] : [])];
	});
}

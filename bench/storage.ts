// SPDX-License-Identifier: Apache-2.0
// What a persona's disk gives, beside the same guest with the same kind of disk directly on QEMU.
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeVolume } from "../components/handset/index.ts";
import type { BuildContext } from "../components/image/index.ts";
import { type Compared, measureThroughput } from "./throughput.ts";

const MIB = 1 << 20;
const VOLUME = { name: "disk", sizeMiB: 256 };
const TURNS = 30;
/** KiB a second; requests of 4 KiB a second for the random ones. */
export const STORAGE_MEASURES = ["read", "write", "random-read", "random-write"] as const;
export type StorageThroughput = Record<(typeof STORAGE_MEASURES)[number], Compared>;

/** Measures both in turns. */
export function measureStorage(veil: string, folder: string, context: BuildContext): Promise<StorageThroughput> {
	const bare = async () => {
		const disk = join(folder, "bare.img");
		await rm(disk, { force: true });
		const file = await open(disk, "w");
		await file.truncate(VOLUME.sizeMiB * MIB);
		await file.close();
		const node = { driver: "raw", "node-name": "disk", file: { driver: "file", filename: disk } };
		return ["-blockdev", JSON.stringify(node), "-device", "virtio-blk-device,drive=disk"];
	};
	const prepare = (handset: string) =>
		makeVolume({ id: { handset, persona: "bench", name: VOLUME.name }, sizeMiB: VOLUME.sizeMiB, fileSystem: "none", urn: "bench" });
	const persona = { storage: [{ ...VOLUME, fileSystem: "none" as const }] };
	const guest = { name: "storage", measures: STORAGE_MEASURES, persona, bare, veil: { volumes: [VOLUME] }, prepare };
	return measureThroughput(guest, TURNS, veil, folder, context);
}

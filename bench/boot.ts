// SPDX-License-Identifier: Apache-2.0
// How many instructions it takes until Linux guests are up, on the same kernel and initial filesystem everywhere.
import { hypervisorShare, type System } from "./system.ts";

/** Marker 01, which each guest executes when it is up. */
const UP = 0x01;
const MEMORY_MIB = 256;

export interface LinuxImages {
	kernel: string;
	initramfs: string;
}

export interface Boot {
	/** Instructions in all until every guest was up. */
	total: number;
	/** Those of them the hypervisor executed. */
	hypervisor: number;
}

/** Boots so many guests of 256 MiB and one CPU each, `quiet` or with the kernel's whole log on the console. */
export async function measureBoot(system: System, linux: LinuxImages, guests: number, quiet: boolean): Promise<Boot> {
	const counts = await system.run({
		guests: Array.from({ length: guests }, () => ({
			...linux,
			// kaslr would use another layout at every start; panic=-1 turns a panic into a reset, which the run then reports.
			arguments: `console=ttyAMA0 nokaslr panic=-1${quiet ? " quiet" : ""}`,
			memoryMiB: MEMORY_MIB,
		})),
		stop: { mark: UP, times: guests },
		limitSeconds: 240,
	});
	return { total: counts.total, hypervisor: hypervisorShare(counts) };
}

// SPDX-License-Identifier: Apache-2.0
// What is compared: a system that runs guests on the emulated board, alone or under a hypervisor.
import type { Counts } from "./count.ts";

/** One guest to run. Each system has its own way to be told. */
export interface BenchGuest {
	kernel: string;
	initramfs?: string;
	/** Boot arguments. */
	arguments: string;
	memoryMiB: number;
}

export interface RunRequest {
	guests: BenchGuest[];
	stop: { mark: number; times: number };
	counterHz?: number;
	/** Physical CPUs, and virtual ones of each guest; default 1. */
	cpus?: number;
	limitSeconds?: number;
}

/** Bare QEMU, Xen or Veil. */
export interface System {
	name: "bare" | "xen" | "veil";
	run(request: RunRequest): Promise<Counts>;
}

/** Instructions the hypervisor itself executed; none on a bare machine. */
export function hypervisorShare(counts: Counts): number {
	return counts.windows[0] ?? 0;
}

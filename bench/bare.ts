// SPDX-License-Identifier: Apache-2.0
// A guest alone on the emulated board, at EL1: what hypervisors are measured against.
import { count } from "./count.ts";
import { INTEGRATOR, virtMachine } from "./machine.ts";
import type { System } from "./system.ts";

/** `deviceTree`: instead of QEMU's own. */
export function bareSystem(plugin: string, folder: string, deviceTree?: string): System {
	return {
		name: "bare",
		async run({ guests, stop, counterHz, cpus, limitSeconds }) {
			const [guest, ...others] = guests;
			if (guest === undefined || others.length > 0) throw new Error("a bare machine runs one guest");
			return await count({
				plugin,
				folder,
				machine: virtMachine(false, counterHz, cpus),
				memoryMiB: guest.memoryMiB,
				kernel: guest.kernel,
				args: [
					...(guest.initramfs === undefined ? [] : ["-initrd", guest.initramfs]),
					...(deviceTree === undefined ? [] : ["-dtb", deviceTree]),
					...["-append", guest.arguments],
				],
				windows: [],
				stop,
				...(limitSeconds === undefined ? {} : { limitSeconds }),
			});
		},
	};
}

/** A guest alone on the machine that guests of the N800 see; `args` are further ones of QEMU. */
export function bareIntegrator(plugin: string, folder: string, args: readonly string[] = []): System {
	return {
		name: "bare",
		async run({ guests, stop, limitSeconds }) {
			const [guest, ...others] = guests;
			if (guest === undefined || others.length > 0) throw new Error("a bare machine runs one guest");
			return await count({
				plugin,
				folder,
				machine: INTEGRATOR,
				memoryMiB: guest.memoryMiB,
				kernel: guest.kernel,
				args,
				windows: [],
				stop,
				...(limitSeconds === undefined ? {} : { limitSeconds }),
			});
		},
	};
}

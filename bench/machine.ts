// SPDX-License-Identifier: Apache-2.0
// The emulated machines something is counted on.

export interface Machine {
	/** QEMU's program for its processor. */
	program: string;
	args: readonly string[];
	/** Which of its UARTs is the console, from 0. */
	uart: number;
}

/**
 * The board qemu-virt.
 *
 * @param hypervisor - with EL2, which a hypervisor needs
 * @param counterHz - ticks of the counter a second; default QEMU's 62,500,000. At 1,000,000,000 a tick is an instruction
 * @param cpus - of which the emulator runs one at a time
 */
export function virtMachine(hypervisor: boolean, counterHz: number | undefined, cpus = 1): Machine {
	return {
		program: "qemu-system-aarch64",
		args: [
			...["-M", `virt,gic-version=3,dtb-randomness=off${hypervisor ? ",virtualization=on" : ""}`],
			...["-smp", `${cpus}`, "-cpu", `cortex-a57${counterHz === undefined ? "" : `,cntfrq=${counterHz}`}`],
		],
		uart: 0,
	};
}

/** The board n800. */
export const N800: Machine = { program: "qemu-system-arm", args: ["-M", "n800"], uart: 2 };

/** The machine that guests of the N800 see. */
export const INTEGRATOR: Machine = { program: "qemu-system-arm", args: ["-M", "integratorcp", "-cpu", "arm1136-r2"], uart: 0 };

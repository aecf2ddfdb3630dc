// SPDX-License-Identifier: Apache-2.0
// Micro-benchmarks: how many instructions a hypervisor's single services take. See bench/guests/micro.c for the markers.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { between, markedValues, median, worst } from "./count.ts";
import type { BenchGuest, System } from "./system.ts";

/** A tick of the counter is then an instruction. */
const COUNTER_HZ = 1_000_000_000;
const MEMORY_MIB = 64;

export interface Micro {
	/** Round trip of PSCI_VERSION, guest's own two instructions included. Not on a bare machine. */
	hypercall?: number;
	/** One read of the UART's flag register. */
	uartRead: number;
	/** From the deadline to the first instruction of the guest's handler, the guest busy. */
	timerBusy: number;
	/** The same, the guest in WFI. */
	timerIdle: number;
	/** From the write that sends an interrupt to oneself to the first instruction of the handler. */
	interruptToSelf: number;
	/** End of interrupt; 1 is the instruction itself. */
	endOfInterrupt: number;
}

/** One guest alone: middle values of many rounds. */
export async function measureMicro(system: System, guests: string): Promise<Micro> {
	const parts = system.name === "bare" ? 14 : 15;
	const { marks } = await system.run({
		guests: [guest(guests, "micro", `parts=${parts} rounds=50`)],
		stop: { mark: 0x01, times: 1 },
		counterHz: COUNTER_HZ,
	});
	return {
		...(system.name === "bare" ? {} : { hypercall: median(between(marks, 0x10, 0x11)) }),
		uartRead: median(between(marks, 0x12, 0x13)),
		timerBusy: median(markedValues(marks, 0x40)),
		timerIdle: median(markedValues(marks, 0x41)),
		interruptToSelf: median(between(marks, 0x14, 0x15)),
		endOfInterrupt: median(between(marks, 0x16, 0x17)),
	};
}

/** What of Veil runs, on both CPUs together, until a CPU has the interrupt that another one sent. */
export interface InterruptToOther {
	/** The receiver executes something. */
	busy: number;
	/** The receiver is in WFI. */
	idle: number;
}

/** One guest on two CPUs: middle values. Bare machines have nothing to count. */
export async function measureInterruptToOther(system: System, guests: string): Promise<InterruptToOther> {
	const { marks } = await system.run({
		guests: [guest(guests, "ipi", "rounds=50")],
		stop: { mark: 0x01, times: 1 },
		cpus: 2,
	});
	const hypervisor = marks.map((mark) => ({ ...mark, total: mark.windows[0] ?? 0 }));
	return { busy: median(between(hypervisor, 0x18, 0x19)) + 1, idle: median(between(hypervisor, 0x1a, 0x1b)) + 1 };
}

/** What the second guest does; see bench/guests/attacker.c. */
export const neighbours = {
	spins: 0,
	"touches nowhere": 1,
	"calls at random": 2,
	"storms itself": 3,
	"fills RAM and resets": 4,
	"floods its console": 5,
} as const;
export type Neighbour = keyof typeof neighbours;

/** How late the worst timer interrupt of a guest in WFI comes while a second guest works on the same CPU. */
export async function measureWorstTimer(system: System, guests: string, neighbour: Neighbour, rounds = 100): Promise<number> {
	// What is loaded beside a neighbour that resets itself is hashed again each time.
	const ballast = join(guests, "ballast.bin");
	await writeFile(ballast, Buffer.alloc(4 * 2 ** 20, "ballast"));
	const resets = neighbour === "fills RAM and resets";
	const { marks } = await system.run({
		guests: [
			guest(guests, "micro", `parts=16 rounds=${rounds}`),
			{ ...guest(guests, "attacker", `how=${neighbours[neighbour]}`), ...(resets ? { initramfs: ballast } : {}) },
		],
		stop: { mark: 0x01, times: 1 },
		counterHz: COUNTER_HZ,
	});
	return worst(markedValues(marks, 0x41));
}

/** From a guest's yield to the next instruction of the other guest, both with FP registers in use: the middle of many. */
export async function measureSwitch(system: System, guests: string): Promise<number> {
	const yields = system.name === "xen" ? 1 : 0;
	const { marks } = await system.run({
		guests: [guest(guests, "pingpong", `yield=${yields}`), guest(guests, "pingpong", `yield=${yields}`)],
		stop: { mark: 0x31, times: 400 },
	});
	const lengths: number[] = [];
	marks.forEach((mark, at) => {
		const next = marks[at + 1];
		if (mark.number === 0x30 && next?.number === 0x31 && Math.abs(next.address - mark.address) > 2 ** 20) {
			lengths.push(next.total - mark.total - 1);
		}
	});
	return median(lengths);
}

function guest(folder: string, name: string, words: string): BenchGuest {
	return { kernel: join(folder, `${name}.img`), arguments: words, memoryMiB: MEMORY_MIB };
}

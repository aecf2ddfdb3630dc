// SPDX-License-Identifier: Apache-2.0
// The same services of the N800 natively and under Veil. See bench/guests/armv6/micro.c for the markers.
import { join } from "node:path";
import { between, median } from "./count.ts";
import type { BenchGuest, System } from "./system.ts";

const MEMORY_MIB = 32;

export interface N800Micro {
	/** One read of a CP15 register. */
	p15: number;
	/** One read of the UART's flag register. */
	deviceRead: number;
	/** From an access to where nothing is mapped to the first instruction of the guest's handler. */
	abort: number;
	/** The first access to a small page. */
	pageFill: number;
	/** The first access to a section, nothing of whose MiB was touched before. */
	sectionFill: number;
	/** A program's system call of nothing, there and back. */
	systemCall: number;
	/** A program that only computes, with a hundred timer interrupts a second. */
	computing: number;
	/** One that only calls the system. */
	calling: number;
}

/** One guest alone: middle values of many rounds. */
export async function measureN800Micro(system: System, guests: string): Promise<N800Micro> {
	const { marks } = await system.run({ guests: [guest(guests, "micro")], stop: { mark: 0x01, times: 1 } });
	const middle = (from: number, to: number) => median(between(marks, from, to));
	return {
		p15: middle(0x12, 0x13),
		deviceRead: middle(0x18, 0x19),
		abort: middle(0x16, 0x17),
		pageFill: middle(0x1a, 0x1b),
		sectionFill: middle(0x1c, 0x1d),
		systemCall: middle(0x26, 0x27),
		computing: middle(0x20, 0x21),
		calling: middle(0x22, 0x23),
	};
}

/** A call of Veil's there and back, the guest's own instruction included. */
export async function measureN800Call(veil: System, guests: string): Promise<number> {
	const { marks } = await veil.run({ guests: [guest(guests, "caller")], stop: { mark: 0x01, times: 1 } });
	return median(between(marks, 0x10, 0x11));
}

/** From the last instruction of a guest that spins to the first of another's handler, whose timer's interrupt ends its sleep. */
export async function measureN800Switch(veil: System, guests: string): Promise<number> {
	const { marks } = await veil.run({
		guests: [guest(guests, "sleeper"), guest(guests, "spinner")],
		stop: { mark: 0x15, times: 12 },
	});
	const lengths: number[] = [];
	marks.forEach((mark, at) => {
		const before = marks[at - 1];
		if (mark.number === 0x15 && before?.number === 0x30) lengths.push(mark.total - before.total - 1);
	});
	return median(lengths);
}

function guest(folder: string, name: string): BenchGuest {
	return { kernel: join(folder, `${name}.elf`), arguments: "", memoryMiB: MEMORY_MIB };
}

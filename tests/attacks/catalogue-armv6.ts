// SPDX-License-Identifier: Apache-2.0
// What is tried against a phone whose guests run in user mode: hostile guests from tests/guests/armv6.
import type { Attack, AttackEffort, Wave } from "./catalogue.ts";

const random = ({ seed, steps }: AttackEffort) => `seed=${seed} count=${steps}`;

/** Goes on for ever; see tests/guests/armv6/forever.c for the ways. */
function forever(
	how: number,
	name: string,
	tries: string,
	stoppedBy: string,
	counters: Attack["counters"] = ["interrupts"],
): Attack {
	return { guest: "forever", name, tries, stoppedBy, counters, words: () => `how=${how}`, ends: { says: `under way: ${how}` } };
}

/** A persona that attacks by a volume of its own. */
function byVolume(what: Pick<Attack, "name" | "tries" | "stoppedBy" | "ends" | "words" | "persona">): Attack {
	return { guest: "storage_attack", ...what, persona: { volumes: [{ name: "own", sizeMiB: 2 }], ...what.persona } };
}

/** Everything that is tried. */
export const WAVES_ARMV6: readonly Wave[] = [
	{
		what: "memory, code and registers",
		cpus: 1,
		isRandom: true,
		attacks: [
			{
				guest: "memory_reach",
				tries: "reads, writes, executes Veil, its window, the others' RAM, real devices",
				stoppedBy: "shadow entries of its own pages only; external abort",
				counters: ["refusedMemory"],
				words: random,
				ends: "judges",
			},
			{
				guest: "table_attack",
				tries: "page tables that point anywhere, are anywhere, change while used",
				stoppedBy: "its tables are read as data; pages by the owner table",
				counters: ["refusedMemory"],
				words: random,
				ends: "judges",
			},
			{
				guest: "contexts",
				tries: "DACR, ASIDs, TTBR, FCSE: what was allowed before",
				stoppedBy: "shadows by ASID and domains, forgotten when they change",
				counters: ["systemRegisters"],
				words: random,
				ends: "judges",
			},
			{
				guest: "forged_patches",
				tries: "svc with all numbers, code that changes itself, calls of Veil's",
				stoppedBy: "its own table, in its kernel only; else a system call",
				counters: ["refusedCalls"],
				words: random,
				ends: "judges",
			},
			{
				guest: "code_fuzz",
				tries: "executes random instructions, Arm and Thumb, kernel and user mode",
				stoppedBy: "user mode of the CPU; undefined, aborts",
				counters: ["refusedRegisters", "refusedMemory"],
				words: random,
				ends: "judges",
			},
		],
	},
	{
		what: "storage",
		cpus: 1,
		isRandom: true,
		attacks: [
			// Two, so that the card is busy with the other's requests.
			...["storage-one", "storage-two"].map((name) => ({
				...byVolume({
					name,
					tries: "sectors, memory and chains out of bounds; resets amid requests",
					stoppedBy: "each request copied, checked against its range and RAM",
					words: random,
					ends: "judges",
				}),
				counters: ["refusedStorage"],
			})),
			byVolume({
				name: "storage-dies",
				tries: "restarts itself with requests under way",
				stoppedBy: "no new life before they are done; limit of restarts",
				words: ({ seed }) => `dies=1 seed=${seed}`,
				persona: { restartLimit: 3, restartWindowSeconds: 3600 },
				ends: "held",
			}),
		],
	},
	{
		what: "exceptions without end",
		cpus: 1,
		isRandom: false,
		attacks: [
			forever(0, "spins", "spins with IRQ and FIQ masked", "preemption at the end of its turn"),
			forever(1, "no-vectors", "aborts whose vector aborts", "an exception of its own at a time"),
			forever(2, "undefined-handler", "an undefined instruction as its handler", "the same", ["refusedRegisters"]),
			forever(3, "system-calls", "a system call as its handler", "the same"),
			forever(4, "high-vectors", "high vectors, where nothing is", "the same", ["refusedMemory"]),
			forever(5, "veils-tables", "Veil's memory as its page tables", "tables outside its RAM abort"),
		],
	},
	{
		// Alone with the neighbour, where a sleeper's timer takes the short way (hypervisor/core/sched.c).
		what: "being woken",
		cpus: 1,
		isRandom: false,
		attacks: [forever(12, "naps", "has itself woken every few microseconds", "woken by the rules for all, charged", ["wfi"])],
	},
	{
		what: "time",
		cpus: 1,
		isRandom: false,
		attacks: [
			forever(6, "maintenance", "cache and TLB operations on everything", "one is short; charged to who asks", ["systemRegisters"]),
			forever(7, "shadows", "wants shadows for more than there is memory", "memory of its own, taken back"),
			forever(8, "devices", "timer of 1 µs, console flood, interrupt controller", "its own devices, its own time", ["mmio"]),
			forever(9, "sleeps", "sleeps with an interrupt pending", "goes on within its share", ["wfi"]),
			forever(10, "changes", "changes vectors, MMU, domains, ASID all the time", "charged to who asks", ["systemRegisters"]),
			{
				guest: "forever",
				name: "resets",
				tries: "resets itself again and again",
				stoppedBy: "limit of restarts",
				words: () => "how=11",
				persona: { restartLimit: 3, restartWindowSeconds: 3600 },
				ends: "held",
			},
		],
	},
];

// SPDX-License-Identifier: Apache-2.0
// What is tried against a phone: hostile guests from tests/guests, what each attempts, and what is to stop it.
import type { Board, Policy } from "../../components/manifest/index.ts";
import type { GuestPersona } from "../guests/phone.ts";

/** What the attacks are run against. */
export interface AttackTarget {
	readonly board: Board;
	/** Attackers get every device that the board has and this policy does not keep from them. */
	readonly policy: Policy;
}

/** How hard it is tried. */
export interface AttackEffort {
	/** Decides everything random. */
	readonly seed: number;
	/** Random steps of each attack that takes some. */
	readonly steps: number;
}

/** One hostile guest. */
export interface Attack {
	/** Name of the program in tests/guests without `.c`. */
	readonly guest: string;
	/** Name of the persona, where one program attacks in several ways. */
	readonly name?: string;
	/** What it tries, in a few words. */
	readonly tries: string;
	/** What stops it. */
	readonly stoppedBy: string;
	/** Counters of Veil's that show that it was stopped. */
	readonly counters?: readonly string[];
	/** Boot arguments. */
	readonly words?: (effort: AttackEffort) => string;
	/** Resources and devices beyond the default. */
	readonly persona?: Partial<GuestPersona>;
	/**
	 * How it is known to be over: `judges` itself and switches off; `says` that it is under way and goes on for ever; `held` by Veil as crashed.
	 */
	readonly ends: "judges" | "held" | { readonly says: string };
	/** Whether the target has what it attacks. */
	readonly needs?: (target: AttackTarget) => boolean;
}

/** Attacks that run side by side on one phone, with the neighbour. */
export interface Wave {
	readonly what: string;
	readonly cpus: number;
	/** Repeated with every seed. */
	readonly isRandom: boolean;
	readonly attacks: readonly Attack[];
}

/** A network on which nothing may leave: all that is seen to pass is wrong. */
export const ATTACKED_NETWORK = "attacked";

const random = ({ seed, steps }: AttackEffort) => `seed=${seed} count=${steps}`;
const seeded = ({ seed }: AttackEffort) => `seed=${seed}`;
const has = (device: Board["supports"]["devices"][number]) => (target: AttackTarget) =>
	target.board.supports.devices.includes(device);

/** Everything that is tried. */
export const WAVES: readonly Wave[] = [
	{
		what: "memory, calls and registers",
		cpus: 1,
		isRandom: true,
		attacks: [
			{
				guest: "memory_sweep",
				tries: "reads, writes and executes all physical addresses",
				stoppedBy: "stage 2: external abort",
				counters: ["refusedMemory"],
				ends: "judges",
			},
			{
				guest: "table_walk",
				tries: "page tables outside its RAM, or pointing there",
				stoppedBy: "stage 2 on table walks",
				counters: ["refusedMemory"],
				ends: "judges",
			},
			{
				guest: "hypercall_fuzz",
				tries: "unknown and malformed hypercalls",
				stoppedBy: "-1, registers kept",
				counters: ["refusedCalls"],
				words: random,
				ends: "judges",
			},
			{
				guest: "smc",
				tries: "calls the firmware: power off, reset, CPUs on",
				stoppedBy: "trap of SMC",
				counters: ["smc"],
				words: seeded,
				ends: "judges",
			},
			{
				guest: "sysreg_fuzz",
				tries: "reads all, writes random system registers",
				stoppedBy: "traps, exchange of registers, undefined",
				counters: ["refusedRegisters"],
				words: random,
				ends: "judges",
			},
			{
				guest: "code_fuzz",
				tries: "executes random instructions",
				stoppedBy: "traps and stage 2",
				counters: ["refusedMemory", "refusedRegisters"],
				words: random,
				ends: "judges",
			},
			{
				guest: "gic_probe",
				tries: "all registers of the interrupt controller, all sizes",
				stoppedBy: "virtual GIC of its own",
				counters: ["refusedMemory"],
				ends: "judges",
			},
		],
	},
	{
		what: "devices",
		cpus: 2,
		isRandom: true,
		attacks: [
			{
				guest: "virtio_fuzz",
				tries: "rings with loops, 4 GiB, nowhere; changed while read",
				stoppedBy: "fields read once and checked; device asks for reset",
				words: random,
				persona: { cpus: 2, input: true, agent: true, network: ATTACKED_NETWORK, volumes: [{ name: "fuzzed", sizeMiB: 2 }] },
				ends: "judges",
			},
			{
				guest: "storage_attack",
				tries: "sectors and memory outside its volume",
				stoppedBy: "range check of each request",
				counters: ["refusedStorage"],
				words: random,
				persona: { volumes: [{ name: "own", sizeMiB: 2 }] },
				ends: "judges",
			},
			{
				guest: "input_snoop",
				tries: "listens to keys meant for the persona in front",
				stoppedBy: "events go to the foreground only",
				persona: { input: true },
				ends: { says: "listening" },
				needs: has("input"),
			},
			{
				guest: "paint",
				name: "forger",
				tries: "writes over all memory around its picture",
				stoppedBy: "strip on pages of Veil's",
				counters: ["refusedMemory"],
				words: () => "scribble=1",
				persona: { display: true, label: "Forger", colour: 0xc0392b },
				ends: { says: "painted" },
				needs: has("display"),
			},
			{
				guest: "uart_probe",
				tries: "UART and clock, all registers and sizes, and what is beside",
				stoppedBy: "virtual devices of its own",
				counters: ["refusedMemory"],
				words: seeded,
				ends: "judges",
			},
		],
	},
	{
		what: "calls and registers on two CPUs",
		cpus: 2,
		isRandom: true,
		attacks: [
			{
				guest: "hypercall_fuzz",
				name: "hypercalls-on-two",
				tries: "hypercalls while other CPUs attack",
				stoppedBy: "-1, registers kept",
				counters: ["refusedCalls"],
				words: random,
				ends: "judges",
			},
			{
				guest: "sysreg_fuzz",
				name: "registers-on-two",
				tries: "registers while other CPUs attack",
				stoppedBy: "traps, exchange of registers, undefined",
				counters: ["refusedRegisters"],
				words: random,
				ends: "judges",
			},
			{
				guest: "code_fuzz",
				name: "code-on-two",
				tries: "random instructions while other CPUs attack",
				stoppedBy: "traps and stage 2",
				counters: ["refusedMemory", "refusedRegisters"],
				words: random,
				ends: "judges",
			},
		],
	},
	{
		what: "the network",
		cpus: 1,
		isRandom: true,
		attacks: ["forged-frames", "forged-on-the-same"].map((name) => ({
			guest: "frame_attack",
			name,
			tries: "other senders, the gateway's words, fragments, giants",
			stoppedBy: "the switch: senders, kinds, rules; no frame between personas",
			counters: ["refusedSource", "refusedKind"],
			words: random,
			persona: { network: ATTACKED_NETWORK },
			ends: "judges" as const,
			needs: has("network"),
		})),
	},
	{
		what: "time",
		cpus: 1,
		isRandom: false,
		attacks: [
			{
				guest: "spin_irq_off",
				tries: "spins with interrupts off",
				stoppedBy: "preemption at the end of its turn",
				ends: { says: "spinning" },
			},
			{
				guest: "flood_exits",
				tries: "leaves for Veil as often as it can",
				stoppedBy: "Veil's time is charged to who causes it",
				counters: ["exits"],
				ends: { says: "flooding" },
			},
			{
				guest: "irq_storm",
				tries: "a storm of timer interrupts and IPIs",
				stoppedBy: "its own virtual interrupts, its own time",
				counters: ["interrupts"],
				ends: { says: "100000 interrupts" },
			},
			{
				guest: "uart_probe",
				name: "console-flood",
				tries: "floods the console",
				stoppedBy: "credits of its channel; overflow is dropped",
				words: () => "flood=1000000",
				ends: { says: "flood 100 " },
			},
			{
				guest: "psci_reset",
				tries: "resets itself again and again",
				stoppedBy: "limit of restarts",
				persona: { restartLimit: 3, restartWindowSeconds: 3600 },
				ends: "held",
			},
			{
				guest: "crash",
				name: "random-code",
				tries: "jumps into random code, vectors in it too",
				stoppedBy: "its own exceptions; ends alone",
				words: ({ seed }) => `how=5 seed=${seed}`,
				ends: { says: "crashing" },
			},
		],
	},
];

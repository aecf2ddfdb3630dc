// SPDX-License-Identifier: Apache-2.0
// Hostile and demanding guests on the real Veil: what they find out about themselves, and what their neighbour notices of them.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type GuestPersona, type GuestPhone, openWorkshop, type Workshop } from "../guests/phone.ts";

let workshop: Workshop;
beforeAll(async () => {
	workshop = await openWorkshop();
});
afterAll(() => workshop.close());

/** Starts a phone before the tests of a group and stops it after them. */
function phoneOf(personas: readonly GuestPersona[], options?: { cpus?: number }): () => GuestPhone {
	let phone: GuestPhone | undefined;
	beforeAll(async () => {
		phone = await workshop.start(personas, options);
	});
	afterAll(() => phone?.stop());
	return () => {
		if (phone === undefined) throw new Error("the phone did not start");
		return phone;
	};
}

const neighbour: GuestPersona = { guest: "neighbour", words: "ms=100" };

/** For long runs: `PERSONA_FUZZ_SEED=$RANDOM npm test -- tests/system/guests.test.ts`, again and again. */
const seed = `seed=${Number(process.env.PERSONA_FUZZ_SEED ?? 1)}`;

/** Guests that judge by themselves and switch themselves off, in groups that run side by side. The attack suite has the rest of the attacks. */
const groups: { what: string; cpus: number; guests: GuestPersona[] }[] = [
	{
		what: "attacks on registers",
		cpus: 2,
		guests: ["physical_timer", "pmu", "debug", "impdef", "id_registers", "sysreg_fuzz", "set_way"].map((guest) => ({
			guest,
			words: seed,
		})),
	},
	{
		what: "an attack on the priorities of interrupts",
		cpus: 1,
		guests: [{ guest: "active_priorities" }],
	},
	{
		what: "timers at the ends of their range",
		cpus: 1,
		guests: [{ guest: "timer_extremes" }],
	},
	{
		what: "what an operating system needs, on one CPU",
		cpus: 1,
		guests: [{ guest: "gic" }, { guest: "timer_accuracy" }, { guest: "psci_off" }, { guest: "psci_smp", cpus: 2 }],
	},
	{
		what: "timers under preemption",
		cpus: 1,
		guests: [1, 2, 3].map((n) => ({ guest: "timer_preempted", name: `timer-${n}`, words: "rounds=3000" })),
	},
	{
		what: "what an operating system needs, on two CPUs",
		cpus: 2,
		guests: [
			{ guest: "gic" },
			{ guest: "psci_smp", cpus: 2 },
			{ guest: "fp_isolation", name: "fp-1", words: "pattern=1 rounds=5" },
			{ guest: "fp_isolation", name: "fp-2", words: "pattern=2 rounds=5" },
			{ guest: "fp_isolation", name: "fp-3", words: "pattern=3 rounds=5" },
		],
	},
];

describe.each(groups)("$what", ({ cpus, guests }) => {
	const phone = phoneOf([...guests, neighbour], { cpus });

	it.each(guests.map(({ guest, name = guest.replaceAll("_", "-") }) => name))("%s passes", async (name) => {
		await phone().says(name, /SUMMARY: .* failed/, 120);
		expect(phone().console(name)).toMatch(/SUMMARY: [1-9]\d* passed, 0 failed/);
		expect(phone().console(name)).not.toContain("FAIL");
		await phone().until(`${name} is off`, async () => (await phone().control.personaStatus(name)).state === "off");
		expect(await phone().control.personaStatus(name)).toMatchObject({ reason: "guestOff", restarts: 0 });
	});

	it("the neighbour goes on, and Veil answers", async () => {
		const before = phone().progress("neighbour");
		await phone().until("progress", () => phone().progress("neighbour") > before + 3);
		expect(phone().console("neighbour")).not.toContain("FAIL");
		const { system, personas } = await phone().control.status();
		expect(system.muxGarbage).toBe(0);
		expect(personas.find(({ name }) => name === "neighbour")).toMatchObject({ state: "running", restarts: 0, starts: 1 });
	});
});

describe("guests that never stop", () => {
	const phone = phoneOf([
		neighbour,
		{ guest: "spin_irq_off" },
		{ guest: "irq_storm" },
		{ guest: "wfi_idle" },
		{ guest: "uart_probe", name: "flood", words: "flood=1000000" },
		{ guest: "psci_reset", restartLimit: 3, restartWindowSeconds: 3600 },
	]);

	it("leave their neighbour its share of the one CPU", async () => {
		await phone().says("spin-irq-off", "spinning");
		await phone().says("irq-storm", "100000 interrupts");
		await phone().says("wfi-idle", "PASS: WFE after an event goes on");
		const first = await phone().control.status();
		const before = phone().progress("neighbour");
		await phone().until("20 more lines", () => phone().progress("neighbour") >= before + 20);
		const second = await phone().control.status();
		const guestSeconds = Number(second.system.uptimeNs - first.system.uptimeNs) / 1e9;
		// 20 lines are 2 s of sleep: with its share kept it needs little more, by the handset's own clock.
		expect(guestSeconds).toBeLessThan(4);
		expect(phone().console("neighbour")).not.toContain("FAIL");
	});

	it("a guest that waits for interrupts costs nothing", async () => {
		const sample = async () => {
			const { system, personas } = await phone().control.status();
			return { now: system.uptimeNs, used: personas.find(({ name }) => name === "wfi-idle")?.cpuTimeNs ?? 0n };
		};
		const first = await sample();
		await phone().until("two seconds", async () => (await sample()).now > first.now + 2_000_000_000n);
		// Longer on a busy host, where whoever has the CPU is charged for a time in which the handset stands still.
		await vi.waitFor(
			async () => {
				const second = await sample();
				expect(Number(second.used - first.used) / Number(second.now - first.now)).toBeLessThan(0.005);
			},
			{ timeout: 20_000, interval: 100 },
		);
	});

	it("a guest that spins with interrupts off can be paused, resumed, stopped and started again", async () => {
		const { control } = phone();
		const state = async () => (await control.personaStatus("spin-irq-off")).state;
		await control.pause("spin-irq-off");
		await phone().until("paused", async () => (await state()) === "paused");
		await control.resume("spin-irq-off");
		await phone().until("running", async () => (await state()) === "running");
		await control.stop("spin-irq-off");
		await phone().until("stopped", async () => (await state()) === "stopped");
		await control.start("spin-irq-off");
		await phone().until("ready again", async () => {
			const status = await control.personaStatus("spin-irq-off");
			return status.state === "running" && status.saidReady && status.starts === 2;
		});
	});

	it("a guest that resets itself again and again is held after its limit", async () => {
		await phone().until("held", async () => (await phone().control.personaStatus("psci-reset")).state !== "running");
		const status = await phone().control.personaStatus("psci-reset");
		expect(status).toMatchObject({ reason: "restartLimit" });
		expect(status.starts).toBe(4);
	});
});

describe("guests that die", () => {
	const ways = [
		{ name: "says-so", words: "how=0" },
		{ name: "vectors-outside-ram", words: "how=1" },
		{ name: "jumps-to-nowhere", words: "how=2" },
		{ name: "stack-outside-ram", words: "how=3" },
		{ name: "panic-device", words: "how=4" },
		{ name: "random-code", words: "how=5 seed=7" },
	];
	const phone = phoneOf([neighbour, ...ways.map((way) => ({ guest: "crash", restart: false, ...way }))]);

	it.each(["says-so", "panic-device"])("%s: crashed, with the reason", async (name) => {
		await phone().until("crashed", async () => (await phone().control.personaStatus(name)).state === "crashed");
		expect(await phone().control.personaStatus(name)).toMatchObject({ reason: "guestCrashed" });
	});

	it("none takes its neighbour along", async () => {
		for (const { name } of ways) await phone().says(name, "crashing");
		const before = phone().progress("neighbour");
		await phone().until("progress", () => phone().progress("neighbour") > before + 10);
		expect(await phone().control.personaStatus("neighbour")).toMatchObject({ state: "running", restarts: 0, starts: 1 });
	});

	it("each can be stopped", async () => {
		for (const { name } of ways) await phone().control.stop(name);
		await phone().until("all stopped", async () =>
			(await phone().control.status()).personas.every(({ name, state }) => name === "neighbour" || state !== "running"),
		);
	});
});

describe("memory of an earlier run", () => {
	const phone = phoneOf([neighbour, { guest: "memory_cleared" }]);

	it("is gone after a restart", async () => {
		const { control } = phone();
		const ready = (starts: number) => async () => {
			const status = await control.personaStatus("memory-cleared");
			return status.starts === starts && status.saidReady;
		};
		await phone().until("first run is ready", ready(1));
		await control.restart("memory-cleared");
		await phone().until("second run is ready", ready(2));
		await phone().says("memory-cleared", /(no secret of an earlier run[\s\S]*){2}memory is full/);
		expect(phone().console("memory-cleared")).not.toContain("FAIL");
		expect(await control.personaStatus("neighbour")).toMatchObject({ restarts: 0, starts: 1 });
	});
});

describe("shares and caps, against guests that never yield", () => {
	const phone = phoneOf([
		{ guest: "spin_irq_off", name: "one-part", share: 100 },
		{ guest: "flood_exits", name: "three-parts", share: 300 },
		{ guest: "spin_irq_off", name: "capped", share: 1000, cap: 10 },
	]);

	it("are kept within 2 % of the CPU", async () => {
		const { control } = phone();
		for (const [name, says] of [
			["one-part", "spinning"],
			["three-parts", "flooding"],
			["capped", "spinning"],
		] as const)
			await phone().says(name, says);
		const used = async () => {
			const { system, personas } = await control.status();
			return { at: system.uptimeNs, of: new Map(personas.map(({ name, cpuTimeNs }) => [name, cpuTimeNs])) };
		};
		const first = await used();
		// Five seconds are long enough that it hardly matters when exactly each figure was read; on a busy host, where whoever has the CPU is charged
		// for a time in which the handset stands still and makes up for it later, more are needed.
		await phone().until("five seconds", async () => (await used()).at > first.at + 5_000_000_000n);
		await vi.waitFor(
			async () => {
				const { at, of } = await used();
				const part = (name: string) => Number((of.get(name) ?? 0n) - (first.of.get(name) ?? 0n)) / Number(at - first.at);
				expect(Math.abs(part("capped") - 0.1)).toBeLessThan(0.02);
				expect(Math.abs(part("one-part") - 0.9 * 0.25)).toBeLessThan(0.02);
				expect(Math.abs(part("three-parts") - 0.9 * 0.75)).toBeLessThan(0.02);
			},
			{ timeout: 30_000, interval: 100 },
		);
	});
});

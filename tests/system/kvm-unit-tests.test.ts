// SPDX-License-Identifier: Apache-2.0
// A public architecture suite as personas: kvm-unit-tests' arm64 guests, unchanged, from the folder PERSONA_KVM_UNIT_TESTS names
// (docs/reference/third-party.md says how to have one). Without it nothing here can be judged, and the run says so.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GuestPersona, type GuestPhone, openWorkshop, type Workshop } from "../guests/phone.ts";

const suite = process.env.PERSONA_KVM_UNIT_TESTS;
if (suite === undefined)
	console.warn("PERSONA_KVM_UNIT_TESTS names no folder: kvm-unit-tests are SKIPPED (docs/reference/third-party.md)");

/** A test of the suite, as its arm/unittests.cfg declares it. */
interface Foreign {
	name: string;
	file: string;
	words?: string;
	cpus?: number;
	memoryMiB?: number;
	input?: boolean;
	/** Its exit status: 1 all passed, 3 some failed, 77 it found nothing to test. Default 1. */
	status?: number;
	/** The checks that fail, each for a reason third-party.md gives; no other may, and these must. */
	fails?: readonly string[];
}

/** Exit statuses of the suite (lib/report.c): twice the number it means, and one. */
const SKIPPED = 77;
const FAILED = 3;

const PHONES: { what: string; cpus: number; tests: Foreign[] }[] = [
	{
		what: "kvm-unit-tests on one CPU",
		cpus: 1,
		tests: [
			{ name: "vectors-kernel", file: "selftest", words: "vectors-kernel" },
			{ name: "vectors-user", file: "selftest", words: "vectors-user" },
			{ name: "cache", file: "cache" },
		],
	},
	{
		what: "kvm-unit-tests on two CPUs",
		cpus: 2,
		tests: [
			{ name: "setup", file: "selftest", words: "setup smp=2 mem=256", cpus: 2, memoryMiB: 256 },
			{ name: "smp", file: "selftest", words: "smp", cpus: 2 },
			{ name: "gic-ipi", file: "gic", words: "ipi", cpus: 2 },
			{ name: "gic-active", file: "gic", words: "active", cpus: 2 },
			{ name: "psci", file: "psci", cpus: 2 },
			{ name: "spinlock", file: "spinlock-test", cpus: 2 },
			{ name: "fpu-context", file: "fpu", cpus: 2 },
		],
	},
	{
		what: "kvm-unit-tests of what is not offered",
		cpus: 1,
		tests: [
			{ name: "debug-bp", file: "debug", words: "bp", status: FAILED, fails: ["bp: hw breakpoint: 0", "bp: hw breakpoint: 1"] },
			{
				name: "debug-wp",
				file: "debug",
				words: "wp",
				status: FAILED,
				fails: ["wp: watchpoint received: 0", "wp: watchpoint received: 1"],
			},
			{ name: "debug-ss", file: "debug", words: "ss", status: FAILED, fails: ["ss: single step"] },
			{ name: "pl031", file: "pl031", status: FAILED, fails: ["pl031:   RTC IRQ pending now", "pl031:   IRQ triggered"] },
			{ name: "mte", file: "mte", words: "sync", status: SKIPPED },
			{ name: "pmu", file: "pmu", words: "cycle-counter 0", status: SKIPPED },
			{ name: "pci", file: "pci-test", status: SKIPPED },
			{ name: "its", file: "gic", words: "its-introspection", status: SKIPPED },
		],
	},
	{
		// By itself: it judges a latency, and would judge its neighbours.
		what: "kvm-unit-tests' timer",
		cpus: 1,
		tests: [{ name: "timer", file: "timer" }],
	},
	{
		what: "kvm-unit-tests' micro-bench",
		cpus: 2,
		// It reads a register of the first virtio slot, which is there with an input device in it.
		tests: [{ name: "micro-bench", file: "micro-bench", cpus: 2, input: true }],
	},
];

let workshop: Workshop;
beforeAll(async () => {
	if (suite !== undefined) workshop = await openWorkshop();
});
afterAll(() => workshop?.close());

describe.skipIf(suite === undefined).each(PHONES)("$what", ({ cpus, tests }) => {
	let phone: GuestPhone;
	let folder: string;
	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "persona-kvm-unit-tests-"));
		// The suite takes its environment from the initial filesystem; it leaves out by itself what crashed hosts without a fix of 2016.
		const initramfs = join(folder, "environment");
		writeFileSync(initramfs, "ERRATA_6c7a5dce22b3=y\n");
		const personas = tests.map(({ name, file, words = "", cpus: own = 1, memoryMiB = 64, input = false }): GuestPersona => {
			const kernel = join(suite ?? "", "arm", `${file}.flat`);
			if (!existsSync(kernel)) throw new Error(`${kernel} is missing: build the suite's arm64 guests first`);
			return { guest: file, name, kernel, initramfs, words, cpus: own, memoryMiB, input };
		});
		phone = await workshop.start(personas, { cpus });
	});
	afterAll(async () => {
		await phone?.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	// Among others' work on the same cores an IPI takes milliseconds, and micro-bench sends 65,536.
	it.each(tests)("$name", { timeout: 1_000_000 }, async ({ name, status = 1, fails = [] }) => {
		await phone.says(name, "EXIT: STATUS=", 900);
		const lines = phone.console(name).split("\n");
		const failed = lines.filter((line) => line.startsWith("FAIL: ")).map((line) => line.slice("FAIL: ".length));
		expect({ failed, exit: lines.filter((line) => line.startsWith("EXIT: ")) }).toEqual({
			failed: fails,
			exit: [`EXIT: STATUS=${status}`],
		});
		await phone.until("it is off", async () => (await phone.control.personaStatus(name)).state === "off");
	});
});

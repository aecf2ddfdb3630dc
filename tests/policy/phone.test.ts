// SPDX-License-Identifier: Apache-2.0
// Checks that reach across documents: names, memory, what the board can do.
import { describe, expect, it } from "vitest";
import { persona, problemsOf } from "./phones.ts";

describe("names", () => {
	it("of personas, labels, colours and identities are unique", async () => {
		const uuid = "6b5cf8f5-3f0c-4c3c-9d0e-0a4a9f1c2b77";
		const indicator = { label: "Work", colour: "#C0392B" };
		const personas = [
			persona("work", { indicator, uuid }),
			persona("work", { indicator: { label: "WORK", colour: "#c0392b" }, uuid }),
		];
		expect(await problemsOf({ personas })).toEqual([
			'personas[1].name: "name" is that of another persona too (personas[0].name); allowed: each name once on a phone',
			'personas[1].indicator.label: "indicator.label" is that of another persona too (personas[0].indicator.label); allowed: each label once on a phone',
			'personas[1].indicator.colour: "indicator.colour" is that of another persona too (personas[0].indicator.colour); allowed: each colour once on a phone',
			'personas[1].uuid: "uuid" is that of another persona too (personas[0].uuid); allowed: each identity once on a phone',
		]);
	});

	it("that are mentioned exist", async () => {
		const problems = await problemsOf({
			initialForeground: "wrok",
			work: { devices: { network: "offise" } },
			policy: {
				name: "p",
				networks: { office: {} },
				channels: [{ from: "nobody", to: "persona", carries: "files", maxKiB: 1 }],
				switching: { lockOnLeave: ["works"] },
			},
			rules: { rules: [{ persona: "personl", forbids: ["storage"] }] },
		});
		expect(problems.join("\n")).toMatchInlineSnapshot(`
			"initialForeground: "initialForeground" names "wrok", which is no persona of this phone; allowed: work, personal; did you mean "work"?
			personas[0].devices.network: "devices.network" names "offise", which the policy does not have; allowed: none, office; did you mean "office"?
			policy.channels[0].from: "channels[0].from" names "nobody", which is no persona of this phone; allowed: work, personal
			policy.channels[0].to: "channels[0].to" names "persona", which is no persona of this phone; allowed: work, personal; did you mean "personal"?
			policy.switching.lockOnLeave[0]: "switching.lockOnLeave[0]" names "works", which is no persona of this phone; allowed: work, personal; did you mean "work"?
			rules.rules[0].persona: "rules[0].persona" names "personl", which is no persona of this phone; allowed: work, personal, *; did you mean "personal"?"
		`);
	});
});

describe("lockOnLeave", () => {
	it("needs a keyboard by which the persona can be told", async () => {
		const policy = { name: "p", switching: { lockOnLeave: ["work"] } };
		expect(await problemsOf({ work: { devices: { input: true } }, policy })).toEqual([]);
		expect(await problemsOf({ policy })).toEqual([
			expect.stringMatching(
				/"switching.lockOnLeave\[0\]" names "work", which has no input .*; allowed: personas with `devices: { input: true }`/,
			),
		]);
	});
});

describe("memory", () => {
	const sized = (each: number) => ({ work: { resources: { memoryMiB: each } }, personal: { resources: { memoryMiB: each } } });

	it("that just fits is accepted", async () => {
		expect(await problemsOf(sized(1488))).toEqual([]);
	});

	it("that does not fit beside Veil is refused with the figures", async () => {
		expect(await problemsOf(sized(1489))).toEqual([
			'personas: "personas" do not fit in RAM: they want 2978 MiB (work 1489, personal 1489); allowed: 2976 MiB together on board everything (3072 MiB less 96 MiB for Veil, kernels and initial filesystems)',
		]);
	});
});

describe("what the board does not support yet is refused, never ignored", () => {
	const everything = {
		target: { via: "usb", usb: { port: "1-1", backup: "old.fiasco" } },
		personal: { resources: { cpus: 4, whenInBackground: "throttle" }, devices: { agent: true } },
		work: {
			guest: { os: "android", builder: "buildroot" },
			devices: { display: true, input: true, agent: true, audio: true, network: "office" },
			storage: [
				{ name: "a", sizeMiB: 4 },
				{ name: "b", sizeMiB: 16, encrypted: true },
			],
		},
		policy: {
			name: "p",
			networks: { office: { egress: [{ to: "0.0.0.0/0" }] } },
			channels: [{ from: "work", to: "personal", carries: "notifications", maxKiB: 1 }],
			switching: { hotkey: ["power"], lockOnLeave: ["work"] },
		},
	} as const;

	it("on qemu-virt", async () => {
		expect((await problemsOf(everything as never, "qemu-virt")).join("\n")).toMatchInlineSnapshot(`
			"target.via: "target.via" is usb, not supported by board qemu-virt yet; allowed: qemu
			personas[0].guest.os: "guest.os" is android, not supported by board qemu-virt yet; allowed: linux, baremetal
			personas[0].devices.audio: "devices.audio" is true, not supported by board qemu-virt yet; allowed: false
			personas[0].storage: "storage" cannot be had with \`via: usb\`, which does not reach the tablet's memory card; allowed: []
			personas[1].resources.cpus: "resources.cpus" is 4; allowed: at most 2, the CPUs of the phone (its target.cpus)
			personas[1].resources.whenInBackground: "resources.whenInBackground" is throttle, not supported by board qemu-virt yet; allowed: run, freeze
			policy.channels[0]: "channels[0]" asks for a channel that carries notifications, which is not supported by board qemu-virt yet; allowed: clipboard, files"
		`);
	});

	it("while a board that supports it takes it", async () => {
		expect(await problemsOf({ ...everything, target: { via: "qemu", cpus: 4 } } as never)).toEqual([]);
		const work = { ...everything.work, storage: [] };
		expect(await problemsOf({ ...everything, work, target: { ...everything.target, cpus: 4 } } as never)).toEqual([]);
	});

	it("nor are more channels with one persona than its agent can be told of", async () => {
		const names = Array.from({ length: 8 }, (_, i) => `p${i}`);
		const personas = names.map((name) => persona(name, { devices: { agent: true } }));
		const kinds = ["clipboard", "files"] as const;
		const all = names.slice(1).flatMap((name) =>
			kinds.flatMap((carries) => [
				{ from: "p0", to: name, carries },
				{ from: name, to: "p0", carries },
			]),
		);
		const channels = (count: number) => ({ name: "p", channels: all.slice(0, count).map((one) => ({ ...one, maxKiB: 1 })) });
		expect(await problemsOf({ personas, policy: channels(23) })).toEqual([]);
		expect(await problemsOf({ personas, policy: channels(28) })).toEqual([
			'policy.channels[23]: "channels[23]" is one of 28 channels with "p0"; allowed: at most 23 with a persona',
		]);
	});

	it("nor are systems of another architecture, nor more personas and CPUs than there can be", async () => {
		const personas = Array.from({ length: 9 }, (_, i) =>
			persona(
				`p${i}`,
				i === 0 ? { guest: { os: "wince", builder: "prebuilt", kernel: { url: "http://x", sha256: "0".repeat(64) } } } : {},
			),
		);
		expect((await problemsOf({ personas, target: { cpus: 1 } })).join("\n")).toMatchInlineSnapshot(`
			"personas: "personas" has 9 entries; allowed: at most 8 on board everything
			personas[0].guest.os: "guest.os" is wince, which does not run on arm64 (board everything); allowed: linux, android, baremetal"
		`);
	});
});

describe("a phone that is flashed", () => {
	it.each([
		[{ via: "usb" }, /target.usb is missing/],
		[{ via: "usb", usb: { backup: "old.fiasco" } }, /names no tablet; allowed: with serial, port or both/],
		[{ via: "qemu", usb: { serial: "A", backup: "old.fiasco" } }, /is given, but via is qemu/],
	] as const)("says which one: %j", async (target, message) => {
		expect((await problemsOf({ target } as never)).join("\n")).toMatch(message);
	});

	it("has no volumes: its memory card is not reached over USB", async () => {
		const target = { via: "usb", usb: { serial: "A", backup: "old.fiasco" } } as const;
		expect((await problemsOf({ target, work: { storage: [{ name: "a", sizeMiB: 4 }] } } as never)).join("\n")).toMatch(
			/^personas\[0\].storage: "storage" cannot be had with `via: usb`/,
		);
	});
});

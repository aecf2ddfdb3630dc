// SPDX-License-Identifier: Apache-2.0
// Rules: broken ones are found where they are broken, impossible ones where they are written.
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { withDefaults } from "../../components/manifest/defaults.ts";
import type { Board, Loaded, Persona, Policy } from "../../components/manifest/index.ts";
import { readYaml } from "../../components/manifest/yaml.ts";
import { conflicts } from "../../components/policy/deadlocks.ts";
import { type Feature, features } from "../../components/policy/features.ts";
import type { Constraint } from "../../components/policy/rules.ts";
import { everythingYaml, persona, problemsOf } from "./phones.ts";

describe("a broken rule", () => {
	it("is reported where it is broken, with the rule's place", async () => {
		const problems = await problemsOf({
			work: {
				storage: [
					{ name: "plain", sizeMiB: 4 },
					{ name: "sealed", sizeMiB: 16, encrypted: true },
				],
				devices: { network: "open", agent: true },
			},
			personal: { devices: { network: "office" }, start: "onDemand" },
			policy: {
				name: "p",
				networks: { open: { egress: [{ to: "::/0" }] }, office: { egress: [{ to: "10.0.0.0/8" }] } },
				channels: [{ from: "work", to: "personal", carries: "files", maxKiB: 1 }],
			},
			rules: {
				rules: [
					{ persona: "work", requires: ["storage.encrypted", "network.restricted"], forbids: ["channels.outbound"] },
					{ persona: "*", requires: ["start.atBoot", "switching.lockOnLeave"], forbids: ["resources.cpuCap"] },
					{
						persona: "personal",
						requires: ["storage.encrypted", "network.restricted", "channels.inbound"],
						forbids: ["devices.display"],
					},
				],
			},
		});
		expect(problems.join("\n")).toMatchInlineSnapshot(`
			"personas[0].storage[0].encrypted: "storage[0].encrypted" breaks a rule (rules.rules[0].requires[0]): work must have storage.encrypted; volume plain is not encrypted
			personas[0].devices.network: "devices.network" breaks a rule (rules.rules[0].requires[1]): work must have network.restricted; network open reaches every address
			personas[0].name: "name" breaks a rule (rules.rules[1].requires[1]): work must have switching.lockOnLeave; it has no place in the policy's lockOnLeave
			personas[1].start: "start" breaks a rule (rules.rules[1].requires[0]): personal must have start.atBoot; it has no start at boot
			personas[1].name: "name" breaks a rule (rules.rules[1].requires[1]): personal must have switching.lockOnLeave; it has no place in the policy's lockOnLeave
			policy.channels[0].to: "channels[0].to" is "personal", whose devices.agent is false; allowed: a persona with an agent, which moves what the channel carries
			rules.rules[2].requires[2]: "rules[2].requires[2]" can never hold: personal must have channels.inbound; it contradicts: work must not have channels.outbound (rules.rules[0].forbids[0])"
		`);
	});

	it("is none when everything it asks for is so", async () => {
		const rules = {
			rules: [{ persona: "*", requires: ["storage.encrypted", "start.atBoot"], forbids: ["network", "channels", "devices.audio"] }],
		} as const;
		expect(await problemsOf({ rules: rules as never })).toEqual([]);
		expect(await problemsOf({ rules: rules as never }, "qemu-virt")).toEqual([]);
	});
});

describe("rules that nothing can satisfy", () => {
	it("are named with what they contradict", async () => {
		const rules = {
			rules: [
				{ persona: "work", requires: ["channels"], forbids: ["channels.inbound"] },
				{ persona: "*", forbids: ["channels.outbound", "devices.audio"] },
				{ persona: "personal", requires: ["devices.audio", "storage", "storage.encrypted"], forbids: ["storage.encrypted"] },
			],
		} as const;
		expect((await problemsOf({ rules: rules as never })).join("\n")).toMatchInlineSnapshot(`
			"rules.rules[2].forbids[0]: "rules[2].forbids[0]" can never hold: personal must not have storage.encrypted; it contradicts: personal must have storage (rules.rules[2].requires[1]), personal must have storage.encrypted (rules.rules[2].requires[2])
			rules.rules[2].requires[0]: "rules[2].requires[0]" can never hold: personal must have devices.audio; it contradicts: personal must not have devices.audio (rules.rules[1].forbids[1])
			rules.rules[1].forbids[0]: "rules[1].forbids[0]" can never hold: personal must not have channels.outbound; it contradicts: work must have channels (rules.rules[0].requires[0]), work must not have channels.outbound (rules.rules[1].forbids[0])
			rules.rules[1].forbids[0]: "rules[1].forbids[0]" can never hold: work must not have channels.outbound; it contradicts: work must have channels (rules.rules[0].requires[0]), work must not have channels.inbound (rules.rules[0].forbids[0])"
		`);
	});

	it("may be so because of the board, or because there is nobody else", async () => {
		const rules = { rules: [{ persona: "work", requires: ["devices.audio", "storage.encrypted", "channels.inbound"] }] } as const;
		expect(await problemsOf({ rules: rules as never }, "qemu-virt")).toEqual([
			'policy: "channels" breaks a rule (rules.rules[0].requires[2]): work must have channels.inbound; there is no channel to it',
			'rules.rules[0].requires[0]: "rules[0].requires[0]" can never hold: work must have devices.audio, which is not supported by board qemu-virt yet',
		]);
		expect(await problemsOf({ rules: rules as never, personas: [persona("work", { devices: { audio: true } })] })).toEqual([
			'rules.rules[0].requires[2]: "rules[0].requires[2]" can never hold: work must have channels.inbound, and there is no other persona',
		]);
	});

	describe("are exactly those no phone satisfies", () => {
		const names = ["a", "b"];
		const spoken: Feature[] = [
			"storage",
			"storage.encrypted",
			"network",
			"network.restricted",
			"channels",
			"channels.inbound",
			"channels.outbound",
		];
		let board: Board;
		let phones: { personas: Loaded<Persona>[]; policy: Loaded<Policy> }[];

		const loaded = <T>(document: T): Loaded<T> => ({
			document,
			file: "x",
			positions: { key: () => ({ line: 1, column: 1 }), value: () => ({ line: 1, column: 1 }) },
		});
		const holds = (constraint: Constraint, { personas, policy }: (typeof phones)[number]) => {
			const one = personas.find(({ document }) => document.name === constraint.persona)!;
			const { lacks, has } = features[constraint.feature];
			return (constraint.mode === "requires" ? lacks(one, policy) : has(one, policy)).length === 0;
		};

		// Given every phone of two personas with any storage, network and channels.
		beforeAll(() => {
			board = withDefaults("Board", readYaml(everythingYaml).value);
			const volumes = [[], [{ name: "p", sizeMiB: 1 }], [{ name: "e", sizeMiB: 1, encrypted: true }]];
			const forms = volumes.flatMap((storage) => ["none", "open", "office"].map((network) => ({ storage, devices: { network } })));
			const channels = [
				[],
				[["a", "b"]],
				[["b", "a"]],
				[
					["a", "b"],
					["b", "a"],
				],
			].map((pairs) =>
				loaded(
					withDefaults("Policy", {
						version: 1,
						kind: "Policy",
						name: "p",
						networks: { open: { egress: [{ to: "0.0.0.0/0" }] }, office: {} },
						channels: pairs.map(([from, to]) => ({ from, to, carries: "files", maxKiB: 1 })),
					}),
				),
			);
			const made = (name: string) =>
				forms.map((form) => loaded(withDefaults("Persona", { version: 1, kind: "Persona", ...persona(name, form) })));
			phones = made("a").flatMap((a) => made("b").flatMap((b) => channels.map((policy) => ({ personas: [a, b], policy }))));
		});

		it("and each conflict is as small as can be", () => {
			const constraint = fc.record({
				persona: fc.constantFrom(...names),
				mode: fc.constantFrom("requires" as const, "forbids" as const),
				feature: fc.constantFrom(...spoken),
			});
			const all = fc.uniqueArray(constraint, {
				maxLength: 7,
				selector: ({ persona: who, mode, feature }) => `${who} ${mode} ${feature}`,
			});
			fc.assert(
				fc.property(all, (written) => {
					const constraints = written.map((one, i): Constraint => ({ ...one, path: ["rules", i] }));
					const found = conflicts(constraints, board, names);
					const possible = (some: readonly Constraint[]) => phones.some((phone) => some.every((one) => holds(one, phone)));
					expect(found.length === 0).toBe(possible(constraints));
					for (const { among } of found) {
						expect(possible(among)).toBe(false);
						for (const one of among) expect(possible(among.filter((other) => other !== one))).toBe(true);
					}
				}),
				{ numRuns: 500 },
			);
		});
	});
});

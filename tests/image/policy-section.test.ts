// SPDX-License-Identifier: Apache-2.0
// A policy compiles to what was declared, whatever is changed in its bytes is seen, and there is an end to it.
import fc from "fast-check";
import { expect, test } from "vitest";
import { VEIL_POLICY_BYTES } from "../../components/image/abi.ts";
import { encodePolicy, explainPolicy, policyDigest, policyProblems, type Sharing } from "../../components/image/policy-section.ts";

const sharing: Sharing = {
	networks: {
		work: { egress: [{ to: "10.20.0.0/16", protocol: "tcp", ports: [443, 80, 81, 82, 443] }] },
		home: {
			egress: [
				{ to: "0.0.0.0/0", protocol: "any", ports: [] },
				{ to: "2001:db8::/33", protocol: "udp", ports: [53] },
			],
		},
		unused: { egress: [{ to: "::/0", protocol: "icmp", ports: [] }] },
	},
	channels: [],
	ownerAccess: { off: [] },
};
const personas = [{ network: "work" }, {}, { network: "home" }, { network: "work" }];

test("networks somebody is on are there, with their ports in ranges", () => {
	const section = encodePolicy(sharing, personas);

	expect(section).toHaveLength(VEIL_POLICY_BYTES);
	expect([...policyProblems(section, 4)]).toEqual([]);
	expect(explainPolicy(section)).toEqual({
		channels: [],
		networks: [
			{
				name: "home",
				personas: [2],
				rules: [
					{ to: "0.0.0.0/0", protocol: "any" },
					{ to: "2001:db8::/33", protocol: "udp", ports: "53" },
				],
			},
			{
				name: "work",
				personas: [0, 3],
				rules: [
					{ to: "10.20.0.0/16", protocol: "tcp", ports: "80-82" },
					{ to: "10.20.0.0/16", protocol: "tcp", ports: "443" },
				],
			},
		],
	});
});

test("a network nobody is on makes no difference, and one rule does", () => {
	const { unused: _, ...networks } = sharing.networks;
	const digest = policyDigest(encodePolicy(sharing, personas));

	expect(policyDigest(encodePolicy({ ...sharing, networks }, personas))).toBe(digest);
	const closed = { ...sharing, networks: { ...networks, home: { egress: [] } } };
	expect(policyDigest(encodePolicy(closed, personas))).not.toBe(digest);
});

test("a changed byte is a problem, or says something else", () => {
	const section = encodePolicy(sharing, personas);
	const said = JSON.stringify(explainPolicy(section));
	// That it is signed, by whom, and which version: the signature says whether that is true.
	const unsigned = (at: number, change: number) => (at === 20 && change === 1) || (at >= 24 && at < 24 + 32 + 8 + 64);
	fc.assert(
		fc.property(fc.nat({ max: 600 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
			fc.pre(!unsigned(at, change));
			const changed = Uint8Array.from(section);
			changed[at] = (changed[at] ?? 0) ^ change;
			const problems = [...policyProblems(changed, 4)];
			expect(problems.length > 0 || JSON.stringify(explainPolicy(changed)) !== said || isDeclared(at)).toBe(true);
		}),
	);

	// The entry of the declaration a rule comes from; it stands in no explanation.
	function isDeclared(at: number): boolean {
		const inRules = at - (152 + 2 * 40);
		return inRules >= 0 && inRules < 4 * 32 && inRules % 32 >= 24 && inRules % 32 < 28;
	}
});

test("more rules than Veil takes are refused in words", () => {
	const ports = Array.from({ length: 64 }, (_, index) => 1 + 2 * index);
	const egress = Array.from({ length: 3 }, () => ({ to: "10.0.0.0/8", protocol: "tcp" as const, ports }));

	expect(() => encodePolicy({ networks: { work: { egress } }, channels: [], ownerAccess: { off: [] } }, personas)).toThrow(
		"need 192 egress rules, at most 128",
	);
});

test("channels are sorted, the owner's with them, and those of personas that are not there are left out", () => {
	const channels: Sharing["channels"] = [
		{ from: "b", to: "a", carries: "files", maxKiB: 3, maxPerMinute: 2 },
		{ from: "a", to: "b", carries: "clipboard", maxKiB: 64, maxPerMinute: 30 },
		{ from: "gone", to: "b", carries: "clipboard", maxKiB: 64, maxPerMinute: 30 },
	];
	const section = encodePolicy({ networks: {}, channels, ownerAccess: { off: ["b"] } }, [
		{ name: "a", agent: true },
		{ name: "b", agent: true },
		{ name: "c" },
	]);

	expect([...policyProblems(section, 3)]).toEqual([]);
	expect(explainPolicy(section).channels).toEqual([
		{ from: 0, to: 1, carries: "clipboard", maxBytes: 65536, perMinute: 30 },
		{ from: 1, to: 0, carries: "files", maxBytes: 3072, perMinute: 2 },
		{ from: null, to: 0, carries: "owner", maxBytes: 0, perMinute: 0 },
	]);
});

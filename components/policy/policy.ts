// SPDX-License-Identifier: Apache-2.0
// What must hold within one policy, and within one rules document, and no schema can say.
import { isIP } from "node:net";
import { ipv6Groups, type Loaded, type Policy, type Problem, plainText, type Rules, shown } from "../manifest/index.ts";
import { keyProblem, valueProblem } from "./problems.ts";
import { repeated } from "./unique.ts";

/** Problems of a policy's document by itself. */
export function checkPolicy(policy: Loaded<Policy>): Problem[] {
	const { networks, channels } = policy.document;
	const problems: Problem[] = [];
	for (const [name, { egress }] of Object.entries(networks)) {
		if (name === "none")
			problems.push(keyProblem(policy, ["networks", name], "is reserved: it means no network; allowed: another name"));
		for (const [i, { to, protocol, ports }] of egress.entries()) {
			const path = ["networks", name, "egress", i] as const;
			const start = networkAddress(to);
			if (start !== to)
				problems.push(
					valueProblem(
						policy,
						[...path, "to"],
						`is ${plainText(to)}, whose address is not the start of the range; did you mean "${start}"?`,
					),
				);
			if (ports.length > 0 && protocol !== "tcp" && protocol !== "udp") {
				problems.push(keyProblem(policy, [...path, "ports"], `means nothing to protocol ${protocol}; allowed with: tcp, udp`));
			}
		}
	}
	for (const [i, { from, to }] of channels.entries()) {
		if (from === to)
			problems.push(valueProblem(policy, ["channels", i, "to"], `is ${shown(to)}, where it comes from; allowed: another persona`));
	}
	const kinds = channels.map(({ from, to, carries }) => `${from} ${to} ${carries}`);
	for (const { index, first } of repeated(kinds)) {
		problems.push(valueProblem(policy, ["channels", index], `is the same channel as "channels[${first}]"; allowed: each once`));
	}
	return problems;
}

/** Problems of a rules document by itself. Contradictions need the phone: see deadlocks.ts. */
export function checkRules(rules: Loaded<Rules>): Problem[] {
	return rules.document.rules.flatMap(({ requires, forbids }, i) =>
		requires.length + forbids.length > 0
			? []
			: [valueProblem(rules, ["rules", i], "says nothing; allowed: requires, forbids, or both")],
	);
}

/** The range with all bits after its prefix cleared, in the same spelling where nothing changes. */
function networkAddress(range: string): string {
	const [address = "", prefix = ""] = range.split("/");
	const bits = Number(prefix);
	const groups = isIP(address) === 4 ? address.split(".").map(Number) : ipv6Groups(address);
	const width = isIP(address) === 4 ? 8 : 16;
	const cleared = groups.map((group, i) => {
		const kept = Math.min(width, Math.max(0, bits - i * width));
		return group & ~((1 << (width - kept)) - 1);
	});
	if (cleared.every((group, i) => group === groups[i])) return range;
	return width === 8
		? `${cleared.join(".")}/${prefix}`
		: `${cleared
				.map((group) => group.toString(16))
				.join(":")
				.replace(/(:0)+$/, "::")}/${prefix}`;
}

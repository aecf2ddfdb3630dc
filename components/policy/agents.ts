// SPDX-License-Identifier: Apache-2.0
// Channels end at agents: both personas of one must have theirs.
import type { PhoneDraft, Problem } from "../manifest/index.ts";
import { valueProblem } from "./problems.ts";

/** Problems of channels to or from personas without an agent. */
export function checkAgents({ personas, policy }: PhoneDraft): Problem[] {
	if (policy === undefined) return [];
	const without = new Set(personas.flatMap(({ document }) => (document.devices.agent ? [] : [document.name])));
	return policy.document.channels.flatMap((channel, i) =>
		(["from", "to"] as const).flatMap((end) =>
			without.has(channel[end])
				? [
						valueProblem(
							policy,
							["channels", i, end],
							`is "${channel[end]}", whose devices.agent is false; allowed: a persona with an agent, which moves what the channel carries`,
						),
					]
				: [],
		),
	);
}

// SPDX-License-Identifier: Apache-2.0
// Channels end at agents: both personas of one must have theirs, and Veil tells an agent of all its channels in one frame.
import { VEIL_FRAME_MAX, veilChannelInfo, veilFrame } from "../image/abi.ts";
import { type PhoneDraft, type Problem, shown } from "../manifest/index.ts";
import { valueProblem } from "./problems.ts";

/** Channels of one persona, in both directions. */
const CHANNELS_MAX = Math.floor((VEIL_FRAME_MAX - veilFrame.size) / veilChannelInfo.size);

/** Problems of channels to or from personas without an agent, or with too many of them. */
export function checkAgents(draft: PhoneDraft): Problem[] {
	return [...withoutAgent(draft), ...tooMany(draft)];
}

function withoutAgent({ personas, policy }: PhoneDraft): Problem[] {
	if (policy === undefined) return [];
	const without = new Set(personas.flatMap(({ document }) => (document.devices.agent ? [] : [document.name])));
	return policy.document.channels.flatMap((channel, i) =>
		(["from", "to"] as const).flatMap((end) =>
			without.has(channel[end])
				? [
						valueProblem(
							policy,
							["channels", i, end],
							`is ${shown(channel[end])}, whose devices.agent is false; allowed: a persona with an agent, which moves what the channel carries`,
						),
					]
				: [],
		),
	);
}

function tooMany({ personas, policy }: PhoneDraft): Problem[] {
	if (policy === undefined) return [];
	return personas.flatMap(({ document: { name } }) => {
		const mine = [...policy.document.channels.entries()].filter(([, { from, to }]) => from === name || to === name);
		const next = mine[CHANNELS_MAX];
		if (next === undefined) return [];
		const message = `is one of ${mine.length} channels with ${shown(name)}; allowed: at most ${CHANNELS_MAX} with a persona`;
		return [valueProblem(policy, ["channels", next[0]], message)];
	});
}

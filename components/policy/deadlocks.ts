// SPDX-License-Identifier: Apache-2.0
// Finds rules that no phone on the board could satisfy together, by trying every state a persona could be in.
import type { Board } from "../manifest/index.ts";
import type { Feature } from "./features.ts";
import type { Constraint } from "./rules.ts";

export interface Conflict {
	/** The fewest constraints that contradict each other: without any of them the rest can hold. */
	readonly among: readonly Constraint[];
	/** For a constraint that the board alone rules out: why. */
	readonly because?: string;
}

/** A state of one aspect of a persona: what it satisfies when it is required, and what it has when that is forbidden. */
interface State {
	readonly holds: readonly Feature[];
	readonly has: readonly Feature[];
}

/** Features that depend on each other, and every state they can be in together on a board. */
interface Aspect {
	readonly features: readonly Feature[];
	readonly states: readonly State[];
}

const plainly = (...names: Feature[]): State => ({ holds: names, has: names });

function flag(feature: Feature, possible: boolean): Aspect {
	return { features: [feature], states: possible ? [plainly(), plainly(feature)] : [plainly()] };
}

/** The aspects of a persona. They do not depend on each other; channels are between personas, see below. */
function aspectsOn({ supports }: Board): Aspect[] {
	const plain = supports.storage.includes("plain");
	const encrypted = supports.storage.includes("encrypted");
	return [
		{
			features: ["storage", "storage.encrypted"],
			states: [
				{ holds: ["storage.encrypted"], has: [] }, // no volume at all
				...(plain ? [plainly("storage")] : []),
				...(encrypted ? [plainly("storage", "storage.encrypted")] : []),
			],
		},
		{
			features: ["network", "network.restricted"],
			states: [
				{ holds: ["network.restricted"], has: [] }, // no network
				...(supports.devices.includes("network") ? [plainly("network"), plainly("network", "network.restricted")] : []),
			],
		},
		flag("devices.display", supports.devices.includes("display")),
		flag("devices.input", supports.devices.includes("input")),
		flag("devices.audio", supports.devices.includes("audio")),
		flag("switching.lockOnLeave", supports.switching.includes("lockOnLeave")),
		flag("resources.cpuCap", true),
		flag("start.atBoot", true),
	];
}

/** The contradictions among `constraints` for personas of those names on a board; empty when some phone could satisfy all. */
export function conflicts(constraints: readonly Constraint[], board: Board, names: readonly string[]): Conflict[] {
	const groups: { among: readonly Constraint[]; possible: (some: readonly Constraint[]) => boolean }[] = [];
	for (const aspect of aspectsOn(board)) {
		for (const name of names) {
			const among = constraints.filter(({ persona, feature }) => persona === name && aspect.features.includes(feature));
			groups.push({ among, possible: (some) => aspect.states.some((state) => satisfies(state, some)) });
		}
	}
	const channels = constraints.filter(({ feature }) => feature.startsWith("channels"));
	groups.push({ among: channels, possible: (some) => channelsPossible(some, board, names) });
	return groups.flatMap(({ among, possible }) => contradictions(among, possible)).map((among) => explain(among, board, names));
}

function satisfies({ holds, has }: State, constraints: readonly Constraint[]): boolean {
	return constraints.every(({ mode, feature }) => (mode === "requires" ? holds.includes(feature) : !has.includes(feature)));
}

/** Whether channels can be laid so that all holds: lay every channel nobody forbids, then look whether each is there that must be. */
function channelsPossible(constraints: readonly Constraint[], board: Board, names: readonly string[]): boolean {
	const forbidden = (name: string, direction: Feature) =>
		constraints.some(
			({ persona, mode, feature }) => persona === name && mode === "forbids" && (feature === direction || feature === "channels"),
		);
	const laid =
		board.supports.channels.length === 0
			? []
			: names.flatMap((from) =>
					names
						.filter((to) => to !== from && !forbidden(from, "channels.outbound") && !forbidden(to, "channels.inbound"))
						.map((to) => ({ from, to })),
				);
	return constraints
		.filter(({ mode }) => mode === "requires")
		.every(({ persona, feature }) =>
			laid.some(
				({ from, to }) =>
					(feature !== "channels.inbound" && from === persona) || (feature !== "channels.outbound" && to === persona),
			),
		);
}

/** Smallest sets that are not possible: each is found, its last constraint put aside, and the rest looked at again. */
function contradictions(constraints: readonly Constraint[], possible: (some: readonly Constraint[]) => boolean): Constraint[][] {
	const found: Constraint[][] = [];
	let rest = [...constraints];
	while (!possible(rest)) {
		let among = rest;
		for (const constraint of rest) {
			const without = among.filter((other) => other !== constraint);
			if (!possible(without)) among = without;
		}
		found.push(among);
		rest = rest.filter((constraint) => constraint !== among.at(-1));
	}
	return found;
}

/** Adds why a single constraint is impossible by itself. */
function explain(among: readonly Constraint[], board: Board, names: readonly string[]): Conflict {
	const [only, ...others] = among;
	if (only === undefined || others.length > 0) return { among };
	const alone = only.feature.startsWith("channels") && board.supports.channels.length > 0 && names.length < 2;
	return { among, because: alone ? "and there is no other persona" : `which is not supported by board ${board.name} yet` };
}

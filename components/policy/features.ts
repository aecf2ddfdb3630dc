// SPDX-License-Identifier: Apache-2.0
// What rules speak of: for each feature, where a persona has it and where it lacks it.
import type { DocumentPath, Loaded, Persona, Policy, Rules } from "../manifest/index.ts";

export type Feature = Rules["rules"][number]["requires"][number];

/** Where a rule is broken, and how. */
export interface Finding {
	readonly loaded: Loaded<unknown>;
	readonly path: DocumentPath;
	/** Completes "… is broken: ". */
	readonly because: string;
}

interface Definition {
	/** Why `requires` does not hold; empty when it does. */
	readonly lacks: (persona: Loaded<Persona>, policy: Loaded<Policy>) => Finding[];
	/** Why `forbids` does not hold; empty when it does. */
	readonly has: (persona: Loaded<Persona>, policy: Loaded<Policy>) => Finding[];
}

/** A feature that is there or not: both findings point to `path` of the persona. */
function flag(path: DocumentPath, name: string, present: (persona: Persona, policy: Policy) => boolean): Definition {
	const bare = name.replace(/^an? /, "");
	return {
		lacks: (loaded, policy) => (present(loaded.document, policy.document) ? [] : [{ loaded, path, because: `it has no ${bare}` }]),
		has: (loaded, policy) => (present(loaded.document, policy.document) ? [{ loaded, path, because: `it has ${name}` }] : []),
	};
}

/** Channels of the policy that a persona takes part in. */
function channels(what: string, takesPart: (channel: Policy["channels"][number], name: string) => boolean): Definition {
	const found = (persona: Loaded<Persona>, policy: Loaded<Policy>): Finding[] =>
		policy.document.channels.flatMap((channel, i) =>
			takesPart(channel, persona.document.name)
				? [{ loaded: policy, path: ["channels", i], because: `there is a channel from ${channel.from} to ${channel.to}` }]
				: [],
		);
	return {
		lacks: (persona, policy) =>
			found(persona, policy).length > 0 ? [] : [{ loaded: policy, path: ["channels"], because: `there is no ${what}` }],
		has: found,
	};
}

function volumes(loaded: Loaded<Persona>, encrypted: boolean): Finding[] {
	return loaded.document.storage.flatMap((volume, i) =>
		volume.encrypted === encrypted
			? [{ loaded, path: ["storage", i, "encrypted"], because: `volume ${volume.name} is ${encrypted ? "" : "not "}encrypted` }]
			: [],
	);
}

/** True when a network lets traffic reach every address of a family. */
function isOpen(policy: Policy, network: string): boolean {
	return (policy.networks[network]?.egress ?? []).some(({ to }) => to.endsWith("/0"));
}

export const features: Record<Feature, Definition> = {
	storage: flag(["storage"], "storage", ({ storage }) => storage.length > 0),
	"storage.encrypted": { lacks: (persona) => volumes(persona, false), has: (persona) => volumes(persona, true) },
	channels: channels("channel with it", ({ from, to }, name) => from === name || to === name),
	"channels.inbound": channels("channel to it", ({ to }, name) => to === name),
	"channels.outbound": channels("channel from it", ({ from }, name) => from === name),
	network: flag(["devices", "network"], "a network", ({ devices }) => devices.network !== "none"),
	"network.restricted": {
		lacks: (loaded, policy) =>
			isOpen(policy.document, loaded.document.devices.network)
				? [{ loaded, path: ["devices", "network"], because: `network ${loaded.document.devices.network} reaches every address` }]
				: [],
		has: (loaded, policy) => {
			const { network } = loaded.document.devices;
			const restricted = network !== "none" && !isOpen(policy.document, network);
			return restricted ? [{ loaded, path: ["devices", "network"], because: `network ${network} is restricted` }] : [];
		},
	},
	"devices.display": flag(["devices", "display"], "a display", ({ devices }) => devices.display),
	"devices.input": flag(["devices", "input"], "input", ({ devices }) => devices.input),
	"devices.audio": flag(["devices", "audio"], "audio", ({ devices }) => devices.audio),
	"switching.lockOnLeave": flag(["name"], "place in the policy's lockOnLeave", ({ name }, policy) =>
		policy.switching.lockOnLeave.includes(name),
	),
	"resources.cpuCap": flag(
		["resources"],
		"a cap below its CPUs",
		({ resources }) => resources.cpuCapPercent < 100 * resources.cpus,
	),
	"start.atBoot": flag(["start"], "start at boot", ({ start }) => start === "atBoot"),
};

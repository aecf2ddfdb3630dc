// SPDX-License-Identifier: Apache-2.0
// Names across documents: each is unique, and what is named exists.
import { didYouMean, type Loaded, listed, type Persona, type PhoneDraft, type Problem, shown } from "../manifest/index.ts";
import { valueProblem, whereIs } from "./problems.ts";
import { repeated } from "./unique.ts";

/** Problems of names: those of personas, their indicators, networks, and every mention of them. */
export function checkNames(draft: PhoneDraft): Problem[] {
	return [...uniquePersonas(draft.personas), ...networks(draft), ...mentions(draft)];
}

function uniquePersonas(personas: readonly Loaded<Persona>[]): Problem[] {
	const unique = (path: readonly string[], what: string, of: (persona: Persona) => string | undefined): Problem[] =>
		repeated(personas.map(({ document }) => of(document))).flatMap(({ index, first }) => {
			const [again, before] = [personas[index], personas[first]];
			if (again === undefined || before === undefined) return [];
			return [
				valueProblem(
					again,
					path,
					`is that of another persona too (${whereIs(before, path)}); allowed: each ${what} once on a phone`,
				),
			];
		});
	return [
		...unique(["name"], "name", ({ name }) => name),
		...unique(["indicator", "label"], "label", ({ indicator }) => indicator.label.toLowerCase()),
		...unique(["indicator", "colour"], "colour", ({ indicator }) => indicator.colour.toLowerCase()),
		...unique(["uuid"], "identity", ({ uuid }) => uuid ?? undefined),
	];
}

function networks({ personas, policy }: PhoneDraft): Problem[] {
	if (policy === undefined) return [];
	const names = ["none", ...Object.keys(policy.document.networks)];
	return personas.flatMap((persona) => {
		const { network } = persona.document.devices;
		if (names.includes(network)) return [];
		const message = `names ${shown(network)}, which the policy does not have; allowed: ${listed(names)}${didYouMean(network, names)}`;
		return [valueProblem(persona, ["devices", "network"], message)];
	});
}

/** Every place outside a persona's own document that names a persona. */
function mentions({ personas, allPersonas, phone, policy, rules }: PhoneDraft): Problem[] {
	// Where a persona could not be read, a name that is not found may be its.
	if (!allPersonas) return [];
	const names = personas.map(({ document }) => document.name);
	const missing = (
		loaded: Loaded<unknown>,
		path: readonly (string | number)[],
		name: string,
		others: readonly string[] = [],
	): Problem[] => {
		if ([...names, ...others].includes(name)) return [];
		const message = `names ${shown(name)}, which is no persona of this phone; allowed: ${listed([...names, ...others])}${didYouMean(name, names)}`;
		return [valueProblem(loaded, path, message)];
	};
	// The lock is a key, so whoever has no keyboard cannot be told.
	const deaf = (loaded: Loaded<unknown>, name: string, i: number): Problem[] => {
		const persona = personas.find(({ document }) => document.name === name);
		if (persona === undefined || persona.document.devices.input) return [];
		const message = `names ${shown(name)}, which has no input and cannot be told to lock (${whereIs(persona, ["devices"])}); allowed: personas with \`devices: { input: true }\``;
		return [valueProblem(loaded, ["switching", "lockOnLeave", i], message)];
	};
	return [
		...(phone === undefined ? [] : missing(phone, ["initialForeground"], phone.document.initialForeground)),
		...(policy?.document.channels ?? []).flatMap(({ from, to }, i) =>
			policy === undefined
				? []
				: [...missing(policy, ["channels", i, "from"], from), ...missing(policy, ["channels", i, "to"], to)],
		),
		...(policy?.document.ownerAccess.off ?? []).flatMap((name, i) =>
			policy === undefined ? [] : missing(policy, ["ownerAccess", "off", i], name),
		),
		...(policy?.document.switching.lockOnLeave ?? []).flatMap((name, i) =>
			policy === undefined ? [] : [...missing(policy, ["switching", "lockOnLeave", i], name), ...deaf(policy, name, i)],
		),
		...(rules?.document.rules ?? []).flatMap(({ persona }, i) =>
			rules === undefined ? [] : missing(rules, ["rules", i, "persona"], persona, ["*"]),
		),
	];
}

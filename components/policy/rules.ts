// SPDX-License-Identifier: Apache-2.0
// Whether every rule holds, and whether any phone could hold them all.
import type { Loaded, PhoneDraft, Problem, Rules } from "../manifest/index.ts";
import { conflicts } from "./deadlocks.ts";
import { type Feature, features } from "./features.ts";
import { keyProblem, valueProblem, whereIs } from "./problems.ts";

/** One thing one rule says about one persona. */
export interface Constraint {
	readonly persona: string;
	readonly mode: "requires" | "forbids";
	readonly feature: Feature;
	/** Where it is written. */
	readonly path: readonly (string | number)[];
}

/** Problems of the rules: broken ones, and ones that nothing can satisfy. */
export function checkPhoneRules({ personas, allPersonas, policy, rules, board }: PhoneDraft): Problem[] {
	if (rules === undefined) return [];
	const names = personas.map(({ document }) => document.name);
	const constraints = constraintsOf(rules, names);
	// Without every persona and the board it is not known what could be had.
	const deadlocks = allPersonas && board !== undefined ? conflicts(constraints, board.document, names) : [];
	const impossible = new Set(deadlocks.flatMap(({ among }) => among));
	const problems = deadlocks.flatMap(({ among, because }) => {
		const last = among.at(-1);
		if (last === undefined) return [];
		const others = among.slice(0, -1).map((constraint) => `${said(constraint)} (${whereIs(rules, constraint.path)})`);
		const together = others.length > 0 ? `; it contradicts: ${others.join(", ")}` : "";
		return [
			valueProblem(rules, last.path, `can never hold: ${said(last)}${because === undefined ? "" : `, ${because}`}${together}`),
		];
	});
	if (policy === undefined) return problems;
	for (const constraint of constraints) {
		const persona = personas.find(({ document }) => document.name === constraint.persona);
		if (persona === undefined || impossible.has(constraint)) continue;
		const { lacks, has } = features[constraint.feature];
		for (const { loaded, path, because } of constraint.mode === "requires" ? lacks(persona, policy) : has(persona, policy)) {
			const message = `breaks a rule (${whereIs(rules, constraint.path)}): ${said(constraint)}; ${because}`;
			problems.push(constraint.mode === "requires" ? keyProblem(loaded, path, message) : valueProblem(loaded, path, message));
		}
	}
	return problems;
}

function said({ persona, mode, feature }: Constraint): string {
	return `${persona} ${mode === "requires" ? "must have" : "must not have"} ${feature}`;
}

/** What the rules say, persona by persona; `*` stands for each. The same thing said twice counts once. */
function constraintsOf(rules: Loaded<Rules>, names: readonly string[]): Constraint[] {
	const all = rules.document.rules.flatMap((rule, i) =>
		(rule.persona === "*" ? names : names.filter((name) => name === rule.persona)).flatMap((persona) =>
			(["requires", "forbids"] as const).flatMap((mode) =>
				rule[mode].map((feature, j): Constraint => ({ persona, mode, feature, path: ["rules", i, mode, j] })),
			),
		),
	);
	return [
		...new Map(
			all.reverse().map((constraint) => [`${constraint.persona} ${constraint.mode} ${constraint.feature}`, constraint]),
		).values(),
	].reverse();
}

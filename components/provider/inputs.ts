// SPDX-License-Identifier: Apache-2.0
// Reading inputs: each reader says what is wrong instead of throwing, so that everything is reported at once.

import type { Problem } from "../manifest/index.ts";
import { renderProblem } from "../manifest/problem.ts";
import type { Failure } from "./kind.ts";
import { isObject, type Properties, UNKNOWN, type Value } from "./properties.ts";

/** Collects the failures of one Check. */
export class InputReader {
	readonly failures: Failure[] = [];
	private readonly inputs: Properties;

	constructor(inputs: Properties, allowed: readonly string[]) {
		this.inputs = inputs;
		for (const name of Object.keys(inputs)) {
			if (!allowed.includes(name)) this.fail(name, `there is no input "${name}"; allowed are ${allowed.join(", ")}`);
		}
	}

	fail(property: string, reason: string): void {
		this.failures.push({ property, reason });
	}

	/** A text that must be there; UNKNOWN is passed on. */
	text(name: string, fallback?: string): string | typeof UNKNOWN {
		const value = this.inputs[name] ?? fallback;
		if (value === UNKNOWN) return UNKNOWN;
		if (typeof value === "string" && value !== "") return value;
		this.fail(name, value === undefined ? "is missing; give a string" : "must be a string that is not empty");
		return "";
	}

	/** A document: the path of one, or the document itself. */
	document(name: string): Value {
		const value = this.inputs[name];
		if (value === UNKNOWN || isObject(value) || (typeof value === "string" && value !== "")) return value;
		this.fail(name, "give the path of a document (relative to the folder of Pulumi.yaml) or the document itself");
		return null;
	}

	flag(name: string, fallback: boolean): boolean | typeof UNKNOWN {
		const value = this.inputs[name] ?? fallback;
		if (value === UNKNOWN || typeof value === "boolean") return value;
		this.fail(name, "must be true or false");
		return fallback;
	}

	whole(name: string, of: Value | undefined, least: number, most: number, fallback: number): number | typeof UNKNOWN {
		const value = of ?? fallback;
		if (value === UNKNOWN) return UNKNOWN;
		if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
		this.fail(name, `must be a whole number from ${least} to ${most}`);
		return fallback;
	}
}

/**
 * Problems of documents as failures: the place first and no property path, because the engine would put words before it. Problems of
 * a document given in code keep their path, with `prefix` in place of the path the documents' stage gave it.
 */
export function documentFailures(
	problems: readonly Problem[],
	projectDir: string,
	rename: (property: string) => string,
): Failure[] {
	return problems.map((problem) =>
		problem.property === undefined
			? { property: "", reason: renderProblem(problem, projectDir) }
			: { property: rename(problem.property), reason: problem.message },
	);
}

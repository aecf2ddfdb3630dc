// SPDX-License-Identifier: Apache-2.0
// How many things a build does at once.
import { availableParallelism } from "node:os";

/** One a processor, unless `PERSONA_JOBS` says how many. */
export function jobCount(variables: NodeJS.ProcessEnv = process.env): number {
	const said = Number(variables.PERSONA_JOBS);
	return Number.isInteger(said) && said > 0 ? said : availableParallelism();
}

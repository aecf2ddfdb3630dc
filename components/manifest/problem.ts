// SPDX-License-Identifier: Apache-2.0
// A problem with a document, and how problems are shown.
import path from "node:path";
import type { Place } from "./positions.ts";
import { plainText } from "./shown.ts";

/** Something wrong with a document. `message` reads `what is wrong; what is allowed; did you mean …`. */
export interface Problem {
	/** Absolute path of the document; for one given in code, its base folder joined with its property path. */
	readonly file: string;
	/** From 1; 0 for a document given in code. */
	readonly line: number;
	/** From 1, in characters; 0 for a document given in code. */
	readonly column: number;
	readonly message: string;
	/** For a document given in code: the property's path, such as `personas[0].guest.builder`. */
	readonly property?: string;
}

/** Makes a problem of a document out of a place in it. */
export function problemAt(file: string, place: Place, message: string): Problem {
	const { line, column, property } = place;
	return { file, line, column, message, ...(property === undefined ? {} : { property }) };
}

/** One line: `file:line:column: message`, or `property: message` for a document given in code. */
export function renderProblem(problem: Problem, relativeTo = process.cwd()): string {
	if (problem.property !== undefined) {
		return problem.property === "" ? problem.message : `${problem.property}: ${problem.message}`;
	}
	const relative = path.relative(relativeTo, problem.file);
	const file = plainText(relative === "" || relative.startsWith(`..${path.sep}..`) ? problem.file : relative, 4096);
	return problem.line === 0 ? `${file}: ${problem.message}` : `${file}:${problem.line}:${problem.column}: ${problem.message}`;
}

/** All problems, one line each. Files are shown relative to `relativeTo` (the current folder) where that is shorter. */
export function renderProblems(problems: readonly Problem[], relativeTo = process.cwd()): string {
	return problems.map((problem) => renderProblem(problem, relativeTo)).join("\n");
}

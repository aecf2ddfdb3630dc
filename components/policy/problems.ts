// SPDX-License-Identifier: Apache-2.0
// Making and ordering problems of documents that are valid by themselves.
import { type DocumentPath, type Loaded, type Problem, problemAt, propertyPath } from "../manifest/index.ts";

/** A problem with the value at `path`: the message begins with the key's path in quotes. */
export function valueProblem(loaded: Loaded<unknown>, path: DocumentPath, message: string): Problem {
	return problemAt(loaded.file, loaded.positions.value(path), `"${propertyPath(path)}" ${message}`);
}

/** The same, pointing to the key; for keys that should not be there, or are missing. */
export function keyProblem(loaded: Loaded<unknown>, path: DocumentPath, message: string): Problem {
	return problemAt(loaded.file, loaded.positions.key(path), `"${propertyPath(path)}" ${message}`);
}

/** Where a value stands, for a message about another place. */
export function whereIs(loaded: Loaded<unknown>, path: DocumentPath): string {
	const { line, column, property } = loaded.positions.value(path);
	const file = loaded.file.slice(Math.max(loaded.file.lastIndexOf("/"), loaded.file.lastIndexOf("\\")) + 1);
	return property ?? `${file}:${line}:${column}`;
}

/** Problems once each: by file in the order of `order`, others in that of their first problem; then by place. */
export function inOrder(problems: readonly Problem[], order: readonly string[] = []): Problem[] {
	const files = [...new Set([...order, ...problems.map(({ file }) => file)])];
	const rank = new Map(files.map((file, i) => [file, i]));
	const key = (problem: Problem) => JSON.stringify([problem.file, problem.line, problem.column, problem.property, problem.message]);
	const unique = new Map(problems.map((problem) => [key(problem), problem]));
	return [...unique.values()].sort(
		(a, b) => (rank.get(a.file) ?? 0) - (rank.get(b.file) ?? 0) || a.line - b.line || a.column - b.column,
	);
}

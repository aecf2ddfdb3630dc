// SPDX-License-Identifier: Apache-2.0
// Where a key or a value of a document stands, so that every message can point to it.

/** Keys and indices from the top of a document to a value. */
export type DocumentPath = readonly (string | number)[];

/** A place to point at: line and column from 1, or, for a document given in code, 0 and the property's path. */
export interface Place {
	readonly line: number;
	readonly column: number;
	/** For a document given in code: the property's path, such as `personas[0].guest.builder`. */
	readonly property?: string;
}

/** Finds the places of a document. A path that is not written (a default) gives the nearest written parent. */
export interface Positions {
	/** Where the value at `path` starts. */
	value(path: DocumentPath): Place;
	/** Where the key that leads to `path` starts; for an array's item and the top, the value itself. */
	key(path: DocumentPath): Place;
}

/** Writes a path the way TypeScript and Pulumi do: `personas[0].guest.builder`. */
export function propertyPath(path: DocumentPath): string {
	return path.map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`)).join("");
}

/** Positions of a document given in code: every place is `prefix` followed by the path, since there are no lines. */
export function propertyPositions(prefix: DocumentPath): Positions {
	const place = (path: DocumentPath): Place => ({ line: 0, column: 0, property: propertyPath([...prefix, ...path]) });
	return { value: place, key: place };
}

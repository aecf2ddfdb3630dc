// SPDX-License-Identifier: Apache-2.0
// How long work tells what it is doing: one short line at a time, for people, never parsed.

export type Progress = (message: string) => void;

/** Says nothing; for callers and tests that do not care. */
export const silent: Progress = () => {};

/** Passes messages on with a prefix, so that two guests built at once can be told apart. */
export function prefixed(progress: Progress, prefix: string): Progress {
	return (message) => progress(`${prefix}: ${message}`);
}

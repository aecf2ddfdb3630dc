// SPDX-License-Identifier: Apache-2.0
// The environment of tools that compile: nothing of this process's own may show in the bytes.

/** What libfaketime (faketime(1)) reads; builds that are checked run with another clock, and so must their tools. */
const CLOCK = ["LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "NO_FAKE_STAT"];

/** Where tools are found, and with a shifted clock that clock; `own` comes on top. */
export function toolEnvironment(own: NodeJS.ProcessEnv, variables: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
	const taken = variables.FAKETIME === undefined ? ["PATH"] : ["PATH", ...CLOCK];
	return { ...Object.fromEntries(taken.map((name) => [name, variables[name]])), ...own };
}

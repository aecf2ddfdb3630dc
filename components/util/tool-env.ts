// SPDX-License-Identifier: Apache-2.0
// The environment of tools that compile: nothing of this process's own may show in the bytes.

/** What libfaketime (faketime(1)) reads; builds that are checked run with another clock, and so must their tools. */
const CLOCK = ["LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "NO_FAKE_STAT"];

/** How compiling is cut short by ccache(1), which gives the bytes the compiler would. Our makefiles take the command from the first. */
const COMPILED = ["CCACHE", "CCACHE_DIR"];

/** Where tools are found, what was compiled before, and with a shifted clock that clock; `own` comes on top. */
export function toolEnvironment(own: NodeJS.ProcessEnv, variables: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
	const taken = ["PATH", ...COMPILED, ...(variables.FAKETIME === undefined ? [] : CLOCK)];
	return { ...Object.fromEntries(taken.flatMap((name) => (name in variables ? [[name, variables[name]]] : []))), ...own };
}

// SPDX-License-Identifier: Apache-2.0
// What `npm test` is asked for: every check and test, or some tests.

export const USAGE = `usage: npm test [-- TEST... [-t PATTERN]]

  TEST        part of a test file's path, such as tests/util; without any, and without PATTERN, every check and test there is
  -t PATTERN  only tests whose name this regular expression fits
  -h, --help  this text
`;

/**
 * Reads the arguments.
 * @param {readonly string[]} args
 * @returns {{ tests: string[] } | { help: true } | { unknown: string }} `tests`: what vitest is to run, all where it is empty; `unknown`: what is no option
 */
export function testArguments(args) {
	/** @type {string[]} */
	const tests = [];
	for (let at = 0; at < args.length; at++) {
		const argument = args[at] ?? "";
		const pattern = args[at + 1];
		if (argument === "-h" || argument === "--help") return { help: true };
		if (argument === "-t" && pattern !== undefined) {
			// As one word, so that a pattern that begins with a dash is none of vitest's options.
			tests.push(`--testNamePattern=${pattern}`);
			at++;
		} else if (argument.startsWith("-") || argument === "") return { unknown: argument };
		else tests.push(argument);
	}
	return { tests };
}

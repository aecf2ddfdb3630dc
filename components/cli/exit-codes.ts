// SPDX-License-Identifier: Apache-2.0
// What the command's exit status means: one number a reason, shown by `persona --help`.

export const EXIT = {
	ok: 0,
	failed: 1,
	usage: 2,
	found: 3,
	bug: 70,
	interrupted: 130,
} as const;

/** One of these, or what a command in a persona ended with. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT] | (number & {});

/** For `--help`. */
export const EXIT_HELP = `Exit status:
  ${EXIT.ok}    done
  ${EXIT.failed}    it failed; the message says why and what to do
  ${EXIT.usage}    wrong use: an unknown command, option or argument
  ${EXIT.found}    it looked and found something to put right (check, lock --check, verify, doctor)
  ${EXIT.bug}   a fault of this program, shown with a stack
  ${EXIT.interrupted}  interrupted (SIGTERM: 143)`;

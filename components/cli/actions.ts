// SPDX-License-Identifier: Apache-2.0
// What a user can tell Veil to do with one persona, as the help says it.

export const ACTIONS = {
	start: "start a persona that does not run",
	stop: "stop a persona; its memory is cleared",
	pause: "keep a persona from running, with everything in place",
	resume: "let a paused persona run again",
	restart: "start a persona afresh, whatever it does",
	switch: "bring a persona to the foreground",
} as const;

export type ActionName = keyof typeof ACTIONS;

// SPDX-License-Identifier: Apache-2.0
// The log of a piece of work: whatever command is run within it, however deep, is written there with its output.
import { AsyncLocalStorage } from "node:async_hooks";

const current = new AsyncLocalStorage<string>();

/** Runs work whose commands are logged in a file. */
export function withLogFile<T>(path: string, work: () => Promise<T>): Promise<T> {
	return current.run(path, work);
}

/** Where commands are logged that are run now; undefined: nowhere. */
export function logFile(): string | undefined {
	return current.getStore();
}

// SPDX-License-Identifier: Apache-2.0
// When the provider leaves: at once when told to, and soon after the engine that started it is gone.

/** Milliseconds between two looks at whether the engine still is there. */
const LOOK_EVERY_MS = 500;

export interface Lifetime {
	/** The parent's process id, now. */
	readonly parent: () => number;
	/** Stops work; called before leaving. */
	readonly stop: () => void;
	readonly leave: (status: number) => void;
}

/**
 * Leaves on SIGINT, SIGTERM and SIGHUP at once, and within LOOK_EVERY_MS of losing the parent process. Handsets run in sessions of their
 * own and are not touched; builds are stopped.
 */
export function watchLifetime({ parent, stop, leave }: Lifetime): void {
	const end = (status: number) => {
		stop();
		leave(status);
	};
	process.once("SIGINT", () => end(130));
	process.once("SIGTERM", () => end(143));
	process.once("SIGHUP", () => end(129));
	const engine = parent();
	setInterval(() => {
		if (parent() !== engine) end(1);
	}, LOOK_EVERY_MS).unref();
}

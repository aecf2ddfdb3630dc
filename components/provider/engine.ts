// SPDX-License-Identifier: Apache-2.0
// The way back to the engine: progress in the status column, and warnings that stay.

export interface EngineLog {
	/** Shows a line in the resource's status column until the next one comes. */
	progress(urn: string, message: string): void;
	/** Prints a warning under the resource's name. */
	warn(urn: string, message: string): void;
}

/** A log for when there is no engine to tell. */
export const noLog: EngineLog = { progress: () => {}, warn: () => {} };

/**
 * The log of the engine at `address` (host:port). It is connected to when there is something to say; lines that cannot be delivered are
 * dropped, and work goes on without them.
 */
export function engineLog(address: string): EngineLog {
	let connection: Promise<Send> | undefined;
	const say = (...line: Parameters<Send>) => {
		connection ??= import("./engine-client.ts").then(({ connect }) => connect(address));
		void connection.then((send) => send(...line));
	};
	return {
		progress: (urn, message) => say("info", urn, message, true),
		warn: (urn, message) => say("warning", urn, message, false),
	};
}

/** Sends one line; an ephemeral one is shown until the next comes. */
export type Send = (severity: "info" | "warning", urn: string, message: string, ephemeral: boolean) => void;

// SPDX-License-Identifier: Apache-2.0
// The one error class for what a user can put right; every other error is a bug and is shown with its stack.

export interface UserErrorDetails {
	/** What the fault is about, for instance `personas/work.yaml:7:3`. Printed before the message. */
	readonly where?: string;
	/** What to do about it, a sentence or a command. Printed on a line of its own. */
	readonly remedy?: string;
	/** What went wrong underneath, kept for `--debug` and logs. */
	readonly cause?: unknown;
}

/** A fault of the user's or of the user's machine. Shown without a stack, with where it is and what to do. */
export class UserError extends Error {
	readonly where: string | undefined;
	readonly remedy: string | undefined;
	/** Where the log of what failed is; see {@link noteLog}. */
	log: string | undefined;

	constructor(message: string, details: UserErrorDetails = {}) {
		super(message, details.cause === undefined ? undefined : { cause: details.cause });
		this.name = "UserError";
		this.where = details.where;
		this.remedy = details.remedy;
	}

	/** The text a user sees: `where: message`, then the remedy, then the log's place. */
	render(): string {
		const first = this.where === undefined ? this.message : `${this.where}: ${this.message}`;
		const remedy = this.remedy === undefined ? "" : `\n  ${this.remedy}`;
		return `${first}${remedy}${logLine(this)}`;
	}
}

/** Renders any thrown value: a {@link UserError} without a stack, everything else with one. */
export function renderError(error: unknown): string {
	if (error instanceof UserError) return error.render();
	if (error instanceof Error) return `${error.stack ?? error.message}${logLine(error)}`;
	return String(error);
}

/** Lets an error say where the log of what failed is, unless it says so already. */
export function noteLog(error: unknown, path: string): unknown {
	if (error instanceof Error && logLine(error) === "") Object.assign(error, { log: path });
	return error;
}

function logLine(error: Error): string {
	return "log" in error && typeof error.log === "string" ? `\n  log: ${error.log}` : "";
}

/** The `code` of a Node system error (`ENOENT`, `EEXIST`, …), or undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
	if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
	return undefined;
}

/** True for the error an aborted `AbortSignal` produces. */
export function isAbort(error: unknown): boolean {
	return error instanceof Error && (error.name === "AbortError" || errorCode(error) === "ABORT_ERR");
}

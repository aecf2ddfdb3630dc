// SPDX-License-Identifier: Apache-2.0
// Runs 0xFFFF on a tablet. Version 0.9 ends with status 0 whatever the tablet has refused, and waits for ever where there is none: what it
// says is what counts, and it gets a time.
import { UserError } from "../util/errors.ts";
import { printableLine } from "../util/printable.ts";
import { ProcessError, run } from "../util/process.ts";

const FLASHER = "0xFFFF";

export interface FlasherOptions {
	readonly signal: AbortSignal | undefined;
	/** Milliseconds. */
	readonly withinMs: number;
	/** What it says when it has done what it was asked to; default: whatever it says. */
	readonly done?: RegExp;
}

/** Runs 0xFFFF; gives what it prints. @throws UserError with its last words when it has not done what it should */
export async function flasher(args: readonly string[], { signal, withinMs, done }: FlasherOptions): Promise<string> {
	const limit = AbortSignal.timeout(withinMs);
	const failed = (words: string, cause?: unknown) =>
		new UserError(`${FLASHER} ${args.join(" ")} failed: ${words}`, cause === undefined ? {} : { cause });
	try {
		const { stdout, stderr } = await run(FLASHER, args, {
			signal: AbortSignal.any([limit, ...(signal === undefined ? [] : [signal])]),
		});
		if (done === undefined || done.test(stdout)) return stdout + stderr;
		throw failed(lastWords(stderr, stdout));
	} catch (error) {
		if (error instanceof UserError) throw error;
		if (limit.aborted && signal?.aborted !== true) throw failed(`it did not end within ${withinMs / 1000} s`, error);
		if (!(error instanceof ProcessError)) throw error;
		if (error.status === undefined && error.signal === undefined)
			throw new UserError(`${FLASHER} is missing, which flashes tablets`, { remedy: "apt-get install 0xffff", cause: error });
		throw failed(lastWords(error.stderr, error.stdout), error);
	}
}

function lastWords(stderr: string, stdout: string): string {
	return (stderr.trim() || stdout.trim()).split("\n").slice(-3).map(printableLine).join(" ");
}

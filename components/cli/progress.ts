// SPDX-License-Identifier: Apache-2.0
// Progress of one piece of work: a live line on a terminal, nothing where nobody looks.
import type { Progress } from "../util/progress.ts";
import type { Terminal } from "./terminal.ts";

/** Runs work under a title. Its messages show beside the title while it runs; ^C aborts it. */
export async function withProgress<T>(
	terminal: Terminal,
	title: string,
	work: (progress: Progress, signal: AbortSignal) => Promise<T>,
): Promise<T> {
	const abort = new AbortController();
	const interrupt = () => abort.abort(new Interrupted());
	process.once("SIGINT", interrupt);
	try {
		if (!terminal.interactive) return await work(() => {}, abort.signal);
		const { Listr } = await import("listr2");
		let result: { readonly value: T } | undefined;
		const tasks = new Listr(
			[
				{
					title,
					task: async (_, task) => {
						const progress = (message: string) => {
							task.output = message;
						};
						result = { value: await work(progress, abort.signal) };
					},
				},
			],
			{ registerSignalListeners: false, rendererOptions: { showErrorMessage: false, collapseErrors: true } },
		);
		await tasks.run();
		if (result === undefined) throw new Error("the task ended without a result");
		return result.value;
	} finally {
		process.off("SIGINT", interrupt);
	}
}

/** The user has pressed ^C. */
export class Interrupted extends Error {
	constructor() {
		super("interrupted");
		this.name = "Interrupted";
	}
}

// SPDX-License-Identifier: Apache-2.0
// A machine that says a figure after each of its measurements, and is stopped between them: so two are measured by turns of a second or so, which see the
// same of what else this machine does. See linux/pace.h.
import { setTimeout as sleep } from "node:timers/promises";

const LINE = /bench: (\S+) (\d+)\s/g;
const POLL_MS = 10;
const FIGURE_MS = 60_000;

export interface Figure {
	measure: string;
	value: number;
}

/** A QEMU that is stopped whenever nobody waits for a figure of it. */
export class PacedMachine {
	readonly #pid: number;
	readonly #console: () => Promise<string>;
	#seen = 0;

	/** @param console all that its console has said so far */
	constructor(pid: number, console: () => Promise<string>) {
		this.#pid = pid;
		this.#console = console;
		process.kill(pid, "SIGSTOP");
	}

	/** Lets it go on until it says its next figure. @throws Error when it says none in time */
	async next(): Promise<Figure> {
		const deadline = performance.now() + FIGURE_MS;
		process.kill(this.#pid, "SIGCONT");
		for (;;) {
			const text = await this.#console();
			const figures = [...text.matchAll(LINE)];
			const [, measure, value] = figures[this.#seen] ?? [];
			if (measure !== undefined) {
				process.kill(this.#pid, "SIGSTOP");
				this.#seen++;
				return { measure, value: Number(value) };
			}
			if (performance.now() > deadline) throw new Error(`no figure came within ${FIGURE_MS / 1000} s:\n${text.slice(-1000)}`);
			await sleep(POLL_MS);
		}
	}
}

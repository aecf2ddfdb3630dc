// SPDX-License-Identifier: Apache-2.0
// A machine that says a figure after each of its measurements, and is stopped between them: so two are measured by turns of a second or so, which see the
// same of what else this machine does. See linux/pace.h.
import { waitUntil } from "../components/handset/processes.ts";

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

	/** Lets it go on for good: a process that is stopped does not answer whoever asks it to end. */
	resume(): void {
		process.kill(this.#pid, "SIGCONT");
	}

	/** Lets it go on until it says its next figure. @throws Error when it says none in time */
	async next(): Promise<Figure> {
		let text = "";
		let figure: Figure | undefined;
		this.resume();
		const said = async () => {
			text = await this.#console();
			const [, measure, value] = [...text.matchAll(LINE)][this.#seen] ?? [];
			if (measure !== undefined) figure = { measure, value: Number(value) };
			return figure !== undefined;
		};
		await waitUntil(said, { deadlineMs: FIGURE_MS, everyMs: POLL_MS });
		if (figure === undefined) throw new Error(`no figure came within ${FIGURE_MS / 1000} s:\n${text.slice(-1000)}`);
		process.kill(this.#pid, "SIGSTOP");
		this.#seen++;
		return figure;
	}
}

// SPDX-License-Identifier: Apache-2.0
// What is known of a real handset without a line to it: what was written to it last.
import { readFlashJournal } from "./flash-usb.ts";
import { handsetDir } from "./run-folder.ts";
import type { Observation } from "./types.ts";

/** For a person, in every place where something is asked of a tablet that only a running handset could answer. */
export const UNSEEN = "whether it runs, and whether its personas are READY, cannot be seen from here";

/** What is known of a tablet: what was written to it last. */
export async function observeTablet(id: string, board: string): Promise<Observation> {
	const nothing = { id, board, alive: false, responding: false, personas: [] };
	const journal = await readFlashJournal(handsetDir(id));
	if (journal === undefined) return { ...nothing, problem: "nothing was flashed on it yet" };
	const { phase, at, written, image } = journal;
	if (phase === "done")
		return { ...nothing, flashedAt: at, imageDigest: image.content, problem: `it was flashed at ${at}; ${UNSEEN}` };
	const done = written.length === 0 ? "nothing is whole" : `of its pieces only ${written.join(", ")} is written`;
	return {
		...nothing,
		problem: `flashing it was interrupted, ${done}: \`pulumi up\` goes on, with the tablet waiting to be flashed`,
	};
}

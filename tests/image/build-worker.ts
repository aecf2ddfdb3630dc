// SPDX-License-Identifier: Apache-2.0
// Builds guests in a process of its own, for tests of what happens to it: `node build-worker.ts STORE JOB`, where the job is JSON.
import { appendFileSync } from "node:fs";
import { packageFetcher } from "../../components/image/fetch-file.ts";
import { buildGuest } from "../../components/image/guest.ts";
import { emptyLock, type LockEntry, type LockFile } from "../../components/image/lock.ts";
import { checkRoom } from "../../components/image/needs.ts";
import { openStore } from "../../components/image/store.ts";
import type { GuestInputs } from "../../components/image/types.ts";
import { renderError } from "../../components/util/errors.ts";

/** A guest to be built, a package to be fetched, or room to be found. */
export interface Job {
	guest?: GuestInputs;
	entry?: LockEntry;
	room?: { kept: number; scratch: number };
}

const [dir = "", job = "{}"] = process.argv.slice(2);
const { guest, entry, room } = JSON.parse(job) as Job;
const say = (message: string) => appendFileSync(1, `${message}\n`);

async function work(): Promise<void> {
	const store = await openStore(dir);
	const lock: LockFile = emptyLock();
	if (room !== undefined) await checkRoom({ ...room, missing: [] }, store, say);
	if (entry !== undefined) await packageFetcher({ store, progress: say })(entry);
	if (guest !== undefined) {
		const { digest } = await buildGuest(guest, { baseDir: "/" }, { store, lock, progress: say, projectDir: "/" });
		say(`built ${digest}`);
	}
}

work().then(
	() => say("done"),
	(error: unknown) => {
		say(renderError(error));
		process.exitCode = 1;
	},
);

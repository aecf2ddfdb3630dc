// SPDX-License-Identifier: Apache-2.0
// Builds guests in a process of its own, for tests of what happens to it: `node build-worker.ts STORE JOB`, where the job is JSON.
import { appendFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { builtWithLog } from "../../components/image/build-log.ts";
import { packageFetcher } from "../../components/image/fetch-file.ts";
import { buildGuest } from "../../components/image/guest.ts";
import { emptyLock, type LockEntry, type LockFile } from "../../components/image/lock.ts";
import { checkRoom } from "../../components/image/needs.ts";
import { openStore } from "../../components/image/store.ts";
import type { GuestInputs } from "../../components/image/types.ts";
import { sha256 } from "../../components/util/digest.ts";
import { renderError } from "../../components/util/errors.ts";
import { run } from "../../components/util/process.ts";

/** A guest to be built, a package to be fetched, room to be found, or a scratch folder to be filled by this process or a command of it. */
export interface Job {
	guest?: GuestInputs;
	entry?: LockEntry;
	room?: { kept: number; scratch: number };
	fill?: "here" | "command";
}

const [dir = "", job = "{}"] = process.argv.slice(2);
const { guest, entry, room, fill } = JSON.parse(job) as Job;
const say = (message: string) => appendFileSync(1, `${message}\n`);

async function work(): Promise<void> {
	const store = await openStore(dir);
	const lock: LockFile = emptyLock();
	if (room !== undefined) await checkRoom({ ...room, missing: [] }, store, say);
	if (entry !== undefined) await packageFetcher({ store, progress: say })(entry);
	if (fill !== undefined) {
		await builtWithLog("filler", sha256(fill), { store, progress: say }, async (progress) => {
			progress("filling");
			const scratch = await store.scratch();
			try {
				if (fill === "here") await writeFile(join(scratch, "file"), Buffer.alloc(4_000_000));
				else await run("dd", ["if=/dev/zero", `of=${join(scratch, "file")}`, "bs=1M", "count=4"]);
			} finally {
				await rm(scratch, { recursive: true });
			}
		});
	}
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

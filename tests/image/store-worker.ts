// SPDX-License-Identifier: Apache-2.0
// Another process on the same store, for the store's tests: `node store-worker.ts STORE JOB`.
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openStore } from "../../components/image/store.ts";
import { renderError } from "../../components/util/errors.ts";
import { silent } from "../../components/util/progress.ts";

const [dir = "", job = "", argument = ""] = process.argv.slice(2);
const key = `sha256:${"0".repeat(64)}`;

async function work(): Promise<void> {
	const store = await openStore(dir);
	if (job === "put") {
		for (let count = 0; count < 20; count++) await store.put(Buffer.alloc(100_000, count));
	} else if (job === "count") {
		// Lost updates show when two hold the lock at once.
		for (let count = 0; count < 10; count++) {
			await store.exclusively(key, { progress: silent }, async () => {
				const value = Number((await store.getKeyed(key)) ?? 0);
				await delay(5);
				await store.putKeyed(key, value + 1);
			});
		}
	} else if (job === "hold") {
		await store.exclusively(key, { progress: silent }, async () => {
			writeFileSync(join(dir, "held"), "");
			await delay(60_000);
		});
	} else if (job === "fill") {
		await store.put(Buffer.alloc(Number(argument), 1));
	}
}

work().then(
	() => appendFileSync(1, "done\n"),
	(error: unknown) => {
		appendFileSync(1, `${renderError(error)}\nleft: ${existsSync(join(dir, "tmp"))}\n`);
		process.exitCode = 1;
	},
);

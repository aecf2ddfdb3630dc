// SPDX-License-Identifier: Apache-2.0
// A store with everything downloaded and nothing built, for what is to be built from the beginning.
import { cp, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { fetchLocked, loadLock, openStore } from "../../components/image/index.ts";
import { blobPath } from "../../components/image/store.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { silent } from "../../components/util/progress.ts";

/** Makes it in `dir`, with all that persona.lock.yaml names. */
export async function warmStore(dir: string): Promise<void> {
	const cache = await openStore();
	const lock = await loadLock(packageRoot());
	await fetchLocked(lock, { store: cache, progress: silent });
	await openStore(dir);
	for (const { sha256 } of lock.debian.packages) {
		const target = blobPath(dir, `sha256:${sha256}`);
		await mkdir(dirname(target), { recursive: true });
		await cp(blobPath(cache.dir, `sha256:${sha256}`), target);
	}
}

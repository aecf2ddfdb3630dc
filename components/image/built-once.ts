// SPDX-License-Identifier: Apache-2.0
// Something that is built once from the same inputs, and from then on taken from the store.
import type { Progress } from "../util/progress.ts";
import type { Blob, Store } from "./store.ts";

/** What is stored under a key, or else what `build` puts into the store, which is then remembered under it. */
export async function builtOnce(
	key: string,
	{ store, signal, progress }: { store: Store; signal?: AbortSignal | undefined; progress: Progress },
	build: () => Promise<Blob>,
): Promise<Blob> {
	return store.exclusively(key, { signal, progress }, async () => {
		const known = await store.getKeyed(key);
		const stored = typeof known === "string" ? await store.get(known, signal) : undefined;
		if (stored !== undefined) return stored;
		const blob = await build();
		await store.putKeyed(key, blob.digest);
		return blob;
	});
}

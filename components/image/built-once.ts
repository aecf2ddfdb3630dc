// SPDX-License-Identifier: Apache-2.0
// Something that is built once from the same inputs, and from then on taken from the store.
import type { Progress } from "../util/progress.ts";
import { builtWithLog } from "./build-log.ts";
import type { Blob, Store } from "./store.ts";

/** Where and how something is built. */
interface Once {
	store: Store;
	signal?: AbortSignal | undefined;
	progress: Progress;
	/** The name of a log of its own; without one it is part of what it is built for. */
	log?: string;
}

/** What is stored under a key, or else what `build` puts into the store, which is then remembered under it. */
export async function builtOnce(key: string, once: Once, build: (progress: Progress) => Promise<Blob>): Promise<Blob> {
	const { store, signal, progress, log } = once;
	const work = async (told: Progress): Promise<Blob> => {
		const known = await store.getKeyed(key);
		const stored = typeof known === "string" ? await store.get(known, signal) : undefined;
		if (stored !== undefined) return stored;
		const blob = await build(told);
		await store.putKeyed(key, blob.digest);
		return blob;
	};
	if (log !== undefined) return builtWithLog(log, key, once, work);
	return store.exclusively(key, { signal, progress }, () => work(progress));
}

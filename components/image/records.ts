// SPDX-License-Identifier: Apache-2.0
// What the store remembers of a key: which kind of artifact was built from it, and its digest.
import type { Store } from "./store.ts";

/** Kinds of artifacts. */
export type ArtifactKind = "guest" | "hypervisor" | "device-image";

/** Remembers that an artifact was built from a key. */
export async function rememberBuilt(store: Store, key: string, kind: ArtifactKind, digest: string): Promise<void> {
	await store.putKeyed(key, { kind, digest });
}

/** Kind and digest of what was built from a key. */
export async function builtFrom(store: Store, key: string): Promise<{ kind: ArtifactKind; digest: string } | undefined> {
	const record = await store.getKeyed(key);
	if (typeof record !== "object" || record === null || !("kind" in record) || !("digest" in record)) return undefined;
	const { kind, digest } = record;
	if ((kind !== "guest" && kind !== "hypervisor" && kind !== "device-image") || typeof digest !== "string") return undefined;
	return { kind, digest };
}

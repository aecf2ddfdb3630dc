// SPDX-License-Identifier: Apache-2.0
// What the store remembers of a key: which kind of artifact was built from it, its digest, and what the key stands for.
import { sha256 } from "../util/digest.ts";
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

/** Remembers what a key stands for, so that it can be told afterwards what an artifact was made from. */
export async function rememberInputs(store: Store, key: string, inputs: object): Promise<void> {
	if ((await store.getKeyed(inputsKey(key))) === undefined) await store.putKeyed(inputsKey(key), inputs);
}

/** What a key stands for, as its kind of inputs; undefined where this store has not seen them. */
export async function rememberedInputs<T extends object>(store: Store, key: string): Promise<T | undefined> {
	const inputs = await store.getKeyed(inputsKey(key));
	return typeof inputs === "object" && inputs !== null ? (inputs as T) : undefined;
}

function inputsKey(key: string): string {
	return sha256(`inputs of ${key}`);
}

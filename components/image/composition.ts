// SPDX-License-Identifier: Apache-2.0
// What a device image was composed from, kept in the store beside it: all that an account of the image (SBOM, provenance, differences) needs.
import { readFile } from "node:fs/promises";
import { sha256 } from "../util/digest.ts";
import type { GuestRecord } from "./guest.ts";
import { builtFrom, rememberedInputs } from "./records.ts";
import type { Store } from "./store.ts";
import type { Artifact, DeviceImageInputs, GuestInputs, HypervisorInputs } from "./types.ts";

/** A part of a device image: what it was built from, and what came out. */
export interface Part<Inputs> {
	key: string;
	digest: string;
	/** Missing where the store it was built in did not remember it. */
	inputs?: Inputs;
}

/** What a device image was composed from. */
export interface Composition {
	version: 1;
	key: string;
	digest: string;
	/** Bytes. */
	size: number;
	inputs: DeviceImageInputs;
	hypervisor: Part<HypervisorInputs>;
	/** By persona name. */
	guests: Record<string, Part<GuestInputs> & { record?: GuestRecord }>;
}

/** Keeps what an image was composed from, unless all of it is kept already. */
export async function rememberComposition(
	store: Store,
	{ key, digest, size }: Omit<Artifact, "path">,
	inputs: DeviceImageInputs,
): Promise<void> {
	const kept = await compositionOf(store, digest);
	if (kept !== undefined && [kept.hypervisor, ...Object.values(kept.guests)].every((part) => part.inputs !== undefined)) return;
	const guests: Composition["guests"] = {};
	for (const { name, guest } of inputs.personas) {
		const part = await partOf<GuestInputs>(store, guest);
		const blob = part.digest === "" ? undefined : await store.get(part.digest);
		guests[name] = {
			...part,
			...(blob === undefined ? {} : { record: JSON.parse(await readFile(blob.path, "utf8")) as GuestRecord }),
		};
	}
	const hypervisor = await partOf<HypervisorInputs>(store, inputs.hypervisor);
	const composition: Composition = { version: 1, key, digest, size, inputs, hypervisor, guests };
	await store.putKeyed(compositionKey(digest), composition);
}

/** What the image with this digest was composed from; undefined where it was not composed here, or by a version that did not keep it. */
export async function compositionOf(store: Store, digest: string): Promise<Composition | undefined> {
	const kept = await store.getKeyed(compositionKey(digest));
	const known = typeof kept === "object" && kept !== null && "version" in kept && kept.version === 1;
	return known ? (kept as Composition) : undefined;
}

async function partOf<T extends object>(store: Store, key: string): Promise<Part<T>> {
	const inputs = await rememberedInputs<T>(store, key);
	return { key, digest: (await builtFrom(store, key))?.digest ?? "", ...(inputs === undefined ? {} : { inputs }) };
}

function compositionKey(digest: string): string {
	return sha256(`composition of ${digest}`);
}

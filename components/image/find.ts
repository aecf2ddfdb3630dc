// SPDX-License-Identifier: Apache-2.0
// What was built under a key and is still whole in this machine's store, whatever kind it is.
import { findDeviceImage } from "./device-image.ts";
import { findGuest } from "./guest.ts";
import { findHypervisor } from "./hypervisor.ts";
import { builtFrom } from "./records.ts";
import type { Store } from "./store.ts";
import type { Artifact } from "./types.ts";

/** The artifact of a key; undefined when it was not built here, or something of it is missing or damaged. */
export async function findArtifact(store: Store, key: string, signal?: AbortSignal): Promise<Artifact | undefined> {
	switch ((await builtFrom(store, key))?.kind) {
		case "guest":
			return (await findGuest(key, store, signal))?.artifact;
		case "hypervisor":
			return findHypervisor(key, store, signal);
		case "device-image":
			return findDeviceImage(key, store, signal);
		default:
			return undefined;
	}
}

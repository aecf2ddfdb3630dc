// SPDX-License-Identifier: Apache-2.0
// The artifacts of a phone, each by a name: what is compared when it is built again.
import { type BuiltPhone, blobPath, findGuest, type Store } from "../image/index.ts";

/** One artifact, as a file. */
export interface NamedArtifact {
	/** `veil`, `device image`, `NAME/kernel` and so on. */
	readonly name: string;
	readonly digest: string;
	readonly path: string;
}

/** Everything that was built of a phone: what later ones are made from first. */
export async function artifactsOf({ guests, hypervisor, device, fiasco }: BuiltPhone, store: Store): Promise<NamedArtifact[]> {
	const found: NamedArtifact[] = [{ name: "veil", digest: hypervisor.digest, path: hypervisor.path }];
	for (const [name, { key }] of Object.entries(guests)) {
		const guest = await findGuest(key, store);
		if (guest === undefined) throw new Error(`the guest of persona ${name} is not in the store it was built in`);
		for (const part of ["kernel", "patches", "initramfs", "deviceTree"] as const) {
			const digest = guest.record[part]?.digest;
			if (digest !== undefined) found.push({ name: `${name}/${part}`, digest, path: blobPath(store.dir, digest) });
		}
		// The command line and what is known of the kernel's form.
		found.push({ name: `${name}/record`, digest: guest.artifact.digest, path: guest.artifact.path });
	}
	found.push({ name: "device image", digest: device.digest, path: device.path });
	if (fiasco !== undefined) found.push({ name: "fiasco", digest: fiasco.digest, path: fiasco.path });
	return found;
}

// SPDX-License-Identifier: Apache-2.0
// The artifacts of a phone, each by a name: what is compared when it is built again.
import {
	type BuildContext,
	blobPath,
	buildParts,
	type ComposedPhone,
	composePhone,
	findGuest,
	OtherImageError,
} from "../image/index.ts";
import type { ResolvedPhone } from "../manifest/index.ts";

/** One artifact, as a file. */
export interface NamedArtifact {
	/** `veil`, `device image`, `NAME/kernel` and so on. */
	readonly name: string;
	readonly digest: string;
	readonly path: string;
}

/**
 * Builds a phone, and names everything that came out: what later ones are made from first. There is no device image among them where it cannot be
 * signed, for it is not the one whose signatures are at hand.
 *
 * @throws UserError when it cannot be built
 */
export async function buildArtifacts(phone: ResolvedPhone, context: BuildContext): Promise<NamedArtifact[]> {
	const { store } = context;
	const parts = await buildParts(phone, context);
	const found: NamedArtifact[] = [{ name: "veil", digest: parts.hypervisor.digest, path: parts.hypervisor.path }];
	for (const [name, { key }] of Object.entries(parts.guests)) {
		const guest = await findGuest(key, store);
		if (guest === undefined) throw new Error(`the guest of persona ${name} is not in the store it was built in`);
		for (const part of ["kernel", "patches", "initramfs", "deviceTree"] as const) {
			const digest = guest.record[part]?.digest;
			if (digest !== undefined) found.push({ name: `${name}/${part}`, digest, path: blobPath(store.dir, digest) });
		}
		// The command line and what is known of the kernel's form.
		found.push({ name: `${name}/record`, digest: guest.artifact.digest, path: guest.artifact.path });
	}
	let composed: ComposedPhone;
	try {
		composed = await composePhone(phone, parts, context);
	} catch (error) {
		if (error instanceof OtherImageError) return found;
		throw error;
	}
	const { device, fiasco } = composed;
	found.push({ name: "device image", digest: device.digest, path: device.path });
	if (fiasco !== undefined) found.push({ name: "fiasco", digest: fiasco.digest, path: fiasco.path });
	return found;
}

// SPDX-License-Identifier: Apache-2.0
// The kernel of Debian guests: the `Image` out of a linux-image package, once per package.
import { gunzipSync } from "node:zlib";
import { sha256 } from "../util/digest.ts";
import { tarEntries } from "./file-tree.ts";
import type { LockEntry } from "./lock.ts";
import type { Blob, Store } from "./store.ts";
import { streamCommand } from "./stream-command.ts";

/** The kernel of a linux-image package, from the store where it was taken out before. */
export async function debianKernel(
	entry: LockEntry,
	fetch: () => Promise<Blob>,
	store: Store,
	signal?: AbortSignal,
): Promise<Blob> {
	const key = debianKernelKey(entry);
	const known = await store.getKeyed(key);
	if (typeof known === "string") {
		const blob = await store.get(known, signal);
		if (blob !== undefined) return blob;
	}
	const { path } = await fetch();
	const files = tarEntries(streamCommand("dpkg-deb", ["--fsys-tarfile", path], signal), (name) => /^boot\/vmlinuz-/.test(name));
	for await (const { entry: file } of files) {
		const blob = await store.put(uncompressed(file.data), signal);
		await store.putKeyed(key, blob.digest);
		return blob;
	}
	throw new Error(`${entry.name} holds no boot/vmlinuz-*`);
}

/** What the kernel of a package is remembered under. */
export function debianKernelKey(entry: LockEntry): string {
	return sha256(`kernel of ${entry.sha256}`);
}

/** A kernel as it must be in memory: compressed ones are uncompressed, since nothing in the guest would do it. */
export function uncompressed(kernel: Uint8Array): Uint8Array {
	return kernel[0] === 0x1f && kernel[1] === 0x8b ? gunzipSync(kernel) : kernel;
}

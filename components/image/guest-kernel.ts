// SPDX-License-Identifier: Apache-2.0
// The kernel of a guest that is not brought: out of Debian's package, compiled from Debian's sources, or built from them by Buildroot.
import { buildrootKernel, buildrootKernelKey } from "./buildroot/kernel.ts";
import { debianKernel, debianKernelKey } from "./debian-kernel.ts";
import { linuxArmv6, linuxArmv6Key } from "./linux-armv6.ts";
import type { LockEntry } from "./lock.ts";
import type { Blob } from "./store.ts";
import type { BuildContext, GuestInputs } from "./types.ts";

type KernelInputs = Pick<GuestInputs, "buildrootKernel" | "kernelBuild">;

/** What the kernel of a guest is remembered under; `entry`: the package it comes from. */
export function guestKernelKey({ buildrootKernel: inputs, kernelBuild }: KernelInputs, entry: LockEntry): string {
	if (inputs !== undefined) return buildrootKernelKey(inputs, entry);
	return kernelBuild === undefined ? debianKernelKey(entry) : linuxArmv6Key(entry, kernelBuild);
}

/** Whether the package has sources, which have to be compiled. */
export function isFromSources({ buildrootKernel: inputs, kernelBuild }: KernelInputs): boolean {
	return inputs !== undefined || kernelBuild !== undefined;
}

/** The kernel of a guest as a file, from the store where there is one. @throws UserError when it cannot be built on this machine */
export function guestKernel(
	inputs: KernelInputs,
	entry: LockEntry,
	places: Readonly<Record<string, string>>,
	fetch: () => Promise<Blob>,
	context: BuildContext,
): Promise<Blob> {
	const { buildrootKernel: byBuildroot, kernelBuild } = inputs;
	if (byBuildroot !== undefined) return buildrootKernel(byBuildroot, entry, places, fetch, context);
	if (kernelBuild !== undefined) return linuxArmv6(entry, kernelBuild, fetch, context);
	return debianKernel(entry, fetch, context.store, context.signal);
}

// SPDX-License-Identifier: Apache-2.0
// A persona's root filesystem from what Buildroot made. Personas with the same packages share that; what differs is added here, so that it
// costs no run of Buildroot: the name, what the devices need, and later the overlay.
import { createReadStream } from "node:fs";
import { UserError } from "../../util/errors.ts";
import { type RootOptions, SHELL_ON_SCREEN, startDevices } from "../busybox.ts";
import { addDevice, addFile, addLink, addTar, type FileTree } from "../file-tree.ts";
import type { Blob, Store } from "../store.ts";
import type { BuildContext, BuildrootInputs } from "../types.ts";
import { accountOf, type BuildrootAccount } from "./account.ts";
import { buildrootImage, buildrootKey } from "./build.ts";

/** Of Buildroot's busybox. */
const DHCP_SCRIPT = "/usr/share/udhcpc/default.script";

/** The key of a root filesystem's archive. */
export function buildrootRootKey(inputs: BuildrootInputs): string {
	return buildrootKey(inputs, "rootfs.tar");
}

/** The archive of a root filesystem. */
export function buildrootRoot(
	inputs: BuildrootInputs,
	places: Readonly<Record<string, string>>,
	context: BuildContext,
): Promise<Blob> {
	return buildrootImage({ inputs, image: "rootfs.tar", places }, buildrootRootKey(inputs), context);
}

/** What such a root filesystem was built of; undefined where this store does not know. */
export function rootAccount(inputs: BuildrootInputs, store: Store, signal?: AbortSignal): Promise<BuildrootAccount | undefined> {
	return accountOf(store, buildrootRootKey(inputs), signal);
}

/** The tree of such an archive, and the few files that make it a persona's. @throws UserError when the persona chose another init than busybox's */
export async function buildrootTree(archive: string, options: RootOptions, signal?: AbortSignal): Promise<FileTree> {
	const tree: FileTree = new Map();
	await addTar(tree, createReadStream(archive, signal === undefined ? {} : { signal }), () => true);
	if (!tree.has("bin/busybox") || !tree.has("etc/init.d/rcS"))
		throw new UserError("this root filesystem of Buildroot's is not started by busybox's init, which builder buildroot needs", {
			remedy: "leave BR2_INIT_BUSYBOX and BR2_PACKAGE_BUSYBOX on",
		});
	addDevice(tree, "dev/console", 5, 1);
	addLink(tree, "init", "sbin/init");
	addFile(tree, "etc/hostname", `${options.hostname}\n`);
	addFile(tree, "etc/init.d/S00persona", startScript(options), 0o755);
	return tree;
}

function startScript(options: RootOptions): string {
	return `#!/bin/sh
# The first of the scripts: what the devices of this persona need.
[ "$1" = start ] || exit 0
ip link set lo up 2>/dev/null
${startDevices(options, DHCP_SCRIPT)}${SHELL_ON_SCREEN}`;
}

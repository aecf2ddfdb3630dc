// SPDX-License-Identifier: Apache-2.0
// What a guest of builder debian gets for its volumes: a list of them, and a script that opens and mounts them at its start.
import type { Board, Persona } from "../manifest/index.ts";
import { addFile, addLink, type FileTree } from "./file-tree.ts";
import { guestMachine } from "./guest-machine.ts";
import { guestProgram, programInputs } from "./guest-program.ts";
import type { BuildContext, GuestVolumes } from "./types.ts";

const FOLDER = "guest/volume";
const PROGRAM = "volume";
/** The script, for the start of a guest. */
export const MOUNT_VOLUMES = "usr/lib/persona/mount-volumes";
/** How long the key of a volume may take: it comes once the agent is there. */
const KEY_SECONDS = 20;

// A volume that does not come up is said on the console and does not keep the persona from starting.
const SCRIPT = `#!/bin/sh
# Opens and mounts this persona's volumes; /etc/persona/volumes says where each is: device, name, place or -, plain or encrypted.
say() { echo "persona: volume $1: $2" >/dev/console; }
while read -r slot name place kind; do
	set -- /sys/devices/platform/"$slot".virtio_mmio/virtio*/block/*
	device=/dev/\${1##*/}
	if [ ! -b "$device" ]; then say "$name" "the handset's disk does not hold it"; continue; fi
	if [ "$kind" = encrypted ]; then
		device=$(persona-agent secret "volume-$name" ${KEY_SECONDS} | /usr/lib/persona/volume open "$name" "$device") ||
			{ say "$name" "it cannot be opened; its key comes from \`pulumi up\`"; continue; }
		persona-agent forget "volume-$name"
	fi
	[ "$place" = - ] && continue
	mkdir -p "$place"
	if mount -t ext4 "$device" "$place"; then
		/usr/lib/persona/volume grow "$device" "$place" || say "$name" "its file system does not grow into it"
	else
		say "$name" "it cannot be mounted at $place"
	fi
done </etc/persona/volumes
`;

const UNIT = `[Unit]
Description=Open and mount this persona's volumes
DefaultDependencies=no
After=persona-modules.service persona-agent.service local-fs-pre.target
Before=local-fs.target
Wants=local-fs-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/${MOUNT_VOLUMES}
`;

/** The volumes of a persona as its guest's image depends on them; undefined where it has none. Their sizes are none of its business. */
export async function guestVolumes(
	{ storage }: Pick<Persona, "storage">,
	architecture: Board["architecture"],
): Promise<GuestVolumes | undefined> {
	if (storage.length === 0) return undefined;
	const list = storage.map(({ name, mount, encrypted }) => ({ name, mount, encrypted }));
	return { list, program: await programInputs(FOLDER, architecture) };
}

/** Puts into a guest what brings its volumes up. */
export async function addVolumes(tree: FileTree, volumes: GuestVolumes, context: BuildContext): Promise<void> {
	const lines = volumes.list.map(({ name, mount, encrypted }, index) => {
		const device = guestMachine(volumes.program.architecture ?? "arm64")
			.volumeBase(index)
			.toString(16);
		return `${device} ${name} ${mount ?? "-"} ${encrypted ? "encrypted" : "plain"}\n`;
	});
	addFile(tree, "etc/persona/volumes", lines.join(""));
	addFile(tree, MOUNT_VOLUMES, SCRIPT, 0o755);
	addFile(tree, `usr/lib/persona/${PROGRAM}`, await guestProgram(PROGRAM, FOLDER, volumes.program, context), 0o755);
	if (tree.has("etc/inittab")) return;
	addFile(tree, "etc/systemd/system/persona-volumes.service", UNIT);
	addLink(tree, "etc/systemd/system/local-fs.target.wants/persona-volumes.service", "../persona-volumes.service");
}

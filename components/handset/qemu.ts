// SPDX-License-Identifier: Apache-2.0
// QEMU's command line for each board, and how a QEMU of ours is recognised among all processes.
import { join } from "node:path";
import { UserError } from "../util/errors.ts";
import type { ImageFacts } from "./image-facts.ts";
import { listProcesses, type ProcessIdentity } from "./processes.ts";
import { FILE, SOCKET } from "./run-folder.ts";
import type { HandsetSpec } from "./types.ts";

type Facts = Pick<ImageFacts, "ramMiB" | "hasScreen" | "hasKeys" | "hasTouch" | "hasNetwork" | "volumes" | "signature">;

/** What QEMU is for a board. */
interface Machine {
	readonly executable: string;
	readonly machine: string;
	/** Where it cannot be another. */
	readonly ramMiB?: number;
	/** It starts from a flash image, which is to be written first. */
	readonly startsFromFlash: boolean;
	/** Serial lines before the one that the mux is on. */
	readonly linesBefore: number;
	/** The image, and the devices beside those that every board has. */
	parts(image: Facts, folder: string, imagePath: string): string[];
}

/** Who looks at the screen speaks VNC, which carries keys and touch, too. The pixels arrive as they are: nothing is lossy. */
const VNC = ["-vnc", `unix:${SOCKET.screen},share=force-shared,lossy=off`];

/** Boards QEMU can be for us. */
const MACHINES: Readonly<Record<string, Machine>> = {
	"qemu-virt": {
		executable: "qemu-system-aarch64",
		machine: "virt,virtualization=on,gic-version=3",
		startsFromFlash: false,
		linesBefore: 0,
		parts: (image, folder, imagePath) => [
			...["-kernel", imagePath],
			...["-global", "virtio-mmio.force-legacy=false", "-device", "virtio-rng-device"],
			...(image.hasScreen ? ["-device", "ramfb", ...VNC] : []),
			...(image.hasKeys ? ["-device", "virtio-keyboard-device"] : []),
			// A full host disk is an error for the guest that writes; QEMU would stop the whole phone. A signed Veil keeps its version there.
			...(image.volumes.length > 0 || image.signature !== undefined ? ["-blockdev", diskNode(folder), "-device", DISK_DEVICE] : []),
			...(image.hasTouch ? ["-device", "virtio-tablet-device"] : []),
			...(image.hasNetwork ? ["-netdev", "user,id=network", "-device", "virtio-net-device,netdev=network"] : []),
		],
	},
	// It has its screen, keys and touch on board.
	n800: {
		executable: "qemu-system-arm",
		machine: "n800",
		ramMiB: 128,
		startsFromFlash: true,
		linesBefore: 2,
		parts: (image, folder) => [
			...["-drive", `if=mtd,format=raw,file=${join(folder, FILE.flash).replaceAll(",", ",,")}`],
			...(image.volumes.length > 0 ? ["-drive", `if=sd,format=raw,file=${join(folder, FILE.disk).replaceAll(",", ",,")}`] : []),
			...(image.hasScreen ? VNC : []),
		],
	},
};

/** Does a handset of this board start from a flash image, which is to be written first? */
export function startsFromFlash(board: string): boolean {
	return MACHINES[board]?.startsFromFlash ?? false;
}

/**
 * QEMU's command and arguments. It is to be started in the socket folder, so sockets have names without a folder. The machine
 * stays halted (`-S`) until the bridge reads its serial line: what is written before is lost.
 */
export function qemuCommand(
	spec: HandsetSpec,
	folder: string,
	imagePath: string,
	image: Facts,
): { command: string; args: string[] } {
	const board = MACHINES[spec.board];
	if (board === undefined) {
		throw new UserError(`board ${spec.board} cannot be emulated`, {
			remedy: `boards that can: ${Object.keys(MACHINES).join(", ")}`,
		});
	}
	const { cpu, cpus, executable } = spec.qemu;
	if (!Number.isInteger(cpus) || cpus < 1 || cpus > 8) throw new UserError(`a handset has 1 to 8 CPUs, not ${cpus}`);
	if (!/^[\w.,=+-]+$/.test(cpu)) throw new UserError(`"${cpu}" is no CPU model`);
	const ramMiB = board.ramMiB ?? spec.qemu.memoryMiB ?? image.ramMiB;
	return {
		command: executable ?? board.executable,
		args: [
			...["-name", `persona-${spec.id}`],
			...["-M", board.machine, "-cpu", cpu, "-smp", `${cpus}`, "-m", `${ramMiB}M`],
			...["-nodefaults", "-display", "none", "-S"],
			...Array.from({ length: board.linesBefore }, () => ["-serial", "null"]).flat(),
			...["-chardev", `socket,id=mux,path=${SOCKET.serial},server=on,wait=off`, "-serial", "chardev:mux"],
			...["-qmp", `unix:${SOCKET.qmp},server=on,wait=off`],
			...board.parts(image, folder, imagePath),
			...["-pidfile", join(folder, FILE.pid)],
		],
	};
}

const DISK_DEVICE = "virtio-blk-device,drive=disk,rerror=report,werror=report";

/** JSON, because folders may have commas in their names. */
function diskNode(folder: string): string {
	const file = { driver: "file", filename: join(folder, FILE.disk) };
	return JSON.stringify({ driver: "raw", "node-name": "disk", discard: "unmap", file });
}

/** A process of ours, told by its command line alone: the run folder it was started for. */
export interface OwnProcess {
	readonly identity: ProcessIdentity;
	readonly what: "qemu" | "bridge";
	readonly folder: string;
}

/** Every QEMU and bridge of this user whose run folder is below `root`, whether the folder is still there or not. */
export function findOwnProcesses(root: string): OwnProcess[] {
	return listProcesses().flatMap(({ identity, argv }): OwnProcess[] => {
		const pidFile = argv[argv.indexOf("-pidfile") + 1];
		const named = argv[argv.indexOf("-name") + 1];
		if (argv.includes("-pidfile") && named?.startsWith("persona-") === true && pidFile?.startsWith(`${root}/`) === true) {
			return [{ identity, what: "qemu", folder: pidFile.slice(0, -FILE.pid.length - 1) }];
		}
		const script = argv.findIndex((argument) => /\/handset\/bridge-main\.[jt]s$/.test(argument));
		const folder = script === -1 ? undefined : argv[script + 1];
		return folder?.startsWith(`${root}/`) === true ? [{ identity, what: "bridge", folder }] : [];
	});
}

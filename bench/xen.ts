// SPDX-License-Identifier: Apache-2.0
// Debian's Xen 4.17 in its leanest form, "dom0less": guests described in the device tree, no control domain.
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openApt } from "../components/image/apt.ts";
import { packageFetcher } from "../components/image/fetch-file.ts";
import { tarEntries } from "../components/image/file-tree.ts";
import type { Store } from "../components/image/store.ts";
import { streamCommand } from "../components/image/stream-command.ts";
import { run } from "../components/util/process.ts";
import { silent } from "../components/util/progress.ts";
import { count, type Window } from "./count.ts";
import { virtMachine } from "./machine.ts";
import type { BenchGuest, System } from "./system.ts";

const PACKAGE = "xen-hypervisor-4.17-arm64";
const RAM_MIB = 1024;
/** Where QEMU puts Xen's image, and where we put guests' kernels and initial filesystems. */
const XEN_START = 0x40200000;
const MODULES_START = 0x50000000;
const MODULE_SPACE = 0x4000000;
/** Where a dom0less guest finds its devices (xen/include/public/arch-arm.h); our small guests are told so. */
const DEVICES = "uart=0x22000000 gicd=0x3001000 gicr=0x3020000";

/** Debian's Xen for arm64, taken from Debian's archive as any guest package is. */
export async function fetchXen(store: Store, folder: string): Promise<string> {
	const apt = await openApt();
	await apt.update();
	const entries = await apt.resolve({ base: "busybox", packages: [PACKAGE] });
	const entry = entries.find(({ name }) => name === PACKAGE);
	if (entry === undefined) throw new Error(`Debian has no ${PACKAGE}`);
	const { path } = await packageFetcher({ store, progress: silent })(entry);
	const files = tarEntries(streamCommand("dpkg-deb", ["--fsys-tarfile", path]), (name) => name === "boot/xen-4.17-arm64");
	for await (const { entry: image } of files) {
		const file = join(folder, "xen");
		await writeFile(file, image.data);
		return file;
	}
	throw new Error(`${PACKAGE} holds no boot/xen-4.17-arm64`);
}

export async function xenSystem(xen: string, plugin: string, folder: string): Promise<System> {
	const window: Window = { start: XEN_START, size: Math.ceil((await stat(xen)).size / 2 ** 21) * 2 ** 21 };
	return {
		name: "xen",
		async run({ guests, stop, counterHz, limitSeconds }) {
			return await count({
				plugin,
				folder,
				machine: virtMachine(true, counterHz),
				memoryMiB: RAM_MIB,
				kernel: xen,
				args: await xenArguments(guests, folder, counterHz),
				windows: [window],
				stop,
				...(limitSeconds === undefined ? {} : { limitSeconds }),
			});
		},
	};
}

/** The device tree and loader arguments that make Xen start these guests. This is what its user writes by hand, addresses included. */
export async function xenArguments(guests: BenchGuest[], folder: string, counterHz?: number): Promise<string[]> {
	const board = join(folder, "board.dtb");
	await run("qemu-system-aarch64", [
		...["-M", `virt,virtualization=on,gic-version=3,dtb-randomness=off,dumpdtb=${board}`],
		...["-cpu", `cortex-a57${counterHz === undefined ? "" : `,cntfrq=${counterHz}`}`, "-m", `${RAM_MIB}M`],
		...["-nodefaults", "-display", "none"],
	]);
	const loaders: string[] = [];
	let next = MODULES_START;
	const module = async (kind: "kernel" | "ramdisk", file: string, bootargs?: string) => {
		const address = next;
		next += MODULE_SPACE;
		const { size } = await stat(file);
		if (size > MODULE_SPACE) throw new Error(`${file} is too large for where it is loaded`);
		loaders.push("-device", `loader,file=${file},addr=0x${address.toString(16)},force-raw=on`);
		return `module@${address.toString(16)} { compatible = "multiboot,${kind}", "multiboot,module";
			reg = <0 0x${address.toString(16)} 0 ${size}>;${bootargs === undefined ? "" : ` bootargs = "${bootargs}";`} };`;
	};
	const domains: string[] = [];
	for (const [n, guest] of guests.entries()) {
		const kernel = await module("kernel", guest.kernel, `${guest.arguments} ${DEVICES}`);
		const ramdisk = guest.initramfs === undefined ? "" : await module("ramdisk", guest.initramfs);
		domains.push(`domU${n + 1} { compatible = "xen,domain"; #address-cells = <2>; #size-cells = <2>; cpus = <1>;
			memory = <0 ${guest.memoryMiB * 1024}>; vpl011; ${kernel} ${ramdisk} };`);
	}
	const { stdout: boardSource } = await run("dtc", ["-q", "-I", "dtb", "-O", "dts", board]);
	const source = `${boardSource}
/ { chosen { #address-cells = <2>; #size-cells = <2>;
	xen,xen-bootargs = "console=dtuart loglvl=warning guest_loglvl=none";
	${domains.join("\n\t")} }; };`;
	const tree = join(folder, "xen.dtb");
	await run("dtc", ["-q", "-I", "dts", "-O", "dtb", "-o", tree], { input: source });
	return ["-dtb", tree, ...loaders];
}

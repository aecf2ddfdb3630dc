// SPDX-License-Identifier: Apache-2.0
// Linux on the N800: the kernel and the files that the debian builder makes, natively on the machine guests see, and under Veil. Both start the
// same uncompressed kernel with the same device tree; only under Veil is it patched, as it always is.
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { armProgram } from "../components/image/elf-arm.ts";
import type { BuildContext } from "../components/image/index.ts";
import { linuxArmv6 } from "../components/image/linux-armv6.ts";
import { packageRoot } from "../components/util/paths.ts";
import { run } from "../components/util/process.ts";
import { buildDevGuest } from "../tools/dev-guest.ts";
import { bareIntegrator } from "./bare.ts";
import { between, median } from "./count.ts";
import type { Setting } from "./setting.ts";
import type { BenchGuest, System } from "./system.ts";
import { veilDeviceTree } from "./veil.ts";

const MEMORY_MIB = 32;
/** Markers of linux-armv6.S: the guest's start script is about to say READY; the end. */
const READY = 0x22;
const UP = 0x01;
/** Guest-physical, in RAM: where Veil's composer puts a kernel of ARMv6, and what starts it natively, in a place that Linux leaves alone till then. */
const KERNEL_AT = 0x8000;
const BOOT_AT = 0x2000;
const CALLS = 10_000;

export interface N800Linux {
	/** Instructions until the guest is up. */
	boot: number;
	/** Those of them that are Veil's; none on a native machine. */
	hypervisor: number;
	/** One getppid of a program, its loop included. */
	call: number;
}

/** Builds the guest: kernel with symbols, initial filesystem. */
export async function buildN800Linux(folder: string, context: BuildContext): Promise<BenchGuest> {
	const overlay = join(folder, "overlay-armv6");
	await mkdir(join(overlay, "etc"), { recursive: true });
	const hook = join(overlay, "etc/rc.local");
	await assemble("linux-armv6.S", hook, ["-s"]);
	await chmod(hook, 0o755);
	const guest = { os: "linux", builder: "debian", overlay: "./overlay-armv6" } as const;
	const persona = { name: "bench", resources: { memoryMiB: MEMORY_MIB }, guest };
	const { inputs, initramfs } = await buildDevGuest(persona, folder, context, { board: "n800" });
	const [sources] = inputs.lock;
	if (inputs.builder !== "debian" || inputs.kernelBuild === undefined || sources === undefined)
		throw new Error("the debian builder left no kernel for ARMv6");
	const lost = () => Promise.reject(new Error("the store lost the kernel that was just built"));
	const kernel = await linuxArmv6(sources, inputs.kernelBuild, lost, context);
	return { kernel: kernel.path, initramfs, arguments: "console=ttyAMA0 quiet panic=-1", memoryMiB: MEMORY_MIB };
}

/** Counts one guest alone. */
export async function measureN800Linux(system: System, guest: BenchGuest): Promise<N800Linux> {
	const { marks } = await system.run({ guests: [guest], stop: { mark: UP, times: 1 }, limitSeconds: 600 });
	const ready = marks.find((mark) => mark.number === READY);
	if (ready === undefined) throw new Error("the guest came up without its marker before");
	return { boot: ready.total, hypervisor: ready.windows[0] ?? 0, call: median(between(marks, READY, 0x23)) / CALLS };
}

/** A machine without Veil that starts the guest as it is under it: the kernel as the compiler left it, with all else where Veil has it. */
export async function nativeN800Linux({ veil, plugin, folder }: Setting, guest: BenchGuest): Promise<System> {
	const { initramfs } = guest;
	if (initramfs === undefined) throw new Error("the guest has no initial filesystem");
	const tree = await veilDeviceTree(veil, folder, [guest], { board: "n800" });
	const { stdout: start } = await run("fdtget", ["-t", "u", tree.file, "/chosen", "linux,initrd-start"]);
	const kernel = join(folder, "native-kernel");
	await writeFile(kernel, armProgram(await readFile(guest.kernel), guest.kernel).bytes);
	const boot = join(folder, "native-boot.elf");
	const symbols = `-Wl,--defsym=KERNEL=${KERNEL_AT},--defsym=DEVICE_TREE=${tree.address}`;
	await assemble("armv6/linux-boot.S", boot, [`-Wl,-Ttext=0x${BOOT_AT.toString(16)},-e,start`, symbols]);
	const load = (file: string, address: number) => ["-device", `loader,file=${file},addr=${address},force-raw=on`];
	const args = [...load(kernel, KERNEL_AT), ...load(initramfs, Number(start)), ...load(tree.file, tree.address)];
	const machine = bareIntegrator(plugin, folder, args);
	return { ...machine, run: (request) => machine.run({ ...request, guests: [{ ...guest, kernel: boot }] }) };
}

async function assemble(source: string, out: string, args: readonly string[]): Promise<void> {
	await run("arm-linux-gnueabi-gcc", [
		...["-nostdlib", "-static", "-march=armv6", "-marm", "-Wl,--build-id=none", "-o", out, ...args],
		join(packageRoot(), "bench/guests", source),
	]);
}

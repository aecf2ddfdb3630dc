// SPDX-License-Identifier: Apache-2.0
// The device tree a persona finds, as the device tree compiler and an operating system read it.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compileDeviceTree, type DeviceTreeSpec, findProperty } from "../../components/image/device-tree.ts";
import { INTEGRATOR_CP, VIRT } from "../../components/image/guest-machine.ts";
import { packageRoot } from "../../components/util/index.ts";

const spec: DeviceTreeSpec = {
	ram: { base: 0x40000000, size: 192 << 20 },
	cpus: 2,
	devices: 7,
	commandLine: 'console=ttyAMA0 quiet note="x"',
	initramfs: { start: 0x42000000, size: 1000 },
};
const framebuffer = { format: "x8r8g8b8", start: 0x4c000000, width: 800, height: 448, stride: 3200 };

/** A property as fdtget, a tool of its own, finds it. */
function property(tree: Uint8Array, type: "x" | "u" | "s", node: string, name: string): string {
	return execFileSync("fdtget", ["-t", type, "-", node, name], { input: tree, encoding: "utf8" }).trim();
}

test("the device tree compiler has nothing to complain about", () => {
	const all = { ...spec, framebuffer, virtioSlots: [0, 1, 8] };
	const old = {
		...spec,
		ram: { base: 0, size: 32 << 20 },
		framebuffer: { ...framebuffer, start: 0x2000000 },
		virtioSlots: [0, 3, 11],
	};
	for (const source of [VIRT.deviceTree(spec), VIRT.deviceTree(all), INTEGRATOR_CP.deviceTree(old)]) {
		const { status, stderr } = spawnSync("dtc", ["-I", "dts", "-O", "dtb", "-o", "/dev/null", "-"], {
			input: source,
			encoding: "utf8",
		});
		expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
	}
});

test("a declared watchdog is where the binding of Linux' driver has it: control frame first", async () => {
	const tree = await compileDeviceTree(VIRT.deviceTree({ ...spec, devices: 7 | 64 }));

	expect(property(tree, "s", "/watchdog@9030000", "compatible")).toBe("arm,sbsa-gwdt");
	expect(property(tree, "x", "/watchdog@9030000", "reg")).toBe("0 9030000 0 10000 0 9020000 0 10000");
	expect(property(tree, "x", "/watchdog@9030000", "interrupts")).toBe("0 4 4");
	expect(VIRT.deviceTree(spec)).not.toContain("watchdog");
});

test("a persona with a display finds its picture below /chosen, outside its RAM", async () => {
	const tree = await compileDeviceTree(VIRT.deviceTree({ ...spec, framebuffer }));
	const node = "/chosen/framebuffer@4c000000";

	expect(property(tree, "s", node, "compatible")).toBe("simple-framebuffer");
	expect(property(tree, "x", node, "reg")).toBe("0 4c000000 0 15e000");
	expect(property(tree, "u", node, "width")).toBe("800");
	expect(property(tree, "u", node, "height")).toBe("448");
	expect(property(tree, "u", node, "stride")).toBe("3200");
	expect(property(tree, "s", node, "format")).toBe("x8r8g8b8");
	expect(property(tree, "x", "/memory@40000000", "reg")).toBe("0 40000000 0 c000000");
	expect(property(tree, "s", "/chosen", "stdout-path")).toBe("/pl011@9000000");
	expect(findProperty(tree, ["chosen"], "rng-seed")).toMatchObject({ size: 32 });
});

test("a persona without one finds none", async () => {
	const tree = await compileDeviceTree(VIRT.deviceTree(spec));
	expect(Buffer.from(tree).includes("framebuffer")).toBe(false);
	expect(property(tree, "s", "/chosen", "bootargs")).toBe('console=ttyAMA0 quiet note="x"');
	expect(property(tree, "x", "/chosen", "linux,initrd-end")).toBe("0 420003e8");
});

test("a persona finds its virtio devices in their slots, each with its interrupt", async () => {
	const tree = await compileDeviceTree(VIRT.deviceTree({ ...spec, virtioSlots: [0, 8] }));
	expect(property(tree, "s", "/virtio_mmio@a000000", "compatible")).toBe("virtio,mmio");
	expect(property(tree, "x", "/virtio_mmio@a000000", "reg")).toBe("0 a000000 0 200");
	expect(property(tree, "u", "/virtio_mmio@a000000", "interrupts")).toBe("0 16 4");
	expect(property(tree, "x", "/virtio_mmio@a001000", "reg")).toBe("0 a001000 0 200");
	expect(property(tree, "u", "/virtio_mmio@a001000", "interrupts")).toBe("0 24 4");
});

test("a guest of ARMv6 finds an Integrator/CP, and virtio where the real one has nothing", async () => {
	const ram = { base: 0, size: 32 << 20 };
	const tree = await compileDeviceTree(INTEGRATOR_CP.deviceTree({ ...spec, ram, virtioSlots: INTEGRATOR_CP.virtioSlots(15, 1) }));
	expect(property(tree, "s", "/", "compatible")).toBe("arm,integrator-cp");
	expect(property(tree, "x", "/memory@0", "reg")).toBe("0 2000000");
	expect(property(tree, "s", "/chosen", "stdout-path")).toBe("/uart@16000000");
	expect(property(tree, "u", "/uart@16000000", "interrupts")).toBe("1");
	expect(property(tree, "x", "/virtio_mmio@1b000200", "reg")).toBe("1b000200 200");
	expect(property(tree, "u", "/virtio_mmio@1b000200", "interrupts")).toBe("11");
	expect(INTEGRATOR_CP.volumeBase(0)).toBe(0x1b000800);
	expect(property(tree, "u", "/virtio_mmio@1b000800", "interrupts")).toBe("14");
	expect(findProperty(tree, ["chosen"], "rng-seed")).toMatchObject({ size: 32 });
});

/** Constants of a header, expressions of them left out. */
function constants(path: string): Map<string, number> {
	const text = readFileSync(join(packageRoot(), "hypervisor/platforms", path), "utf8");
	const found = text.matchAll(/^#define (\w+) (0x[0-9a-f]+|\d+)\b/gm);
	return new Map([...found].map(([, name = "", value]) => [name, Number(value)]));
}

test("Veil has the machine's devices where its device tree says", async () => {
	const { deviceTree, volumeBase, virtioSlots } = INTEGRATOR_CP;
	const source = deviceTree({ ...spec, ram: { base: 0, size: 32 << 20 }, virtioSlots: virtioSlots(255, 1) });
	const own = new Map([...constants("integrator_cp/guest_machine.h"), ...constants("virtio_slots.h")]);
	const value = (name: string) => own.get(name) ?? Number.NaN;
	const nodes = [...source.matchAll(/^\t(?:\w+: )?([\w-]+)@([0-9a-f]+) \{/gm)].map(([, name = "", at = ""]) => [
		name,
		Number.parseInt(at, 16),
	]);
	expect(nodes).toEqual(
		expect.arrayContaining([
			["core-module", value("GUEST_CORE_BASE")],
			["timer", value("GUEST_TIMER_BASE")],
			["timer", value("GUEST_TIMER_BASE") + value("GUEST_TIMER_STRIDE")],
			["pic", value("GUEST_PIC_BASE")],
			["rtc", value("GUEST_RTC_BASE")],
			["uart", value("GUEST_UART_BASE")],
			["pvpanic", value("GUEST_PVPANIC_BASE")],
			["syscon", value("GUEST_POWER_BASE")],
			["virtio_mmio", value("GUEST_VIRTIO_BASE")],
		]),
	);
	expect(volumeBase(0)).toBe(value("GUEST_VIRTIO_BASE") + value("GUEST_SLOT_VOLUMES") * value("VIRTIO_STRIDE"));
	const tree = await compileDeviceTree(source);
	expect(property(tree, "u", "/virtio_mmio@1b000000", "interrupts")).toBe(String(value("GUEST_IRQ_VIRTIO")));
	expect(property(tree, "u", "/timer@13000100", "clocks")).toBe(property(tree, "u", "/clock-slow", "phandle"));
	expect(property(tree, "u", "/clock-fast", "clock-frequency")).toBe(String(value("GUEST_TIMER0_HZ")));
	expect(property(tree, "u", "/clock-slow", "clock-frequency")).toBe(String(value("GUEST_TIMER_HZ")));
	expect(property(tree, "u", "/poweroff", "value")).toBe(String(value("GUEST_POWER_OFF")));
	expect(property(tree, "u", "/reboot", "value")).toBe(String(value("GUEST_POWER_RESET")));
});

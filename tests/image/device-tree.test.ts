// SPDX-License-Identifier: Apache-2.0
// The device tree a persona finds, as the device tree compiler and an operating system read it.
import { execFileSync, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { compileDeviceTree, type DeviceTreeSpec, deviceTreeSource, findProperty } from "../../components/image/device-tree.ts";

const spec: DeviceTreeSpec = {
	ram: { base: 0x40000000, size: 192 << 20 },
	cpus: 2,
	devices: 7,
	commandLine: 'console=ttyAMA0 quiet note="x"',
	initramfs: { start: 0x42000000, size: 1000 },
};
const framebuffer = { start: 0x4c000000, width: 800, height: 448, stride: 3200 };

/** A property as fdtget, a tool of its own, finds it. */
function property(tree: Uint8Array, type: "x" | "u" | "s", node: string, name: string): string {
	return execFileSync("fdtget", ["-t", type, "-", node, name], { input: tree, encoding: "utf8" }).trim();
}

test("the device tree compiler has nothing to complain about", () => {
	for (const one of [spec, { ...spec, framebuffer, virtioSlots: [0, 1, 8] }]) {
		const { status, stderr } = spawnSync("dtc", ["-I", "dts", "-O", "dtb", "-o", "/dev/null", "-"], {
			input: deviceTreeSource(one),
			encoding: "utf8",
		});
		expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
	}
});

test("a declared watchdog is where the binding of Linux' driver has it: control frame first", async () => {
	const tree = await compileDeviceTree(deviceTreeSource({ ...spec, devices: 7 | 64 }));

	expect(property(tree, "s", "/watchdog@9030000", "compatible")).toBe("arm,sbsa-gwdt");
	expect(property(tree, "x", "/watchdog@9030000", "reg")).toBe("0 9030000 0 10000 0 9020000 0 10000");
	expect(property(tree, "x", "/watchdog@9030000", "interrupts")).toBe("0 4 4");
	expect(deviceTreeSource(spec)).not.toContain("watchdog");
});

test("a persona with a display finds its picture below /chosen, outside its RAM", async () => {
	const tree = await compileDeviceTree(deviceTreeSource({ ...spec, framebuffer }));
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
	const tree = await compileDeviceTree(deviceTreeSource(spec));
	expect(Buffer.from(tree).includes("framebuffer")).toBe(false);
	expect(property(tree, "s", "/chosen", "bootargs")).toBe('console=ttyAMA0 quiet note="x"');
	expect(property(tree, "x", "/chosen", "linux,initrd-end")).toBe("0 420003e8");
});

test("a persona finds its virtio devices in their slots, each with its interrupt", async () => {
	const tree = await compileDeviceTree(deviceTreeSource({ ...spec, virtioSlots: [0, 8] }));
	expect(property(tree, "s", "/virtio_mmio@a000000", "compatible")).toBe("virtio,mmio");
	expect(property(tree, "x", "/virtio_mmio@a000000", "reg")).toBe("0 a000000 0 200");
	expect(property(tree, "u", "/virtio_mmio@a000000", "interrupts")).toBe("0 16 4");
	expect(property(tree, "x", "/virtio_mmio@a001000", "reg")).toBe("0 a001000 0 200");
	expect(property(tree, "u", "/virtio_mmio@a001000", "interrupts")).toBe("0 24 4");
});

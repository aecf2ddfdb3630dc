// SPDX-License-Identifier: Apache-2.0
// The device tree of guest machine `virt`: QEMU's, for arm64.
import {
	VEIL_DEVICE_PL011,
	VEIL_DEVICE_PL031,
	VEIL_DEVICE_PVPANIC,
	VEIL_DEVICE_WATCHDOG,
	VEIL_FLASH_CODE,
	VEIL_FLASH_VARIABLES,
} from "./abi.ts";
import { type DeviceTreeSpec, type Framebuffer, quote } from "./device-tree.ts";

/** Slot n of virtio-mmio has VIRT_VIRTIO_STRIDE bytes at VIRT_VIRTIO_BASE + n * VIRT_VIRTIO_STRIDE and SPI 16 + n. */
export const VIRT_VIRTIO_BASE = 0x0a000000;
export const VIRT_VIRTIO_STRIDE = 0x200;

// Interrupt cells of the GICv3 binding: kind (0 shared, 1 private), number, trigger (4 = level, high).
const shared = (number: number) => `0 ${number} 4`;
const private_ = (number: number) => `1 ${number} 4`;

/**
 * Device tree of virtual machine type 1: the addresses of QEMU's `virt`, and only the nodes Veil has a device for, since every node
 * costs the guest boot time. The seeds are zeros here; Veil fills them at every start.
 */
export function virtTree(spec: DeviceTreeSpec): string {
	const cpus = Array.from(
		{ length: spec.cpus },
		(_, index) => `
		cpu@${index} {
			device_type = "cpu";
			compatible = "arm,cortex-a57";
			reg = <${index}>;
			enable-method = "psci";
		};`,
	).join("");
	const initramfs =
		spec.initramfs === undefined
			? ""
			: `
		linux,initrd-start = ${wide(spec.initramfs.start)};
		linux,initrd-end = ${wide(spec.initramfs.start + spec.initramfs.size)};`;
	const console = (spec.devices & VEIL_DEVICE_PL011) === 0 ? "" : '\n\t\tstdout-path = "/pl011@9000000";';
	return `/dts-v1/;

/ {
	#address-cells = <2>;
	#size-cells = <2>;
	interrupt-parent = <&gic>;
	compatible = "linux,dummy-virt";
	model = "linux,dummy-virt";

	chosen {
		bootargs = ${quote(spec.commandLine)};${console}${initramfs}
		rng-seed = [${"00".repeat(32)}];
		kaslr-seed = [${"00".repeat(8)}];${spec.framebuffer === undefined ? "" : framebufferNode(spec.framebuffer)}
	};

	memory@${spec.ram.base.toString(16)} {
		device_type = "memory";
		reg = ${wide(spec.ram.base, spec.ram.size)};
	};

	cpus {
		#address-cells = <1>;
		#size-cells = <0>;${cpus}
	};

	psci {
		compatible = "arm,psci-1.0", "arm,psci-0.2";
		method = "hvc";
	};

	timer {
		compatible = "arm,armv8-timer";
		interrupts = <${[13, 14, 11, 10].map(private_).join("  ")}>;
		always-on;
	};

	gic: intc@8000000 {
		compatible = "arm,gic-v3";
		interrupt-controller;
		#interrupt-cells = <3>;
		#address-cells = <0>;
		#redistributor-regions = <1>;
		reg = ${wide(0x08000000, 0x10000, 0x080a0000, 0x20000 * spec.cpus)};
	};

	clock: apb-pclk {
		compatible = "fixed-clock";
		#clock-cells = <0>;
		clock-frequency = <24000000>;
		clock-output-names = "clk24mhz";
	};
${spec.flash === undefined ? "" : flashNode(spec.flash)}${deviceNodes(spec.devices)}${(spec.virtioSlots ?? []).map(virtioNode).join("")}};
`;
}

// Bindings display/simple-framebuffer.yaml; Linux looks for it here, and its address is of the root's bus because of `ranges`.
function framebufferNode({ start, width, height, stride, format }: Framebuffer): string {
	return `
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;

		framebuffer@${start.toString(16)} {
			compatible = "simple-framebuffer";
			reg = ${wide(start, height * stride)};
			width = <${width}>;
			height = <${height}>;
			stride = <${stride}>;
			format = "${format}";
		};`;
}

// Bindings mtd/mtd-physmap.yaml; as on QEMU's `virt` one node holds both. EDK II takes the part it does not run from for its variables.
function flashNode({ code, variables }: { code: number; variables: number }): string {
	return `
	flash@0 {
		compatible = "cfi-flash";
		reg = ${wide(VEIL_FLASH_CODE, code, VEIL_FLASH_VARIABLES, variables)};
		bank-width = <4>;
	};
`;
}

function deviceNodes(devices: number): string {
	const nodes: [number, string][] = [
		[
			VEIL_DEVICE_PL011,
			`
	pl011@9000000 {
		compatible = "arm,pl011", "arm,primecell";
		reg = ${wide(0x09000000, 0x1000)};
		interrupts = <${shared(1)}>;
		clocks = <&clock>, <&clock>;
		clock-names = "uartclk", "apb_pclk";
	};
`,
		],
		[
			VEIL_DEVICE_PL031,
			`
	pl031@9010000 {
		compatible = "arm,pl031", "arm,primecell";
		reg = ${wide(0x09010000, 0x1000)};
		interrupts = <${shared(2)}>;
		clocks = <&clock>;
		clock-names = "apb_pclk";
	};
`,
		],
		[
			VEIL_DEVICE_WATCHDOG,
			`
	watchdog@9030000 {
		compatible = "arm,sbsa-gwdt";
		reg = ${wide(0x09030000, 0x10000, 0x09020000, 0x10000)};
		interrupts = <${shared(4)}>;
	};
`,
		],
		[
			VEIL_DEVICE_PVPANIC,
			`
	pvpanic@9f00000 {
		compatible = "qemu,pvpanic-mmio";
		reg = ${wide(0x09f00000, 2)};
	};
`,
		],
	];
	return nodes.map(([device, node]) => ((devices & device) === 0 ? "" : node)).join("");
}

// Bindings virtio/mmio.yaml.
function virtioNode(slot: number): string {
	const base = VIRT_VIRTIO_BASE + slot * VIRT_VIRTIO_STRIDE;
	return `
	virtio_mmio@${base.toString(16)} {
		compatible = "virtio,mmio";
		reg = ${wide(base, VIRT_VIRTIO_STRIDE)};
		interrupts = <${shared(16 + slot)}>;
		dma-coherent;
	};
`;
}

function wide(...values: number[]): string {
	const cells = values.map((value) => `0x${Math.floor(value / 2 ** 32).toString(16)} 0x${(value % 2 ** 32).toString(16)}`);
	return `<${cells.join("  ")}>`;
}

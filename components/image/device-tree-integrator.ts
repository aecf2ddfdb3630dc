// SPDX-License-Identifier: Apache-2.0
// The device tree of guest machine `integrator_cp`: an Integrator/CP with an ARM1136, for ARMv6 (platforms/integrator_cp/guest_machine.h
// has its map).
import { VEIL_DEVICE_PL011, VEIL_DEVICE_PL031, VEIL_DEVICE_PVPANIC } from "./abi.ts";
import { type DeviceTreeSpec, type Framebuffer, quote } from "./device-tree.ts";

/** Slot n of virtio-mmio has INTEGRATOR_VIRTIO_STRIDE bytes at INTEGRATOR_VIRTIO_BASE + n * INTEGRATOR_VIRTIO_STRIDE. */
export const INTEGRATOR_VIRTIO_BASE = 0x1b000000;
export const INTEGRATOR_VIRTIO_STRIDE = 0x200;
/** Line of slot 0 at the primary interrupt controller; the others follow. */
const VIRTIO_LINE = 10;
const POWER_BASE = 0x1b020000;
const POWER_OFF = 1;
const POWER_RESET = 2;

/**
 * Device tree of the machine, of which only what Veil has a device for, since every node costs the guest boot time. The first timer is the
 * system's clock, the second its alarm, in the order in which Linux finds them. The seed is zeros here; Veil fills it at every start.
 */
export function integratorTree(spec: DeviceTreeSpec): string {
	const { initramfs, framebuffer, ram } = spec;
	const files =
		initramfs === undefined
			? ""
			: `
		linux,initrd-start = ${cells(initramfs.start)};
		linux,initrd-end = ${cells(initramfs.start + initramfs.size)};`;
	const console = (spec.devices & VEIL_DEVICE_PL011) === 0 ? "" : '\n\t\tstdout-path = "/uart@16000000";';
	return `/dts-v1/;

/ {
	#address-cells = <1>;
	#size-cells = <1>;
	interrupt-parent = <&pic>;
	compatible = "arm,integrator-cp";
	model = "ARM Integrator/CP";

	chosen {
		bootargs = ${quote(spec.commandLine)};${console}${files}
		rng-seed = [${"00".repeat(32)}];${framebuffer === undefined ? "" : framebufferNode(framebuffer)}
	};

	memory@${ram.base.toString(16)} {
		device_type = "memory";
		reg = ${cells(ram.base, ram.size)};
	};

	cpus {
		#address-cells = <1>;
		#size-cells = <0>;

		cpu@0 {
			device_type = "cpu";
			compatible = "arm,arm1136jf-s";
			reg = <0>;
		};
	};
${[clock("fast", 25_000_000), clock("slow", 1_000_000), clock("serial", 14_745_600)].join("")}
	core-module@10000000 {
		compatible = "arm,core-module-integrator", "syscon";
		reg = ${cells(0x10000000, 0x200)};
	};

	syscon@cb000000 {
		compatible = "arm,integrator-cp-syscon", "syscon";
		reg = ${cells(0xcb000000, 0x100)};
	};

	pic: pic@14000000 {
		compatible = "arm,versatile-fpga-irq";
		#interrupt-cells = <1>;
		#address-cells = <0>;
		interrupt-controller;
		reg = ${cells(0x14000000, 0x100)};
		clear-mask = <0xffffffff>;
		valid-mask = <0x003fffff>;
	};
${timer(0, "fast")}${timer(1, "slow")}${powerNodes()}${deviceNodes(spec.devices)}${(spec.virtioSlots ?? []).map(virtioNode).join("")}};
`;
}

function clock(name: string, hertz: number): string {
	return `
	${name}: clock-${name} {
		compatible = "fixed-clock";
		#clock-cells = <0>;
		clock-frequency = <${hertz}>;
	};
`;
}

function timer(index: number, rate: string): string {
	const base = 0x13000000 + index * 0x100;
	return `
	timer@${base.toString(16)} {
		compatible = "arm,integrator-cp-timer";
		reg = ${cells(base, 0x100)};
		interrupts = <${5 + index}>;
		clocks = <&${rate}>;
	};
`;
}

// Bindings power/reset/syscon-reboot.yaml and syscon-poweroff.yaml. A system that has panicked resets itself; pvpanic has told why before.
function powerNodes(): string {
	return `
	power: syscon@${POWER_BASE.toString(16)} {
		compatible = "syscon";
		reg = ${cells(POWER_BASE, 0x1000)};
	};

	poweroff {
		compatible = "syscon-poweroff";
		regmap = <&power>;
		offset = <0>;
		value = <${POWER_OFF}>;
	};

	reboot {
		compatible = "syscon-reboot";
		regmap = <&power>;
		offset = <0>;
		value = <${POWER_RESET}>;
		priority = <192>;
	};
`;
}

// Bindings display/simple-framebuffer.yaml; Linux looks for it here, and its address is of the root's bus because of `ranges`.
function framebufferNode({ start, width, height, stride, format }: Framebuffer): string {
	return `
		#address-cells = <1>;
		#size-cells = <1>;
		ranges;

		framebuffer@${start.toString(16)} {
			compatible = "simple-framebuffer";
			reg = ${cells(start, height * stride)};
			width = <${width}>;
			height = <${height}>;
			stride = <${stride}>;
			format = "${format}";
		};`;
}

function deviceNodes(devices: number): string {
	const nodes: [number, string][] = [
		[
			VEIL_DEVICE_PL011,
			`
	uart@16000000 {
		compatible = "arm,pl011", "arm,primecell";
		reg = ${cells(0x16000000, 0x1000)};
		interrupts = <1>;
		clocks = <&serial>, <&serial>;
		clock-names = "uartclk", "apb_pclk";
	};
`,
		],
		[
			VEIL_DEVICE_PL031,
			`
	rtc@15000000 {
		compatible = "arm,pl031", "arm,primecell";
		reg = ${cells(0x15000000, 0x1000)};
		interrupts = <8>;
		clocks = <&serial>;
		clock-names = "apb_pclk";
	};
`,
		],
		[
			VEIL_DEVICE_PVPANIC,
			`
	pvpanic@1b010000 {
		compatible = "qemu,pvpanic-mmio";
		reg = ${cells(0x1b010000, 2)};
	};
`,
		],
	];
	return nodes.map(([device, node]) => ((devices & device) === 0 ? "" : node)).join("");
}

// Bindings virtio/mmio.yaml.
function virtioNode(slot: number): string {
	const base = INTEGRATOR_VIRTIO_BASE + slot * INTEGRATOR_VIRTIO_STRIDE;
	return `
	virtio_mmio@${base.toString(16)} {
		compatible = "virtio,mmio";
		reg = ${cells(base, INTEGRATOR_VIRTIO_STRIDE)};
		interrupts = <${VIRTIO_LINE + slot}>;
		dma-coherent;
	};
`;
}

function cells(...values: number[]): string {
	return `<${values.map((value) => `0x${value.toString(16)}`).join(" ")}>`;
}

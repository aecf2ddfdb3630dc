// SPDX-License-Identifier: Apache-2.0
// The device tree a persona finds: written as text, compiled by dtc, and read back to find the places of its seeds.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../util/process.ts";
import {
	VEIL_DEVICE_AGENT,
	VEIL_DEVICE_INPUT,
	VEIL_DEVICE_NETWORK,
	VEIL_DEVICE_PL011,
	VEIL_DEVICE_PL031,
	VEIL_DEVICE_PVPANIC,
	VEIL_DEVICE_WATCHDOG,
	VEIL_FLASH_CODE,
	VEIL_FLASH_VARIABLES,
} from "./abi.ts";

/** What of a persona shows in its device tree. */
export interface DeviceTreeSpec {
	/** Guest-physical start and bytes of RAM. */
	ram: { base: number; size: number };
	cpus: number;
	/** VEIL_DEVICE_PL011 and its like. */
	devices: number;
	commandLine: string;
	initramfs?: { start: number; size: number };
	/** Bytes of the read-only and of the variable flash. */
	flash?: { code: number; variables: number };
	/** What it draws on: outside RAM, so that Linux maps it as a device. */
	framebuffer?: Framebuffer;
	/** Numbers of the virtio-mmio slots in which it has a device; see {@link virtioSlots}. */
	virtioSlots?: readonly number[];
}

/** A picture of XRGB8888 pixels; sizes are bytes, width and height pixels. */
export interface Framebuffer {
	start: number;
	width: number;
	height: number;
	stride: number;
}

/** Bytes a generated device tree may have at most; Linux takes up to 2 MiB. */
export const MAX_DEVICE_TREE = 64 * 1024;

/** Slots of virtio-mmio, as abi.h gives them to devices: slot n has 512 bytes at 0x0a000000 + n * 0x200 and SPI 16 + n. */
const VIRTIO_SLOTS: readonly [device: number, slots: readonly number[]][] = [
	[VEIL_DEVICE_INPUT, [0, 1]],
	[VEIL_DEVICE_NETWORK, [2]],
	[VEIL_DEVICE_AGENT, [3]],
];

/** The slot of a persona's first volume; the others follow. */
const FIRST_VOLUME_SLOT = 8;

/** The slots in which a persona with these devices (enum veil_device) and so many volumes finds one. */
export function virtioSlots(devices: number, volumes = 0): number[] {
	const fixed = VIRTIO_SLOTS.flatMap(([device, slots]) => ((devices & device) === 0 ? [] : slots));
	return [...fixed, ...Array.from({ length: volumes }, (_, index) => FIRST_VOLUME_SLOT + index)];
}

// Interrupt cells of the GICv3 binding: kind (0 shared, 1 private), number, trigger (4 = level, high).
const shared = (number: number) => `0 ${number} 4`;
const private_ = (number: number) => `1 ${number} 4`;

/**
 * Device tree of virtual machine type 1: the addresses of QEMU's `virt`, and only the nodes Veil has a device for, since every node
 * costs the guest boot time. The seeds are zeros here; Veil fills them at every start.
 */
export function deviceTreeSource(spec: DeviceTreeSpec): string {
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
function framebufferNode({ start, width, height, stride }: Framebuffer): string {
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
			format = "x8r8g8b8";
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
	const base = 0x0a000000 + slot * 0x200;
	return `
	virtio_mmio@${base.toString(16)} {
		compatible = "virtio,mmio";
		reg = ${wide(base, 0x200)};
		interrupts = <${shared(16 + slot)}>;
		dma-coherent;
	};
`;
}

/** Compiles device tree source to a flattened device tree. */
export async function compileDeviceTree(source: string, signal?: AbortSignal): Promise<Uint8Array> {
	const folder = await mkdtemp(join(tmpdir(), "persona-dtc-"));
	try {
		const output = join(folder, "tree.dtb");
		await run("dtc", ["-q", "-I", "dts", "-O", "dtb", "-o", output, "-"], { input: source, signal });
		return await readFile(output);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

// Tokens of the structure block, Devicetree Specification 0.4, 5.4.1.
const FDT_MAGIC = 0xd00dfeed;
const FDT_BEGIN_NODE = 1;
const FDT_END_NODE = 2;
const FDT_PROP = 3;
const FDT_NOP = 4;
const FDT_END = 9;

/** A property's value: where it is in the flattened device tree, in bytes. */
export interface PropertyPlace {
	offset: number;
	size: number;
}

/**
 * Finds a property in a flattened device tree.
 *
 * @param path - node names from the root, for instance `["chosen"]`
 * @returns undefined when there is none
 * @throws RangeError when the bytes are no well-formed device tree
 */
export function findProperty(tree: Uint8Array, path: string[], name: string): PropertyPlace | undefined {
	const view = new DataView(tree.buffer, tree.byteOffset, tree.byteLength);
	if (view.getUint32(0) !== FDT_MAGIC) throw new RangeError("not a flattened device tree");
	const structure = view.getUint32(8);
	const strings = view.getUint32(12);
	const nodes: string[] = [];
	for (let at = structure; ; ) {
		const token = view.getUint32(at);
		at += 4;
		if (token === FDT_BEGIN_NODE) {
			const node = text(tree, at);
			nodes.push(node);
			at += alignTo4(node.length + 1);
		} else if (token === FDT_PROP) {
			const size = view.getUint32(at);
			const property = text(tree, strings + view.getUint32(at + 4));
			const offset = at + 8;
			if (property === name && nodes.slice(1).join("/") === path.join("/")) return { offset, size };
			at = offset + alignTo4(size);
		} else if (token === FDT_END_NODE) {
			nodes.pop();
		} else if (token === FDT_END) {
			return undefined;
		} else if (token !== FDT_NOP) {
			throw new RangeError(`unknown token ${token} in the device tree`);
		}
	}
}

function text(bytes: Uint8Array, at: number): string {
	const end = bytes.indexOf(0, at);
	if (end < 0) throw new RangeError("a name in the device tree has no end");
	return Buffer.from(bytes.subarray(at, end)).toString("latin1");
}

function alignTo4(value: number): number {
	return (value + 3) & ~3;
}

function wide(...values: number[]): string {
	const cells = values.map((value) => `0x${Math.floor(value / 2 ** 32).toString(16)} 0x${(value % 2 ** 32).toString(16)}`);
	return `<${cells.join("  ")}>`;
}

function quote(value: string): string {
	return `"${value.replace(/["\\]/g, "\\$&")}"`;
}

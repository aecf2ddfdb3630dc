// SPDX-License-Identifier: Apache-2.0
// The machines guests can be on, one for each architecture: where things are in them, and their device trees. Veil has the same
// facts in hypervisor/platforms/*/guest_machine.h.
import type { Board } from "../manifest/index.ts";
import { VEIL_DEVICE_AGENT, VEIL_DEVICE_INPUT, VEIL_DEVICE_NETWORK } from "./abi.ts";
import type { DeviceTreeSpec } from "./device-tree.ts";
import { INTEGRATOR_VIRTIO_BASE, INTEGRATOR_VIRTIO_STRIDE, integratorTree } from "./device-tree-integrator.ts";
import { VIRT_VIRTIO_BASE, VIRT_VIRTIO_STRIDE, virtTree } from "./device-tree-virt.ts";

/** A machine a guest finds itself on. Addresses are guest-physical. */
export interface GuestMachine {
	readonly architecture: Board["architecture"];
	/** Start of every persona's RAM. */
	readonly ramBase: number;
	/** RAM and the picture behind it end here at the latest. */
	readonly ramEnd: number;
	/** Where a binary without a header begins, counted from the start of RAM. */
	readonly flatOffset: number;
	/** Slots of virtio-mmio in which devices (enum veil_device) and so many volumes are found. */
	readonly virtioSlots: (devices: number, volumes?: number) => number[];
	/** Registers of a persona's volume of that number. */
	readonly volumeBase: (index: number) => number;
	/** Source of a device tree. */
	readonly deviceTree: (spec: DeviceTreeSpec) => string;
	/** Veil runs its kernels in user mode: they must have been patched, and shadow tables take memory. */
	readonly isShadowed: boolean;
}

interface Slots {
	base: number;
	stride: number;
	devices: readonly (readonly [device: number, slots: readonly number[]])[];
	firstVolume: number;
}

function virtio({ base, stride, devices: fixed, firstVolume }: Slots): Pick<GuestMachine, "virtioSlots" | "volumeBase"> {
	return {
		virtioSlots: (devices, volumes = 0) => [
			...fixed.flatMap(([device, slots]) => ((devices & device) === 0 ? [] : slots)),
			...Array.from({ length: volumes }, (_, index) => firstVolume + index),
		],
		volumeBase: (index) => base + (firstVolume + index) * stride,
	};
}

const DEVICE_SLOTS = [
	[VEIL_DEVICE_INPUT, [0, 1]],
	[VEIL_DEVICE_NETWORK, [2]],
	[VEIL_DEVICE_AGENT, [3]],
] as const;

/** QEMU's `virt`, for arm64. */
export const VIRT: GuestMachine = {
	architecture: "arm64",
	ramBase: 0x40000000,
	ramEnd: 2 ** 36,
	flatOffset: 512 * 1024,
	...virtio({ base: VIRT_VIRTIO_BASE, stride: VIRT_VIRTIO_STRIDE, devices: DEVICE_SLOTS, firstVolume: 8 }),
	deviceTree: virtTree,
	isShadowed: false,
};

/** An Integrator/CP with an ARM1136, for ARMv6. */
export const INTEGRATOR_CP: GuestMachine = {
	architecture: "armv6",
	ramBase: 0,
	ramEnd: 0x10000000,
	flatOffset: 64 * 1024,
	...virtio({ base: INTEGRATOR_VIRTIO_BASE, stride: INTEGRATOR_VIRTIO_STRIDE, devices: DEVICE_SLOTS, firstVolume: 4 }),
	deviceTree: integratorTree,
	isShadowed: true,
};

/** The machine of a board's guests. */
export function guestMachine(architecture: Board["architecture"]): GuestMachine {
	return { arm64: VIRT, armv6: INTEGRATOR_CP }[architecture];
}

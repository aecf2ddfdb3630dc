// SPDX-License-Identifier: Apache-2.0
// One persona on its way into a device image: its places, its device tree and its indicator strip.
import { readFile } from "node:fs/promises";
import { compileDeviceTree, type Framebuffer, findProperty, MAX_DEVICE_TREE } from "./device-tree.ts";
import type { GuestMachine } from "./guest-machine.ts";
import type { KernelFormat } from "./kernel.ts";
import { flashBytes, type GuestLayout, layoutGuest } from "./layout.ts";
import { optional } from "./optional.ts";
import { type Payload, payloadOf } from "./payload.ts";
import type { SectorRange } from "./storage-layout.ts";
import { stripPixels } from "./strip.ts";
import { PIXEL_FORMATS, type SurfaceShape } from "./surface.ts";

/** A persona as the composer takes it; the meaning of the numbers is abi.h's. */
export interface ComposePersona {
	name: string;
	uuid: Uint8Array;
	label: string;
	/** 0xRRGGBB */
	colour: number;
	/** VEIL_START_AT_BOOT and its like. */
	flags: number;
	/** VEIL_DEVICE_PL011 and its like. */
	devices: number;
	cpuCount: number;
	cpuShare: number;
	cpuCapPercent: number;
	cpuAffinity: number;
	restartLimit: number;
	restartWindowSeconds: number;
	memoryBytes: number;
	kernel: Payload & KernelFormat;
	/** The table of what was replaced in its kernel; undefined: nothing was. */
	patches?: Payload;
	initramfs?: Payload;
	/** The guest's own device tree; undefined: the generated one. */
	deviceTree?: Payload;
	commandLine: string;
	/** On the handset's disk, in the order in which the guest sees them. */
	volumes?: readonly { name: string; range: SectorRange }[];
	/** It draws on the screen while it is in the foreground. */
	display: boolean;
	/** What stands at the end of its strip. */
	mark?: string;
	/** The network of the policy it is on; undefined: none. */
	network?: string;
}

/** A persona with everything that follows from it alone. */
export interface Placed {
	persona: ComposePersona;
	layout: GuestLayout;
	deviceTree: Payload;
	seeds: { rng: number; kaslr: number };
	/** The pixels of its strip; undefined on a phone without a screen. */
	strip: Payload | undefined;
}

/** @throws UserError when its parts do not fit its RAM */
export async function place(
	persona: ComposePersona,
	surface: SurfaceShape | undefined,
	machine: GuestMachine,
	signal?: AbortSignal,
): Promise<Placed> {
	const layout = layoutGuest(
		{ memoryBytes: persona.memoryBytes, kernel: persona.kernel, ...optional("initramfs", persona.initramfs?.size) },
		persona.deviceTree?.size ?? MAX_DEVICE_TREE,
		persona.name,
		machine,
	);
	const deviceTree = persona.deviceTree ?? (await generatedTree(persona, layout, surface, machine, signal));
	const bytes = "bytes" in deviceTree.source ? deviceTree.source.bytes : await readFile(deviceTree.source.path);
	const seed = (name: string, size: number): number => {
		const property = findProperty(bytes, ["chosen"], name);
		return property === undefined || property.size !== size ? 0 : layout.deviceTree + property.offset;
	};
	const strip =
		surface === undefined ? undefined : payloadOf(stripPixels(persona, surface.width, surface.stripRows, surface.format));
	return { persona, layout, deviceTree, seeds: { rng: seed("rng-seed", 32), kaslr: seed("kaslr-seed", 8) }, strip };
}

async function generatedTree(
	persona: ComposePersona,
	layout: GuestLayout,
	surface: SurfaceShape | undefined,
	machine: GuestMachine,
	signal?: AbortSignal,
): Promise<Payload> {
	const { initramfs } = persona;
	const source = machine.deviceTree({
		ram: { base: machine.ramBase, size: persona.memoryBytes },
		cpus: persona.cpuCount,
		devices: persona.devices,
		virtioSlots: machine.virtioSlots(persona.devices, persona.volumes?.length),
		commandLine: persona.commandLine,
		...optional(
			"initramfs",
			layout.initramfs === undefined || initramfs === undefined ? undefined : { start: layout.initramfs, size: initramfs.size },
		),
		...optional("flash", persona.kernel.format === "firmware" ? flashBytes(persona) : undefined),
		...optional(
			"framebuffer",
			persona.display && surface !== undefined ? framebuffer(machine.ramBase + persona.memoryBytes, surface) : undefined,
		),
	});
	return payloadOf(await compileDeviceTree(source, signal));
}

function framebuffer(start: number, { width, height, stride, stripRows, format }: SurfaceShape): Framebuffer {
	return { format: PIXEL_FORMATS[format].framebuffer, start, width, height: height - stripRows, stride };
}

// SPDX-License-Identifier: Apache-2.0
// Where everything goes: arithmetic only. Addresses and sizes are bytes; a page is Veil's granule of ownership, 64 KiB.
import { UserError } from "../util/errors.ts";
import {
	VEIL_FLASH_CODE,
	VEIL_MAX_FLASH_PAGES,
	VEIL_OWNER_FREE,
	VEIL_OWNER_PAYLOADS,
	VEIL_OWNER_VEIL,
	VEIL_PAGE_SIZE,
	VEIL_WORK_BASE,
	VEIL_WORK_NETWORK,
	VEIL_WORK_PERSONA,
	VEIL_WORK_SHADOW,
	VEIL_WORK_STORAGE,
	VEIL_WORK_SWITCH,
	VEIL_WORK_VCPU,
} from "./abi.ts";
import { type GuestMachine, VIRT } from "./guest-machine.ts";
import type { SurfaceShape } from "./surface.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** One persona as far as places go. */
export interface GuestShape {
	memoryBytes: number;
	kernel:
		| { format: "image"; size: number; textOffset: number; imageSize: number }
		| { format: "program"; size: number; offset: number; entry: number; imageSize: number }
		| { format: "flat"; size: number }
		| { format: "firmware"; size: number };
	/** Bytes; undefined when there is none. */
	initramfs?: number;
}

/** Bytes of the variable flash of a persona with firmware: EDK II's variables, its journal and its spare, 256 KiB each. */
export const FLASH_VARIABLE_BYTES = 3 * 256 * KIB;

/** Bytes of flash of a persona that starts with this kernel: whole pages. */
export function flashBytes({ kernel }: Pick<GuestShape, "kernel">): { code: number; variables: number } {
	if (kernel.format !== "firmware") return { code: 0, variables: 0 };
	return { code: alignUp(kernel.size, VEIL_PAGE_SIZE), variables: FLASH_VARIABLE_BYTES };
}

/** Guest-physical places of what a persona starts with. */
export interface GuestLayout {
	/** Where its kernel lies. */
	kernel: number;
	/** Where it begins. */
	entry: number;
	initramfs?: number;
	deviceTree: number;
}

/**
 * Places a guest's kernel, initramfs and device tree in its RAM, with 64 KiB between segments' starts because RAM is built on first
 * touch in pages of that size. A kernel `Image` says how much room it needs (Documentation/arch/arm64/booting.rst), and so does a program
 * that was ELF; behind a flat binary there may be a .bss of any size, so what follows is put where QEMU puts it: half-way, at most 128 MiB up. Firmware is in flash,
 * and finds its device tree at the start of RAM.
 *
 * @param maxDeviceTree - bytes the device tree may grow to
 * @throws UserError when it does not fit
 */
export function layoutGuest(guest: GuestShape, maxDeviceTree: number, name: string, machine: GuestMachine = VIRT): GuestLayout {
	const { ramBase } = machine;
	const end = ramBase + guest.memoryBytes;
	let kernel: number;
	let entry: number | undefined;
	let next: number;
	if (guest.kernel.format === "firmware") {
		if (guest.kernel.size > VEIL_MAX_FLASH_PAGES * VEIL_PAGE_SIZE)
			throw new UserError(`persona ${name}: its firmware has ${guest.kernel.size} bytes, its flash holds at most 64 MiB`);
		kernel = VEIL_FLASH_CODE;
		next = ramBase + alignUp(maxDeviceTree, VEIL_PAGE_SIZE);
	} else if (guest.kernel.format === "image") {
		kernel = ramBase + guest.kernel.textOffset + (guest.kernel.textOffset === 0 ? 2 * MIB : 0);
		next = kernel + Math.max(guest.kernel.size, guest.kernel.imageSize);
	} else if (guest.kernel.format === "program") {
		kernel = ramBase + guest.kernel.offset;
		entry = kernel + guest.kernel.entry;
		next = kernel + Math.max(guest.kernel.size, guest.kernel.imageSize);
	} else {
		kernel = ramBase + machine.flatOffset;
		next = Math.max(kernel + guest.kernel.size, ramBase + Math.min(guest.memoryBytes / 2, 128 * MIB));
	}
	let initramfs: number | undefined;
	if (guest.initramfs !== undefined) {
		initramfs = alignUp(next, VEIL_PAGE_SIZE);
		next = initramfs + guest.initramfs;
	}
	const deviceTree = guest.kernel.format === "firmware" ? ramBase : alignUp(next, VEIL_PAGE_SIZE);
	next = Math.max(next, deviceTree + maxDeviceTree);
	if (next > end) {
		const need = Math.ceil((next - ramBase) / MIB);
		throw new UserError(
			`persona ${name}: its kernel, initramfs and device tree need ${need} MiB before it starts, resources.memoryMiB is ${guest.memoryBytes / MIB}`,
			{ remedy: `set resources.memoryMiB to more than ${need}` },
		);
	}
	return { kernel, entry: entry ?? kernel, deviceTree, ...(initramfs === undefined ? {} : { initramfs }) };
}

/** Sizes a device image is laid out from. */
export interface ImageShape {
	/** Host-physical start of RAM. */
	ramBase: number;
	/** Host-physical address the image is loaded at. */
	loadAddress: number;
	/** Bytes RAM may have at most, and at least: boards have what they have. */
	ramLimit: number;
	ramMinimum?: number;
	/** Of the guests; default: VIRT. */
	machine?: GuestMachine;
	/** Bytes of Veil including its .bss. */
	veilSize: number;
	manifestSize: number;
	payloadSizes: number[];
	personas: PersonaShape[];
	/** Measures of the personas' pictures; undefined on a phone without a screen. */
	surface?: SurfaceShape;
	/** Veil keeps a version, for which it works a disk where it has no flash of its own. */
	isSigned?: boolean;
}

/** One persona as far as its share of RAM goes. */
export interface PersonaShape {
	memoryBytes: number;
	cpus: number;
	/** It draws the body of its surface itself. */
	display: boolean;
	/** How many it has. */
	volumes?: number;
	/** Bytes of flash, which lies behind its RAM; default 0. */
	flashBytes?: number;
	/** It has a network device. */
	hasNetwork: boolean;
}

/** A host-physical range and its owner: one of VEIL_OWNER_… or a persona's index. */
export interface Region {
	base: number;
	size: number;
	owner: number;
}

/** Where everything of a device image is, in the file and in RAM. */
export interface ImageLayout {
	manifestOffset: number;
	payloadOffsets: number[];
	/** Bytes of the file, and of RAM from the load address. */
	imageSize: number;
	workBase: number;
	workSize: number;
	/** Host-physical start of each persona's RAM. */
	personaBases: number[];
	/** Each persona's surface: host-physical address of its row 0, guest-physical address of its body. Empty without a screen. */
	surfaces: { hostBase: number; bodyGuestBase: number | undefined }[];
	/** Where Veil draws two pictures side by side; undefined where there are no two. */
	viewBase: number | undefined;
	ramSize: number;
	regions: Region[];
}

/**
 * Lays out the image file and RAM: what is below the load address is free, then the image as it is in the file, Veil's work memory,
 * the personas in their order, each with its surface right behind its RAM, and the rest free.
 *
 * @throws UserError when the personas do not fit the board
 */
export function layoutImage(shape: ImageShape): ImageLayout {
	const { machine = VIRT } = shape;
	const page = VEIL_PAGE_SIZE;
	const manifestOffset = alignUp(shape.veilSize, page);
	let offset = manifestOffset + alignUp(shape.manifestSize, page);
	const payloadsOffset = offset;
	const payloadOffsets = shape.payloadSizes.map((size) => {
		const here = offset;
		offset += alignUp(size, page);
		return here;
	});
	const imageSize = offset;

	const workBase = shape.loadAddress + imageSize;
	const workSize = workMemory(shape.personas, shape.surface, machine, shape.isSigned);
	let next = workBase + workSize;
	const personaRegions: Region[] = [];
	const own = (size: number, owner: number): number => {
		const base = next;
		personaRegions.push({ base, size, owner });
		next += size;
		return base;
	};
	const surfaces: ImageLayout["surfaces"] = [];
	const personaBases = shape.personas.map(({ memoryBytes, display, flashBytes = 0 }, index) => {
		const ram = alignUp(memoryBytes, page);
		const base = own(ram + flashBytes, index);
		if (shape.surface !== undefined) {
			const { stripRoom, stripSize, bodySize } = shape.surface;
			const strip = own(stripRoom, VEIL_OWNER_VEIL);
			own(bodySize, display ? index : VEIL_OWNER_VEIL);
			surfaces.push({ hostBase: strip + stripRoom - stripSize, bodyGuestBase: display ? machine.ramBase + ram : undefined });
		}
		return base;
	});
	const { surface } = shape;
	const viewBase =
		surface === undefined || surface.hasWindows || shape.personas.length < 2
			? undefined
			: own(alignUp(surface.height * surface.stride, page), VEIL_OWNER_VEIL);
	const ramSize = ramFor(next - shape.ramBase, workBase - shape.ramBase, shape.ramMinimum);
	if (ramSize > shape.ramLimit) throw tooMuch(shape, ramSize, imageSize - payloadsOffset);
	const regions: Region[] = [
		{ base: shape.ramBase, size: shape.loadAddress - shape.ramBase, owner: VEIL_OWNER_FREE },
		{ base: shape.loadAddress, size: payloadsOffset, owner: VEIL_OWNER_VEIL },
		{ base: shape.loadAddress + payloadsOffset, size: imageSize - payloadsOffset, owner: VEIL_OWNER_PAYLOADS },
		{ base: workBase, size: workSize, owner: VEIL_OWNER_VEIL },
		...personaRegions,
		{ base: next, size: shape.ramBase + ramSize - next, owner: VEIL_OWNER_FREE },
	].filter((region) => region.size > 0);
	return { manifestOffset, payloadOffsets, imageSize, workBase, workSize, personaBases, surfaces, viewBase, ramSize, regions };
}

/** Says what takes how much of the room. */
function tooMuch({ ramLimit, personas, surface }: ImageShape, ramSize: number, payloads: number): UserError {
	const guests = personas.reduce((sum, { memoryBytes, flashBytes = 0 }) => sum + memoryBytes + flashBytes, 0);
	const mib = (bytes: number) => `${Number((bytes / MIB).toFixed(1))} MiB`;
	const pictures = surface === undefined ? 0 : personas.length * (surface.stripRoom + surface.bodySize);
	const parts = [
		`${mib(guests)} for the personas' own memory`,
		...(pictures === 0 ? [] : [`${mib(pictures)} for their pictures`]),
		`${mib(payloads)} for kernels and initial filesystems, which are kept for restarts`,
		`${mib(ramSize - guests - pictures - payloads)} for Veil`,
	];
	return new UserError(`the personas need ${mib(ramSize)} of RAM, the board has ${mib(ramLimit)}: ${parts.join(", ")}`, {
		remedy: `lower resources.memoryMiB, by ${mib(ramSize - ramLimit)} in all`,
	});
}

/** Bytes of work memory Veil needs, by the formula in abi.h. */
export function workMemory(
	personas: PersonaShape[],
	surface?: SurfaceShape,
	machine: GuestMachine = VIRT,
	isSigned = false,
): number {
	let size = VEIL_WORK_BASE;
	if (personas.some(({ hasNetwork }) => hasNetwork)) size += VEIL_WORK_SWITCH;
	for (const { memoryBytes, cpus, display, flashBytes = 0, hasNetwork } of personas) {
		const reach = memoryBytes + (display && surface !== undefined ? surface.bodySize : 0);
		if (flashBytes > 0) size += VEIL_PAGE_SIZE;
		if (hasNetwork) size += VEIL_WORK_NETWORK;
		if (machine.isShadowed) size += VEIL_WORK_SHADOW;
		size += VEIL_WORK_PERSONA + cpus * VEIL_WORK_VCPU + Math.ceil(reach / (512 * MIB)) * VEIL_PAGE_SIZE;
	}
	const keepsVersionOnDisk = isSigned && machine === VIRT;
	if (keepsVersionOnDisk || personas.some(({ volumes = 0 }) => volumes > 0)) size += VEIL_WORK_STORAGE;
	return alignUp(size, VEIL_PAGE_SIZE);
}

// What is used, in whole MiB; and enough that a boot loader finds room for a device tree of its own behind the image or half-way up
// (QEMU insists on it), which Veil does not read.
function ramFor(used: number, imageEnd: number, minimum = 16 * MIB): number {
	return Math.max(alignUp(used, MIB), alignUp(imageEnd, 2 * MIB) + 2 * MIB, minimum);
}

/** The smallest multiple of `to` that is not below `value`; unlike with bit operations, for all safe integers. */
export function alignUp(value: number, to: number): number {
	return Math.ceil(value / to) * to;
}

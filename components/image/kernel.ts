// SPDX-License-Identifier: Apache-2.0
// What kernels say of themselves: an arm64 Linux `Image` by its header (Documentation/arch/arm64/booting.rst), an ARM program by its ELF file;
// all else is a flat binary.

import type { ArmProgram } from "./elf-arm.ts";

/** What a kernel file says about itself. */
export type KernelFormat =
	| {
			format: "image";
			/** Bytes from a 2 MiB aligned base that it wants to be loaded at. */
			textOffset: number;
			/** Bytes of RAM it needs from there, .bss included. */
			imageSize: number;
	  }
	| {
			format: "program";
			/** Bytes from the start of RAM to where it lies, from there to where it begins, and of RAM it needs from there, .bss included. */
			offset: number;
			entry: number;
			imageSize: number;
	  }
	| { format: "flat" }
	/** Run from the read-only flash at 0; never told by its header: the document says so. */
	| { format: "firmware" };

/** The format of a program that was ELF. One that is linked to a kernel's virtual addresses lies as far from the start of RAM as from theirs. */
export function programFormat({ address, entry, memorySize }: Pick<ArmProgram, "address" | "entry" | "memorySize">): KernelFormat {
	const offset = address < RAM_REACH ? address : address % VIRTUAL_MULTIPLE;
	return { format: "program", offset, entry, imageSize: memorySize };
}

/** RAM of a guest of this architecture begins at 0 and ends below this. */
const RAM_REACH = 0x10000000;
/** Kernels' virtual addresses begin at a multiple of this: the least that any ARM Linux has. */
const VIRTUAL_MULTIPLE = 16 * 1024 * 1024;

const ARM64_MAGIC = 0x644d5241; // "ARM\x64" at 56

/** Reads the first 64 bytes of a kernel. Anything without the header is a flat binary. */
export function kernelFormat(head: Uint8Array): KernelFormat {
	if (head.length < 64) return { format: "flat" };
	const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
	if (view.getUint32(56, true) !== ARM64_MAGIC) return { format: "flat" };
	const imageSize = Number(view.getBigUint64(16, true));
	// Kernels before 3.17 left it zero; text_offset is then 0x80000 whatever the field says.
	if (imageSize === 0) return { format: "image", textOffset: 0x80000, imageSize };
	return { format: "image", textOffset: Number(view.getBigUint64(8, true)), imageSize };
}

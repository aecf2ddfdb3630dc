// SPDX-License-Identifier: Apache-2.0
// Tells an arm64 Linux `Image` from a flat binary by its header (Documentation/arch/arm64/booting.rst).

/** What a kernel file says about itself. */
export type KernelFormat =
	| {
			format: "image";
			/** Bytes from a 2 MiB aligned base that it wants to be loaded at. */
			textOffset: number;
			/** Bytes of RAM it needs from there, .bss included. */
			imageSize: number;
	  }
	| { format: "flat" }
	/** Run from the read-only flash at 0; never told by its header: the document says so. */
	| { format: "firmware" };

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

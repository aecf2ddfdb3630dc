// SPDX-License-Identifier: Apache-2.0
// What the image tests share: a stand-in for Veil's binary, small personas.
import { VEIL_ABI_VERSION, VEIL_IMAGE_MAGIC, VEIL_PAGE_SIZE, veilImageHeader } from "../../components/image/abi.ts";
import type { ComposeSpec } from "../../components/image/compose.ts";
import type { ComposePersona } from "../../components/image/compose-persona.ts";
import { kernelFormat } from "../../components/image/kernel.ts";
import { payloadOf } from "../../components/image/payload.ts";
import type { GuestInputs, PinnedFile } from "../../components/image/types.ts";

/** Bytes with Veil's header, as its build leaves them. */
export function veilBinary(size = 4096, memory = 2 * VEIL_PAGE_SIZE): Uint8Array {
	const bytes = new Uint8Array(size).fill(0x5a);
	const header = {
		code0: 0x14000000,
		code1: 0,
		textOffset: 0n,
		imageSize: 0n,
		flags: 0xan,
		res2: 0n,
		res3: 0n,
		res4: 0n,
		magic: 0x644d5241,
		res5: 0,
		veilMagic: VEIL_IMAGE_MAGIC,
		abiVersion: VEIL_ABI_VERSION,
		reserved: 0,
		veilFileSize: BigInt(size),
		veilSize: BigInt(memory),
		manifestOffset: 0n,
		manifestSize: 0n,
	};
	veilImageHeader.write(header, bytes);
	return bytes;
}

/** A kernel with an arm64 `Image` header that asks for `imageSize` bytes of RAM. */
export function kernelImage(size: number, imageSize = size, fill = 1): Uint8Array {
	const bytes = Buffer.alloc(size, fill);
	bytes.fill(0, 0, 64);
	bytes.writeBigUInt64LE(BigInt(imageSize), 16);
	bytes.writeUInt32LE(0x644d5241, 56);
	return bytes;
}

/** A persona of small files. */
export function smallPersona(name: string, changes: Partial<ComposePersona> = {}): ComposePersona {
	const kernel = kernelImage(100_000, 150_000);
	return {
		name,
		uuid: Buffer.alloc(16, name),
		label: name,
		colour: 0xc0392b,
		flags: 3,
		devices: 7,
		cpuCount: 1,
		cpuShare: 100,
		cpuCapPercent: 100,
		cpuAffinity: 1,
		restartLimit: 3,
		restartWindowSeconds: 300,
		memoryBytes: 16 << 20,
		kernel: { ...payloadOf(kernel), ...kernelFormat(kernel) },
		initramfs: payloadOf(Buffer.alloc(70_000, name)),
		commandLine: "console=ttyAMA0",
		display: false,
		...changes,
	};
}

/** A phone of these personas. */
export function composeSpec(personas: ComposePersona[], changes: Partial<ComposeSpec> = {}): ComposeSpec {
	return {
		veil: veilBinary(),
		board: "qemu-virt",
		machineVersion: 1,
		ram: { base: 0x40000000, limit: 3 * 2 ** 30, loadAddress: 0x40200000 },
		cpuCount: 1,
		initialForeground: 0,
		flags: 0,
		display: { width: 800, height: 480, format: "xrgb8888" },
		personas,
		...changes,
	};
}

/** A guest that is brought: its kernel alone. */
export function prebuilt(file: PinnedFile): GuestInputs {
	const common = {
		persona: "probe",
		board: "qemu-virt",
		os: "baremetal",
		builder: "prebuilt",
		packages: [],
		overlay: {},
		recipe: 1,
	} as const;
	return { ...common, kernel: file, commandLine: "", lock: [] } as unknown as GuestInputs;
}

// SPDX-License-Identifier: Apache-2.0
// The device tree a persona finds: written as text by its machine (guest-machine.ts), compiled by dtc, and read back to find the places of
// its seeds.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../util/process.ts";

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
	/** Numbers of the virtio-mmio slots in which it has a device; see {@link GuestMachine.virtioSlots}. */
	virtioSlots?: readonly number[];
}

/** A picture; sizes are bytes, width and height pixels. */
export interface Framebuffer {
	/** Of its pixels, as the binding of simple-framebuffer names it. */
	format: string;
	start: number;
	width: number;
	height: number;
	stride: number;
}

/** Bytes a generated device tree may have at most; Linux takes up to 2 MiB. */
export const MAX_DEVICE_TREE = 64 * 1024;

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

/** A string as the compiler takes it. */
export function quote(value: string): string {
	return `"${value.replace(/["\\]/g, "\\$&")}"`;
}

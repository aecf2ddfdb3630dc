// SPDX-License-Identifier: Apache-2.0
// Guests under Veil, in a device image laid out as `pulumi up` lays it out.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeFrame } from "../components/handset/mux.ts";
import {
	VEIL_LINK_CREDIT,
	VEIL_LINK_HELLO,
	VEIL_MUX_LINK,
	VEIL_OWNER_PAYLOADS,
	VEIL_OWNER_VEIL,
	veilImageHeader,
	veilLinkCredit,
	veilLinkHello,
	veilManifest,
	veilPayload,
	veilPersona,
	veilRegion,
	veilSegment,
} from "../components/image/abi.ts";
import { composeDev } from "../tools/compose-dev.ts";
import { count } from "./count.ts";
import { N800, virtMachine } from "./machine.ts";
import type { RunRequest, System } from "./system.ts";

/** By board: what runs it, and where its image is put. */
const BOARDS = {
	"qemu-virt": {
		machine: (counterHz: number | undefined, cpus: number | undefined) => virtMachine(true, counterHz, cpus),
		args: ["-global", "virtio-mmio.force-legacy=false", "-device", "virtio-rng-device"],
		start: 0x40200000,
	},
	n800: { machine: () => N800, args: [], start: 0x80010000 },
};

const SCREEN = ["ramfb", "virtio-keyboard-device", "virtio-tablet-device"].flatMap((device) => ["-device", device]);

export interface VeilOptions {
	/** Default `qemu-virt`. */
	board?: keyof typeof BOARDS;
	/** Veil does not compare payloads with their digests: to see what that costs. */
	skipDigests?: boolean;
	/** A console bridge grants credit, so that guests' output really leaves; without one Veil drops it. */
	bridge?: boolean;
	/** The guests have a display, keyboard and tablet. */
	screen?: boolean;
	/** What the bridge sends after its greeting. */
	requests?: Uint8Array;
}

export function veilSystem(veil: string, plugin: string, folder: string, options: VeilOptions = {}): System {
	return {
		name: "veil",
		async run(request) {
			const { image, ramMiB } = await composeGuests(veil, folder, request.guests, options, request.cpus);
			const board = BOARDS[options.board ?? "qemu-virt"];
			return await count({
				plugin,
				folder,
				machine: board.machine(request.counterHz, request.cpus),
				memoryMiB: ramMiB,
				kernel: image,
				args: [...board.args, ...(options.screen === true ? SCREEN : [])],
				windows: [{ start: board.start, size: Number(veilImageHeader.read(await readFile(veil)).veilSize) }],
				stop: request.stop,
				...(options.bridge === true
					? { serialInput: Buffer.concat([bridgeGreeting(request.guests.length), options.requests ?? new Uint8Array()]) }
					: {}),
				...(request.limitSeconds === undefined ? {} : { limitSeconds: request.limitSeconds }),
			});
		},
	};
}

/** Composes an image of the guests; the first is in the foreground. */
async function composeGuests(veil: string, folder: string, guests: RunRequest["guests"], options: VeilOptions = {}, cpus = 1) {
	const { board = "qemu-virt", skipDigests = false, screen = false } = options;
	const image = join(folder, "veil.img");
	const { ramSize } = await composeDev(
		image,
		veil,
		guests.map((guest, n) => ({
			name: `guest${n + 1}`,
			kernel: guest.kernel,
			...(guest.initramfs === undefined ? {} : { initramfs: guest.initramfs }),
			commandLine: guest.arguments,
			memoryMiB: guest.memoryMiB,
			cpus,
			// A neighbour that resets itself for ever shall be allowed to.
			restartLimit: 1_000_000,
			...(screen ? { display: true, input: true } : {}),
		})),
		{ board, skipDigests, cpus },
	);
	return { image, ramMiB: ramSize / 2 ** 20 };
}

/** What the bridge sends when it connects, with more credit than any run uses. */
export function bridgeGreeting(personas: number): Uint8Array {
	const hello = { op: VEIL_LINK_HELLO, abiVersion: 1, personas: 0, reply: 0, cpus: 0, bootEpoch: 0n };
	const credits = Array.from({ length: personas + 1 }, (_, channel) =>
		encodeFrame(VEIL_MUX_LINK, veilLinkCredit.encode({ op: VEIL_LINK_CREDIT, channel, reserved: 0, granted: 0x7fffffff })),
	);
	return Buffer.concat([encodeFrame(VEIL_MUX_LINK, veilLinkHello.encode(hello)), ...credits]);
}

/** The device tree the first guest gets, written to a file: with it a bare machine shows what Veil itself costs. And its guest-physical address. */
export async function veilDeviceTree(
	veil: string,
	folder: string,
	guests: RunRequest["guests"],
	options: VeilOptions = {},
): Promise<{ file: string; address: number }> {
	const { image } = await composeGuests(veil, folder, guests, options);
	const bytes = await readFile(image);
	const at = Number(veilImageHeader.read(bytes).manifestOffset);
	const manifest = veilManifest.read(bytes, at);
	const { x0 } = veilPersona.read(bytes, at + manifest.personas.offset);
	for (let n = 0; n < manifest.segments.count; n++) {
		const segment = veilSegment.read(bytes, at + manifest.segments.offset + n * veilSegment.size);
		if (segment.persona !== 0 || segment.guestAddress !== x0) continue;
		const payload = veilPayload.read(bytes, at + manifest.payloads.offset + segment.payload * veilPayload.size);
		const start = Number(payload.offset + segment.payloadOffset);
		const file = join(folder, "veil.dtb");
		await writeFile(file, bytes.subarray(start, start + Number(segment.size)));
		return { file, address: Number(x0) };
	}
	throw new Error("the first guest has no device tree");
}

/** What Veil takes, in bytes. */
export interface VeilSizes {
	/** Code, read-only data and data, in the file. */
	file: number;
	/** RAM of Veil itself: what is above, .bss, manifest and work memory. */
	ram: number;
	/** RAM that keeps payloads for restarts. */
	payloads: number;
}

/** Sizes of Veil when these guests are composed with it. */
export async function veilSizes(
	veil: string,
	folder: string,
	guests: RunRequest["guests"],
	options: VeilOptions = {},
): Promise<VeilSizes> {
	const { image } = await composeGuests(veil, folder, guests, options);
	const bytes = await readFile(image);
	const header = veilImageHeader.read(bytes);
	const manifestOffset = Number(header.manifestOffset);
	const manifest = veilManifest.read(bytes, manifestOffset);
	const owned = (owner: number) => {
		let size = 0n;
		for (let n = 0; n < manifest.regions.count; n++) {
			const region = veilRegion.read(bytes, manifestOffset + manifest.regions.offset + n * veilRegion.size);
			if (region.owner === owner) size += region.size;
		}
		return Number(size);
	};
	return { file: Number(header.veilFileSize), ram: owned(VEIL_OWNER_VEIL), payloads: owned(VEIL_OWNER_PAYLOADS) };
}

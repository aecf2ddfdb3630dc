// SPDX-License-Identifier: Apache-2.0
// Writes a device image: Veil, the manifest and the payloads in one file, all addresses computed.
import { open, readFile } from "node:fs/promises";
import { UserError } from "../util/errors.ts";
import {
	VEIL_ABI_VERSION,
	VEIL_IMAGE_MAGIC,
	VEIL_MAX_PAYLOADS,
	VEIL_MAX_PERSONAS,
	VEIL_PAGE_SIZE,
	VEIL_SHA256_BYTES,
	VEIL_SIGNATURE_DEVELOPMENT,
	type VeilSegment,
	veilImageHeader,
} from "./abi.ts";
import { compileDeviceTree, deviceTreeSource, findProperty, MAX_DEVICE_TREE } from "./device-tree.ts";
import { GUEST_RAM_BASE, type GuestLayout, type ImageLayout, layoutGuest, layoutImage } from "./layout.ts";
import { digestWithout, type Payload, payloadOf, writePayload } from "./payload.ts";
import { encodeManifest, manifestSize, nameBytes } from "./veil-manifest.ts";

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
	kernel: Payload & ({ format: "image"; textOffset: number; imageSize: number } | { format: "flat" });
	initramfs?: Payload;
	/** The guest's own device tree; undefined: the generated one. */
	deviceTree?: Payload;
	commandLine: string;
}

/** Everything the composer needs. */
export interface ComposeSpec {
	/** veil.bin as its build leaves it. */
	veil: Uint8Array;
	board: string;
	machineVersion: number;
	/** Host-physical: start and greatest size of RAM, and where the image is loaded. */
	ram: { base: number; limit: number; loadAddress: number };
	cpuCount: number;
	initialForeground: number;
	/** enum veil_manifest_flag */
	flags: number;
	personas: ComposePersona[];
}

/** What was written. */
export interface Composed {
	size: number;
	/** Bytes of RAM the handset needs. */
	ramSize: number;
}

interface Placed {
	persona: ComposePersona;
	layout: GuestLayout;
	deviceTree: Payload;
	seeds: { rng: number; kaslr: number };
}

/**
 * Writes a device image to `path`.
 *
 * @throws UserError when the personas do not fit the board, or there are more than Veil takes
 */
export async function compose(spec: ComposeSpec, path: string, signal?: AbortSignal): Promise<Composed> {
	if (spec.personas.length > VEIL_MAX_PERSONAS) {
		throw new UserError(`a phone has at most ${VEIL_MAX_PERSONAS} personas, this one has ${spec.personas.length}`);
	}
	const header = checkVeil(spec.veil);
	const placed: Placed[] = [];
	for (const persona of spec.personas) placed.push(await place(persona, signal));

	const { payloads, segments } = segmentsOf(placed);
	if (payloads.length > VEIL_MAX_PAYLOADS) throw new UserError(`the personas have more than ${VEIL_MAX_PAYLOADS} different images`);
	// Regions are merged nowhere, so their number is that of the layout's whatever the sizes.
	const shape = {
		ramBase: spec.ram.base,
		loadAddress: spec.ram.loadAddress,
		ramLimit: spec.ram.limit,
		veilSize: Number(header.veilSize),
		payloadSizes: payloads.map(({ size }) => size),
		personas: spec.personas.map(({ memoryBytes, cpuCount }) => ({ memoryBytes, cpus: cpuCount })),
	};
	const counts = { payloads: payloads.length, segments: segments.length, personas: spec.personas.length };
	const regions = layoutImage({ ...shape, manifestSize: VEIL_PAGE_SIZE }).regions.length;
	const layout = layoutImage({ ...shape, manifestSize: manifestSize({ ...counts, regions }) });

	const manifest = (imageSha256: Uint8Array) => encodeManifest(manifestOf(spec, placed, payloads, segments, layout, imageSha256));
	const size = manifest(new Uint8Array(VEIL_SHA256_BYTES)).length;
	const veil = Uint8Array.from(spec.veil);
	veilImageHeader.write(
		{
			...header,
			imageSize: BigInt(layout.imageSize),
			manifestOffset: BigInt(layout.manifestOffset),
			manifestSize: BigInt(size),
		},
		veil,
	);

	const file = await open(path, "w+", 0o600);
	try {
		await file.truncate(layout.imageSize);
		await file.write(veil, 0, veil.length, 0);
		for (const [index, payload] of payloads.entries()) {
			await writePayload(file, layout.payloadOffsets[index] ?? 0, payload, signal);
		}
		const digest = await digestWithout(file, layout.imageSize, layout.manifestOffset, size, signal);
		await file.write(manifest(digest), 0, size, layout.manifestOffset);
	} finally {
		await file.close();
	}
	return { size: layout.imageSize, ramSize: layout.ramSize };
}

function checkVeil(veil: Uint8Array) {
	const header = veilImageHeader.read(veil);
	if (header.veilMagic !== VEIL_IMAGE_MAGIC || header.abiVersion !== VEIL_ABI_VERSION) {
		throw new Error("veil.bin has no Veil image header of this ABI version");
	}
	if (
		header.veilSize % BigInt(VEIL_PAGE_SIZE) !== 0n ||
		header.veilSize < veil.length ||
		Number(header.veilFileSize) !== veil.length
	) {
		throw new Error(
			`veil.bin of ${veil.length} bytes says it has ${header.veilFileSize} in the file and ${header.veilSize} in memory`,
		);
	}
	return header;
}

async function place(persona: ComposePersona, signal?: AbortSignal): Promise<Placed> {
	const layout = layoutGuest(
		{ memoryBytes: persona.memoryBytes, kernel: persona.kernel, ...optional("initramfs", persona.initramfs?.size) },
		persona.deviceTree?.size ?? MAX_DEVICE_TREE,
		persona.name,
	);
	const deviceTree = persona.deviceTree ?? (await generatedTree(persona, layout, signal));
	const bytes = "bytes" in deviceTree.source ? deviceTree.source.bytes : await readFile(deviceTree.source.path);
	const seed = (name: string, size: number): number => {
		const property = findProperty(bytes, ["chosen"], name);
		return property === undefined || property.size !== size ? 0 : layout.deviceTree + property.offset;
	};
	return { persona, layout, deviceTree, seeds: { rng: seed("rng-seed", 32), kaslr: seed("kaslr-seed", 8) } };
}

async function generatedTree(persona: ComposePersona, layout: GuestLayout, signal?: AbortSignal): Promise<Payload> {
	const { initramfs } = persona;
	const source = deviceTreeSource({
		ram: { base: GUEST_RAM_BASE, size: persona.memoryBytes },
		cpus: persona.cpuCount,
		devices: persona.devices,
		commandLine: persona.commandLine,
		...optional(
			"initramfs",
			layout.initramfs === undefined || initramfs === undefined ? undefined : { start: layout.initramfs, size: initramfs.size },
		),
	});
	return payloadOf(await compileDeviceTree(source, signal));
}

// Identical payloads are stored once; they come in the order in which the personas first need them.
function segmentsOf(placed: Placed[]): { payloads: Payload[]; segments: VeilSegment[] } {
	const payloads: Payload[] = [];
	const segments: VeilSegment[] = [];
	placed.forEach(({ persona, layout, deviceTree }, index) => {
		const parts: [Payload | undefined, number | undefined][] = [
			[persona.kernel, layout.entry],
			[persona.initramfs, layout.initramfs],
			[deviceTree, layout.deviceTree],
		];
		for (const [payload, address] of parts) {
			if (payload === undefined || address === undefined) continue;
			let at = payloads.findIndex(({ digest }) => digest === payload.digest);
			if (at < 0) at = payloads.push(payload) - 1;
			segments.push({
				persona: index,
				payload: at,
				guestAddress: BigInt(address),
				payloadOffset: 0n,
				size: BigInt(payload.size),
			});
		}
	});
	return { payloads, segments };
}

function manifestOf(
	spec: ComposeSpec,
	placed: Placed[],
	payloads: Payload[],
	segments: VeilSegment[],
	layout: ImageLayout,
	imageSha256: Uint8Array,
) {
	return {
		mustUnderstand: 0,
		board: nameBytes(spec.board),
		machineVersion: spec.machineVersion,
		signatureKind: VEIL_SIGNATURE_DEVELOPMENT,
		keyId: new Uint8Array(VEIL_SHA256_BYTES),
		versionCounter: 0n,
		imageSha256,
		signature: new Uint8Array(64),
		ramBase: BigInt(spec.ram.base),
		ramSize: BigInt(layout.ramSize),
		workBase: BigInt(layout.workBase),
		workSize: BigInt(layout.workSize),
		cpuCount: spec.cpuCount,
		initialForeground: spec.initialForeground,
		flags: spec.flags,
		regions: layout.regions.map(({ base, size, owner }) => ({
			base: BigInt(base),
			size: BigInt(size),
			owner,
			reserved: 0,
		})),
		payloads: payloads.map(({ digest, size }, index) => ({
			offset: BigInt(layout.payloadOffsets[index] ?? 0),
			size: BigInt(size),
			sha256: Buffer.from(digest.replace("sha256:", ""), "hex"),
		})),
		segments,
		personas: placed.map(({ persona, layout: guest, seeds }, index) => ({
			name: nameBytes(persona.name),
			uuid: persona.uuid,
			label: nameBytes(persona.label),
			colour: persona.colour,
			flags: persona.flags,
			devices: persona.devices,
			cpuCount: persona.cpuCount,
			cpuShare: persona.cpuShare,
			cpuCapPercent: persona.cpuCapPercent,
			cpuAffinity: persona.cpuAffinity,
			restartLimit: persona.restartLimit,
			restartWindowSeconds: persona.restartWindowSeconds,
			reserved: 0,
			ramGuestBase: BigInt(GUEST_RAM_BASE),
			ramSize: BigInt(persona.memoryBytes),
			ramHostBase: BigInt(layout.personaBases[index] ?? 0),
			entry: BigInt(guest.entry),
			x0: BigInt(guest.deviceTree),
			rngSeedAddress: BigInt(seeds.rng),
			kaslrSeedAddress: BigInt(seeds.kaslr),
		})),
	};
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
	return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

// SPDX-License-Identifier: Apache-2.0
// Writes a device image: Veil, the manifest and the payloads in one file, all addresses computed.
import { open } from "node:fs/promises";
import { UserError } from "../util/errors.ts";
import {
	VEIL_ABI_VERSION,
	VEIL_DEVICE_AGENT,
	VEIL_DEVICE_FLASH,
	VEIL_DEVICE_NETWORK,
	VEIL_IMAGE_MAGIC,
	VEIL_MAX_PAYLOADS,
	VEIL_MAX_PERSONAS,
	VEIL_MAX_STORAGE_RANGES,
	VEIL_PAGE_SIZE,
	VEIL_SHA256_BYTES,
	type VeilSegment,
	type VeilStorageRange,
	type VeilSurface,
	veilImageHeader,
} from "./abi.ts";
import { type ComposePersona, type Placed, place } from "./compose-persona.ts";
import { type GuestMachine, VIRT } from "./guest-machine.ts";
import { flashBytes, type ImageLayout, layoutImage } from "./layout.ts";
import { optional } from "./optional.ts";
import { digestWithout, type Payload, writePayload } from "./payload.ts";
import { encodePolicy, NOTHING_SHARED, type Sharing } from "./policy-section.ts";
import { type ImageSigning, signatureFields, signManifest, signPolicy } from "./sign-image.ts";
import { DEVELOPMENT_MARK } from "./strip.ts";
import { type Display, PIXEL_FORMATS, type SurfaceShape, surfaceShape } from "./surface.ts";
import { encodeManifest, manifestSize, nameBytes } from "./veil-manifest.ts";

/** Everything the composer needs. */
export interface ComposeSpec {
	/** veil.bin as its build leaves it. */
	veil: Uint8Array;
	board: string;
	/** Of the guests; default: VIRT. */
	machine?: GuestMachine;
	machineVersion: number;
	/** Host-physical: start, greatest and least size of RAM, and where the image is loaded. */
	ram: { base: number; limit: number; minimum?: number; loadAddress: number };
	cpuCount: number;
	initialForeground: number;
	/** enum veil_manifest_flag */
	flags: number;
	/** The board's screen; needed when a persona has a display. */
	display?: Display;
	/** Linux key codes of the sequence that switches; none by default. */
	hotkey?: number[];
	/** What the personas may reach and share; nothing by default. */
	policy?: Sharing;
	personas: ComposePersona[];
	/** Who signs it; nobody by default: then it is for development, and its strips say so. */
	signing?: ImageSigning;
}

/** What was written. */
export interface Composed {
	size: number;
	/** Bytes of RAM the handset needs. */
	ramSize: number;
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
	const surface = surfaceOf(spec);
	const { machine = VIRT, signing } = spec;
	const mark = signing === undefined ? DEVELOPMENT_MARK : "";
	const placed: Placed[] = [];
	for (const persona of spec.personas) placed.push(await place({ ...persona, mark }, surface, machine, signal));

	const storageRanges = storageRangesOf(spec.personas);
	const { payloads, segments } = segmentsOf(placed);
	if (payloads.length > VEIL_MAX_PAYLOADS) throw new UserError(`the personas have more than ${VEIL_MAX_PAYLOADS} different images`);
	// Regions are merged nowhere, so their number is that of the layout's whatever the sizes.
	const shape = {
		ramBase: spec.ram.base,
		loadAddress: spec.ram.loadAddress,
		ramLimit: spec.ram.limit,
		...optional("ramMinimum", spec.ram.minimum),
		machine,
		veilSize: Number(header.veilSize),
		payloadSizes: payloads.map(({ size }) => size),
		personas: spec.personas.map((persona) => ({
			memoryBytes: persona.memoryBytes,
			cpus: persona.cpuCount,
			display: persona.display,
			volumes: persona.volumes?.length ?? 0,
			flashBytes: flashBytes(persona).code + flashBytes(persona).variables,
			hasNetwork: (persona.devices & VEIL_DEVICE_NETWORK) !== 0,
		})),
		...optional("surface", surface),
		isSigned: signing !== undefined,
	};
	const counts = {
		payloads: payloads.length,
		segments: segments.length,
		personas: spec.personas.length,
		surfaces: surface === undefined ? 0 : spec.personas.length,
		storageRanges: storageRanges.length,
	};
	const regions = layoutImage({ ...shape, manifestSize: VEIL_PAGE_SIZE }).regions.length;
	const layout = layoutImage({ ...shape, manifestSize: manifestSize({ ...counts, regions }) });

	const surfaces = surface === undefined ? [] : surfacesOf(surface, placed, payloads, layout);
	const policy = encodePolicy(
		spec.policy ?? NOTHING_SHARED,
		spec.personas.map((persona) => ({ ...persona, agent: (persona.devices & VEIL_DEVICE_AGENT) !== 0 })),
	);
	await signPolicy(policy, signing, signal);
	const manifest = (imageSha256: Uint8Array) =>
		encodeManifest({ ...manifestOf(spec, placed, payloads, segments, layout, imageSha256), surfaces, storageRanges, policy });
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
		const bytes = manifest(digest);
		await signManifest(bytes, signing, signal);
		await file.write(bytes, 0, size, layout.manifestOffset);
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

function surfaceOf({ personas, display }: ComposeSpec): SurfaceShape | undefined {
	if (!personas.some((persona) => persona.display)) return undefined;
	if (display === undefined) throw new UserError("a persona has a display, the board has no screen");
	return surfaceShape(display);
}

// Identical payloads are stored once; they come in the order in which the personas first need them.
function segmentsOf(placed: Placed[]): { payloads: Payload[]; segments: VeilSegment[] } {
	const payloads: Payload[] = [];
	const segments: VeilSegment[] = [];
	const add = (payload: Payload): number => {
		const at = payloads.findIndex(({ digest }) => digest === payload.digest);
		return at < 0 ? payloads.push(payload) - 1 : at;
	};
	placed.forEach(({ persona, layout, deviceTree, strip }, index) => {
		const parts: [Payload | undefined, number | undefined][] = [
			[persona.kernel, layout.kernel],
			[persona.initramfs, layout.initramfs],
			[deviceTree, layout.deviceTree],
		];
		for (const [payload, address] of parts) {
			if (payload === undefined || address === undefined) continue;
			segments.push({
				persona: index,
				payload: add(payload),
				guestAddress: BigInt(address),
				payloadOffset: 0n,
				size: BigInt(payload.size),
			});
		}
		if (strip !== undefined) add(strip);
		if (persona.patches !== undefined) add(persona.patches);
	});
	return { payloads, segments };
}

/** @throws UserError when there are more than Veil takes */
function storageRangesOf(personas: readonly ComposePersona[]): VeilStorageRange[] {
	const ranges = personas.flatMap(({ volumes = [] }, persona) =>
		volumes.map(({ name, range }) => ({
			persona,
			reserved: 0,
			firstSector: BigInt(range.first),
			sectorCount: BigInt(range.count),
			name: nameBytes(name),
		})),
	);
	if (ranges.length <= VEIL_MAX_STORAGE_RANGES) return ranges;
	throw new UserError(`a phone has at most ${VEIL_MAX_STORAGE_RANGES} volumes, this one has ${ranges.length}`);
}

function surfacesOf(shape: SurfaceShape, placed: Placed[], payloads: Payload[], layout: ImageLayout): VeilSurface[] {
	return placed.map(({ strip }, index) => {
		const place = layout.surfaces[index];
		return {
			width: shape.width,
			height: shape.height,
			stride: shape.stride,
			format: PIXEL_FORMATS[shape.format].fourcc,
			stripRows: shape.stripRows,
			stripPayload: payloads.findIndex(({ digest }) => digest === strip?.digest),
			hostBase: BigInt(place?.hostBase ?? 0),
			bodySize: BigInt(shape.bodySize),
			bodyGuestBase: BigInt(place?.bodyGuestBase ?? 0),
		};
	});
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
		...signatureFields(spec.signing),
		imageSha256,
		ramBase: BigInt(spec.ram.base),
		ramSize: BigInt(layout.ramSize),
		workBase: BigInt(layout.workBase),
		workSize: BigInt(layout.workSize),
		cpuCount: spec.cpuCount,
		initialForeground: spec.initialForeground,
		flags: spec.flags,
		hotkeyCount: spec.hotkey?.length ?? 0,
		hotkey: spec.hotkey ?? [],
		viewBase: BigInt(layout.viewBase ?? 0),
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
			devices: persona.devices | (persona.kernel.format === "firmware" ? VEIL_DEVICE_FLASH : 0),
			cpuCount: persona.cpuCount,
			cpuShare: persona.cpuShare,
			cpuCapPercent: persona.cpuCapPercent,
			cpuAffinity: persona.cpuAffinity,
			restartLimit: persona.restartLimit,
			restartWindowSeconds: persona.restartWindowSeconds,
			flashCodePages: flashBytes(persona).code / VEIL_PAGE_SIZE,
			flashVariablePages: flashBytes(persona).variables / VEIL_PAGE_SIZE,
			ramGuestBase: BigInt((spec.machine ?? VIRT).ramBase),
			ramSize: BigInt(persona.memoryBytes),
			ramHostBase: BigInt(layout.personaBases[index] ?? 0),
			entry: BigInt(guest.entry),
			x0: BigInt(guest.deviceTree),
			rngSeedAddress: BigInt(seeds.rng),
			kaslrSeedAddress: BigInt(seeds.kaslr),
			patchPayload: persona.patches === undefined ? 0 : payloads.findIndex(({ digest }) => digest === persona.patches?.digest),
			patchCount: (persona.patches?.size ?? 0) / 4,
		})),
	};
}

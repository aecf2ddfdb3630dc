// SPDX-License-Identifier: Apache-2.0
// What a handset needs to know of a device image before it starts it: board, RAM, CPUs and the personas in their order.
import { open } from "node:fs/promises";
import {
	VEIL_ABI_VERSION,
	VEIL_DEVICE_INPUT,
	VEIL_DEVICE_NETWORK,
	VEIL_IMAGE_MAGIC,
	VEIL_MANIFEST_MAGIC,
	VEIL_MAX_PERSONAS,
	VEIL_MAX_PIXELS,
	VEIL_MAX_STORAGE_RANGES,
	VEIL_POLICY_BYTES,
	VEIL_SECTOR_BYTES,
	VEIL_SIGNATURE_DEVELOPMENT,
	VEIL_START_AT_BOOT,
	type VeilSurface,
	type VeilTable,
	veilImageHeader,
	veilManifest,
	veilPersona,
	veilPolicy,
	veilStorageRange,
	veilSurface,
} from "../image/abi.ts";
import type { Codec } from "../image/codec.ts";
import { PIXEL_FORMATS, pixelFormat } from "../image/surface.ts";
import { fingerprintOf } from "../signing/index.ts";
import { sha256, sha256File } from "../util/digest.ts";
import { errorCode, UserError } from "../util/errors.ts";
import type { RecordedSurface } from "./record.ts";
import type { ImageReference } from "./types.ts";

const MANIFEST_MAX = 1 << 20;

export interface ImageFacts {
	readonly board: string;
	readonly ramMiB: number;
	readonly cpus: number;
	/** The personas have pictures to show. */
	readonly hasScreen: boolean;
	/** Volumes of a disk, which the handset must then have. */
	readonly volumes: readonly { readonly persona: string; readonly name: string; readonly size: number }[];
	/** Who says to have signed it, as which version; undefined: nobody. It is not checked here. */
	readonly signature: { readonly key: string; readonly version: number } | undefined;
	/** Digest of all of the image but its policy, version and signature: the same for images that differ in those alone. */
	readonly base: string;
	/** The policy's section, header and tables, and its digest as Veil tells it. */
	readonly policy: Uint8Array;
	readonly policyDigest: string;
	/** A persona is on a network. */
	readonly hasNetwork: boolean;
	/** Keys are listened to. */
	readonly hasKeys: boolean;
	/** A persona gets touch. */
	readonly hasTouch: boolean;
	readonly personas: readonly {
		readonly name: string;
		readonly label: string;
		/** 0xRRGGBB */
		readonly colour: number;
		readonly startAtBoot: boolean;
		readonly surface?: RecordedSurface;
	}[];
}

/** Checks the whole file against its digest, then reads what its manifest says. */
export async function readImageFacts(image: ImageReference, signal?: AbortSignal): Promise<ImageFacts> {
	const refuse = (message: string) =>
		new UserError(message, {
			where: image.path,
			remedy: "compose the image again: `pulumi up`, or `persona gc` if the store is damaged",
		});
	try {
		if ((await sha256File(image.path, signal)) !== image.digest) throw refuse(`is not the image ${image.digest}`);
	} catch (error) {
		if (errorCode(error) === "ENOENT") throw refuse("does not exist");
		throw error;
	}
	const file = await open(image.path);
	try {
		const read = async (offset: number, length: number) => {
			const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, offset);
			if (bytesRead !== length) throw refuse("ends before its manifest does");
			return buffer;
		};
		const header = veilImageHeader.read(await read(0, veilImageHeader.size));
		if (header.veilMagic !== VEIL_IMAGE_MAGIC) throw refuse("is no device image");
		if (header.abiVersion !== VEIL_ABI_VERSION)
			throw refuse(`has format ${header.abiVersion}; this version knows ${VEIL_ABI_VERSION}`);
		const size = Number(header.manifestSize);
		if (size < veilManifest.size || size > MANIFEST_MAX) throw refuse("has no manifest");
		const bytes = await read(Number(header.manifestOffset), size);
		const manifest = veilManifest.read(bytes);
		const table = <T extends object>({ offset, count }: VeilTable, codec: Codec<T>): T[] => {
			if (count > Math.max(VEIL_MAX_PERSONAS, VEIL_MAX_STORAGE_RANGES) || offset + count * codec.size > size)
				throw refuse("has a damaged manifest");
			return Array.from({ length: count }, (_, index) => codec.read(bytes, offset + index * codec.size));
		};
		if (manifest.magic !== VEIL_MANIFEST_MAGIC) throw refuse("has a damaged manifest");
		const personas = table(manifest.personas, veilPersona);
		const volumes = table(manifest.storageRanges, veilStorageRange);
		const hasInput = personas.some(({ devices }) => (devices & VEIL_DEVICE_INPUT) !== 0);
		const surfaces = table(manifest.surfaces, veilSurface);
		if (surfaces.some((surface) => !isPicture(surface))) throw refuse("has a damaged manifest");
		const end = manifest.policyOffset + VEIL_POLICY_BYTES;
		if (manifest.policyCapacity !== VEIL_POLICY_BYTES || end > size) throw refuse("has a damaged manifest");
		const section = bytes.subarray(manifest.policyOffset, end);
		const policy = Uint8Array.from(section.subarray(0, veilPolicy.read(section).size));
		return {
			signature:
				manifest.signatureKind === VEIL_SIGNATURE_DEVELOPMENT
					? undefined
					: { key: fingerprintOf(manifest.keyId), version: Number(manifest.versionCounter) },
			// The manifest holds a digest of every other byte of the image.
			base: sha256(withoutFields(bytes, ["versionCounter", "signature"]).fill(0, manifest.policyOffset, end)),
			policy,
			policyDigest: sha256(policy),
			board: text(manifest.board),
			ramMiB: Math.ceil(Number(manifest.ramSize) / (1 << 20)),
			cpus: manifest.cpuCount,
			hasScreen: surfaces.length > 0,
			volumes: volumes.map(({ persona, name, sectorCount }) => ({
				persona: text(personas[persona]?.name ?? new Uint8Array()),
				name: text(name),
				size: Number(sectorCount) * VEIL_SECTOR_BYTES,
			})),
			hasKeys: manifest.hotkeyCount > 0 || hasInput,
			hasTouch: hasInput,
			hasNetwork: personas.some(({ devices }) => (devices & VEIL_DEVICE_NETWORK) !== 0),
			personas: personas.map(({ name, label, colour, flags }, index) => ({
				name: text(name),
				label: text(label),
				colour: colour & 0xffffff,
				startAtBoot: (flags & VEIL_START_AT_BOOT) !== 0,
				...recorded(surfaces[index]),
			})),
		};
	} finally {
		await file.close();
	}
}

/** A copy of a manifest with these fields as zeros. */
function withoutFields(manifest: Uint8Array, names: readonly string[]): Buffer {
	const copy = Buffer.from(manifest);
	for (const [index, [name, , offset]] of veilManifest.fields.entries())
		if (names.includes(name)) copy.fill(0, offset, veilManifest.fields[index + 1]?.[2]);
	return copy;
}

function isPicture({ width, height, stride, format }: VeilSurface): boolean {
	const known = pixelFormat(format);
	if (known === undefined || width > VEIL_MAX_PIXELS || height > VEIL_MAX_PIXELS) return false;
	return stride === width * PIXEL_FORMATS[known].bytes;
}

function recorded(surface: VeilSurface | undefined): { surface?: RecordedSurface } {
	const format = surface === undefined ? undefined : pixelFormat(surface.format);
	if (surface === undefined || format === undefined) return {};
	const { hostBase, width, height, stride } = surface;
	return { surface: { hostBase: Number(hostBase), width, height, stride, format } };
}

function text(bytes: Uint8Array): string {
	const end = bytes.indexOf(0);
	return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString("latin1");
}

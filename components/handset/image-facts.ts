// SPDX-License-Identifier: Apache-2.0
// What a handset needs to know of a device image before it starts it: board, RAM, CPUs and the personas in their order.
import { open } from "node:fs/promises";
import {
	VEIL_ABI_VERSION,
	VEIL_IMAGE_MAGIC,
	VEIL_MANIFEST_MAGIC,
	VEIL_MAX_PERSONAS,
	VEIL_START_AT_BOOT,
	veilImageHeader,
	veilManifest,
	veilPersona,
} from "../image/abi.ts";
import { sha256File } from "../util/digest.ts";
import { errorCode, UserError } from "../util/errors.ts";
import type { ImageReference } from "./types.ts";

const MANIFEST_MAX = 1 << 20;

export interface ImageFacts {
	readonly board: string;
	readonly ramMiB: number;
	readonly cpus: number;
	readonly personas: readonly { readonly name: string; readonly startAtBoot: boolean }[];
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
		const { offset, count } = manifest.personas;
		if (manifest.magic !== VEIL_MANIFEST_MAGIC || count > VEIL_MAX_PERSONAS || offset + count * veilPersona.size > size) {
			throw refuse("has a damaged manifest");
		}
		const personas = Array.from({ length: count }, (_, index) => veilPersona.read(bytes, offset + index * veilPersona.size));
		return {
			board: text(manifest.board),
			ramMiB: Math.ceil(Number(manifest.ramSize) / (1 << 20)),
			cpus: manifest.cpuCount,
			personas: personas.map(({ name, flags }) => ({ name: text(name), startAtBoot: (flags & VEIL_START_AT_BOOT) !== 0 })),
		};
	} finally {
		await file.close();
	}
}

function text(bytes: Uint8Array): string {
	const end = bytes.indexOf(0);
	return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString("latin1");
}

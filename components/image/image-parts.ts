// SPDX-License-Identifier: Apache-2.0
// A device image cut into what it is made of, each part by a name that another image has for the same: what differs between two of them, in words.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { sha256 } from "../util/digest.ts";
import {
	VEIL_DEVICE_FLASH,
	veilImageHeader,
	veilManifest,
	veilPayload,
	veilPersona,
	veilRegion,
	veilSegment,
	veilStorageRange,
	veilSurface,
} from "./abi.ts";
import { optional } from "./optional.ts";
import { nameText, type Tables } from "./veil-manifest.ts";
import { type RawImage, readRawImage } from "./verify.ts";

/** Bytes of an image. */
export interface ImagePart {
	/** Such as `Veil` or `the kernel of work`. A payload that several personas share is a part of each. */
	readonly name: string;
	/** From the start of the file. */
	readonly from: number;
	readonly size: number;
	/** Of a payload: its digest by the manifest, `sha256:<hex>`. */
	readonly payload?: string;
}

/** The parts of an image, in the order of the file. @throws RangeError when the file is no device image */
export async function readImageParts(path: string): Promise<ImagePart[]> {
	const file = await open(path);
	try {
		return partsOf(await readRawImage(file));
	} finally {
		await file.close();
	}
}

/** What an image has at an offset; undefined when the file is no device image. */
export async function placeInImage(path: string, offset: number): Promise<string | undefined> {
	try {
		const part = (await readImageParts(path)).find(({ from, size }) => offset >= from && offset < from + size);
		return part === undefined ? undefined : `${part.name}, ${offset - part.from} bytes from its start`;
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}

/** Digests by the names of parts; what has one name is one. @throws RangeError when the file is no device image */
export async function digestsOfParts(path: string, signal?: AbortSignal): Promise<Map<string, string>> {
	const known = new Map<string, string>();
	const found = new Map<string, string>();
	for (const { name, from, size } of await readImageParts(path)) {
		const range = `${from} ${size}`;
		const digest = known.get(range) ?? (await digestOf(path, from, size, signal));
		known.set(range, digest);
		const before = found.get(name);
		found.set(name, before === undefined ? digest : sha256(before + digest));
	}
	return found;
}

/** Names of the parts that are not the same in two images, or are in one of them only. */
export function differingParts(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] {
	return [...new Set([...one.keys(), ...other.keys()])].filter((name) => one.get(name) !== other.get(name));
}

async function digestOf(path: string, from: number, size: number, signal?: AbortSignal): Promise<string> {
	const hash = createHash("sha256");
	if (size > 0)
		await pipeline(createReadStream(path, { start: from, end: from + size - 1 }), hash, { ...optional("signal", signal) });
	return `sha256:${hash.digest("hex")}`;
}

function partsOf(image: RawImage): ImagePart[] {
	const { header, manifest, tables, size } = image;
	const named: ImagePart[] = [
		{ name: "Veil's header", from: 0, size: veilImageHeader.size },
		{ name: "Veil", from: veilImageHeader.size, size: Number(header.veilFileSize) - veilImageHeader.size },
		...manifestParts(Number(header.manifestOffset), manifest),
		...tables.payloads.flatMap((payload, index) => payloadParts(payload, usesOf(tables, index), index)),
	];
	const parts: ImagePart[] = [];
	let at = 0;
	for (const part of named) {
		if (part.from > at) parts.push({ name: "room that belongs to nothing", from: at, size: part.from - at });
		parts.push(part);
		at = Math.max(at, part.from + part.size);
	}
	if (size > at) parts.push({ name: "room that belongs to nothing", from: at, size: size - at });
	// Nothing of a file is to be believed yet.
	const within = (offset: number) => Math.min(Math.max(offset, 0), size);
	return parts.map((part) => {
		const from = within(part.from);
		return { ...part, from, size: within(part.from + part.size) - from };
	});
}

/** The signature apart from what is signed; the digest of the image apart, since it follows from all the rest. */
function manifestParts(base: number, manifest: RawImage["manifest"]): ImagePart[] {
	const at = (name: string, from: number, to: number): ImagePart => ({ name, from: base + from, size: to - from });
	const [kind, digest, signature, rest] = ["signatureKind", "imageSha256", "signature", "ramBase"].map((field) =>
		veilManifest.offsetOf(field as keyof RawImage["manifest"]),
	) as [number, number, number, number];
	const table = (name: string, { offset, count }: { offset: number; count: number }, entry: number) =>
		at(`the manifest's ${name}`, offset, offset + count * entry);
	return [
		at("the manifest's header", 0, kind),
		at("the signature", kind, digest),
		at("the digest of the image", digest, signature),
		at("the signature", signature, rest),
		at("the manifest's header", rest, veilManifest.size),
		table("regions of memory", manifest.regions, veilRegion.size),
		table("list of payloads", manifest.payloads, veilPayload.size),
		table("list of segments", manifest.segments, veilSegment.size),
		table("list of personas", manifest.personas, veilPersona.size),
		table("list of pictures", manifest.surfaces, veilSurface.size),
		table("list of volumes", manifest.storageRanges, veilStorageRange.size),
		at("the policy", manifest.policyOffset, manifest.policyOffset + manifest.policyCapacity),
	];
}

function payloadParts({ offset, size, sha256 }: Tables["payloads"][number], uses: readonly string[], index: number): ImagePart[] {
	const digest = `sha256:${Buffer.from(sha256).toString("hex")}`;
	const names = uses.length === 0 ? [`payload ${index}`] : uses;
	return names.map((name) => ({ name, from: Number(offset), size: Number(size), payload: digest }));
}

/** What personas use a payload as. */
function usesOf({ personas, segments, surfaces }: Tables, payload: number): string[] {
	return personas.flatMap((persona, index) => {
		const { entry, x0, devices, patchCount, patchPayload } = persona;
		const roles: string[] = segments
			.filter((segment) => segment.persona === index && segment.payload === payload)
			.map(({ guestAddress, size }) => {
				const holds = (address: bigint) => address >= guestAddress && address < guestAddress + size;
				if (holds(entry)) return (devices & VEIL_DEVICE_FLASH) === 0 ? "kernel" : "firmware";
				return holds(x0) ? "device tree" : "initial filesystem";
			});
		if (patchCount > 0 && patchPayload === payload) roles.push("table of patches");
		if (surfaces[index]?.stripPayload === payload) roles.push("strip");
		return [...new Set(roles)].map((role) => `the ${role} of ${nameText(persona.name)}`);
	});
}

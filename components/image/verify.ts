// SPDX-License-Identifier: Apache-2.0
// Checks a device image before anything runs it. It shares no arithmetic with the composer: it reads the file as Veil will, and asks
// whether any two owners meet, anything points outside what it may, or any byte is not what its digest says.
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { PublicKey } from "../signing/index.ts";
import {
	VEIL_ABI_VERSION,
	VEIL_DEVICE_FLASH,
	VEIL_FLASH_CODE,
	VEIL_FLASH_VARIABLES,
	VEIL_IMAGE_MAGIC,
	VEIL_MANIFEST_MAGIC,
	VEIL_MAX_CPUS,
	VEIL_MAX_FLASH_PAGES,
	VEIL_MAX_PAYLOADS,
	VEIL_MAX_PERSONAS,
	VEIL_MAX_REGIONS,
	VEIL_MAX_SEGMENTS,
	VEIL_MAX_STORAGE_RANGES,
	VEIL_OWNER_FREE,
	VEIL_OWNER_PAYLOADS,
	VEIL_OWNER_VEIL,
	VEIL_PAGE_SIZE,
	VEIL_POLICY_BYTES,
	type VeilImageHeader,
	type VeilManifest,
	veilImageHeader,
	veilManifest,
	veilPayload,
	veilPersona,
	veilRegion,
	veilSegment,
	veilStorageRange,
	veilSurface,
} from "./abi.ts";
import type { Codec } from "./codec.ts";
import { policyProblems, policySection } from "./policy-section.ts";
import { emptyTables, nameText, type Tables } from "./veil-manifest.ts";
import { hex, ownedBy } from "./verify-owner.ts";
import { patchProblems } from "./verify-patches.ts";
import { signatureProblems } from "./verify-signature.ts";
import { storageProblems } from "./verify-storage.ts";
import { surfaceProblems } from "./verify-surface.ts";

/** A device image as read, nothing in it believed yet. */
export interface RawImage {
	size: number;
	header: VeilImageHeader;
	manifest: VeilManifest;
	manifestBytes: Uint8Array;
	tables: Tables;
}

const PAGE = BigInt(VEIL_PAGE_SIZE);
const MANIFEST_LIMIT = 1n << 20n;

/** Reads an image's header and manifest. @throws RangeError when the file holds none */
export async function readRawImage(file: FileHandle): Promise<RawImage> {
	const { size } = await file.stat();
	const header = veilImageHeader.read(await bytesAt(file, 0, veilImageHeader.size));
	if (header.veilMagic !== VEIL_IMAGE_MAGIC) throw new RangeError("no device image: Veil's header is missing");
	if (header.abiVersion !== VEIL_ABI_VERSION)
		throw new RangeError(`format ${header.abiVersion}, this version knows ${VEIL_ABI_VERSION}`);
	const { manifestOffset, manifestSize } = header;
	if (manifestSize < veilManifest.size || manifestSize > MANIFEST_LIMIT || manifestOffset + manifestSize > size) {
		throw new RangeError("the manifest lies outside the file");
	}
	const manifestBytes = await bytesAt(file, Number(manifestOffset), Number(manifestSize));
	const manifest = veilManifest.read(manifestBytes);
	if (manifest.magic !== VEIL_MANIFEST_MAGIC) throw new RangeError("the manifest's first word is wrong");
	const table = <T extends object>(
		{ offset, count }: { offset: number; count: number },
		codec: Codec<T>,
		most: number,
		name: string,
	) => {
		if (count > most) throw new RangeError(`${count} ${name}, at most ${most} are possible`);
		return Array.from({ length: count }, (_, index) => codec.read(manifestBytes, offset + index * codec.size));
	};
	const tables = {
		regions: table(manifest.regions, veilRegion, VEIL_MAX_REGIONS, "regions"),
		payloads: table(manifest.payloads, veilPayload, VEIL_MAX_PAYLOADS, "payloads"),
		segments: table(manifest.segments, veilSegment, VEIL_MAX_SEGMENTS, "segments"),
		personas: table(manifest.personas, veilPersona, VEIL_MAX_PERSONAS, "personas"),
		surfaces: table(manifest.surfaces, veilSurface, VEIL_MAX_PERSONAS, "surfaces"),
		storageRanges: table(manifest.storageRanges, veilStorageRange, VEIL_MAX_STORAGE_RANGES, "storage ranges"),
	};
	return { size, header, manifest, manifestBytes, tables };
}

/** What an image is checked for besides. */
export interface VerifyOptions {
	/** Those one of which must have signed it; none: it must not be signed. Undefined: whoever signed it, the signature is not looked at. */
	readonly keys?: readonly PublicKey[] | undefined;
	readonly signal?: AbortSignal | undefined;
}

/** Everything that is wrong with a device image, as sentences; nothing when it may run. */
export async function verifyImage(path: string, { keys, signal }: VerifyOptions = {}): Promise<string[]> {
	const file = await open(path);
	try {
		let image: RawImage;
		try {
			image = await readRawImage(file);
		} catch (error) {
			if (error instanceof RangeError) return [error.message];
			throw error;
		}
		const problems = [
			...headerProblems(image),
			...regionProblems(image),
			...personaProblems(image),
			...surfaceProblems(image),
			...storageProblems(image),
		];
		// A policy that cannot be read has no signature to look at.
		if (problems.length === 0) problems.push(...signatureProblems(image, keys));
		// Digests of places that are wrong mean nothing.
		return problems.length > 0 ? problems : await digestProblems(file, image, signal);
	} finally {
		await file.close();
	}
}

function* headerProblems({ size, header, manifest, manifestBytes, tables }: RawImage): Generator<string> {
	if (header.imageSize !== BigInt(size)) yield `the header says ${header.imageSize} bytes, the file has ${size}`;
	if (header.veilSize % PAGE !== 0n || header.veilFileSize > header.veilSize) yield "Veil's sizes contradict each other";
	if (header.manifestOffset < header.veilSize) yield "the manifest lies inside Veil";
	if (header.manifestOffset % PAGE !== 0n) yield "the manifest is not at the start of a page";
	if (manifest.size !== BigInt(manifestBytes.length)) yield "manifest and header give different sizes of the manifest";
	if (manifest.mustUnderstand !== 0) yield `unknown must-understand flags ${manifest.mustUnderstand}`;
	let next: number = veilManifest.size;
	for (const [name, entrySize] of [
		["regions", veilRegion.size],
		["payloads", veilPayload.size],
		["segments", veilSegment.size],
		["personas", veilPersona.size],
		["surfaces", veilSurface.size],
		["storageRanges", veilStorageRange.size],
	] as const) {
		if (manifest[name].offset !== next) yield `the table of ${name} is not where the tables before it end`;
		next += Math.ceil((manifest[name].count * entrySize) / 8) * 8;
	}
	if (manifest.policyOffset !== next || manifest.policyCapacity !== VEIL_POLICY_BYTES)
		yield "the policy is not where the tables end, or has not the room it needs";
	else yield* policyProblems(policySection({ manifest, manifestBytes }), tables.personas.length);
	if (next + VEIL_POLICY_BYTES !== manifestBytes.length) yield "the manifest does not end where its policy does";
	for (const name of emptyTables) if (manifest[name].count !== 0) yield `the table ${name} is not empty`;
	if (manifest.initialForeground >= tables.personas.length) yield "the initial foreground is no persona";
	if (manifest.hotkeyCount > manifest.hotkey.length || manifest.hotkey.some((key, at) => (key !== 0) !== at < manifest.hotkeyCount))
		yield "the hotkey is not as long as it says";
	if (manifest.cpuCount < 1 || manifest.cpuCount > VEIL_MAX_CPUS) yield `${manifest.cpuCount} CPUs`;
}

// Regions must cover RAM end to end: then no two of them can overlap, and each byte has one owner.
function* regionProblems({ header, manifest, tables }: RawImage): Generator<string> {
	let next = manifest.ramBase;
	for (const { base, size, owner } of tables.regions) {
		const name = `region ${hex(base)}`;
		if (base !== next) yield `${name}: ${base < next ? "overlaps" : "leaves a gap after"} the region before it`;
		if (size === 0n || base % PAGE !== 0n || size % PAGE !== 0n) yield `${name}: not whole pages`;
		const known = owner === VEIL_OWNER_VEIL || owner === VEIL_OWNER_PAYLOADS || owner === VEIL_OWNER_FREE;
		if (!known && owner >= tables.personas.length) yield `${name}: unknown owner ${owner}`;
		next = base + size;
	}
	if (next !== manifest.ramBase + manifest.ramSize) yield "the regions do not end where RAM does";
	const load = loadAddress(tables.regions.map(({ base, owner }) => ({ base, owner })));
	const veilEnd = header.manifestOffset + up(header.manifestSize);
	yield* ownedBy(tables, VEIL_OWNER_VEIL, { from: load, to: load + veilEnd }, "Veil and the manifest");
	const work = { from: manifest.workBase, to: manifest.workBase + manifest.workSize };
	yield* ownedBy(tables, VEIL_OWNER_VEIL, work, "work memory");
	if (work.from < load + header.imageSize && work.to > load) yield "work memory overlaps the image";
	let free = veilEnd;
	for (const [index, { offset, size }] of tables.payloads.entries()) {
		const name = `payload ${index}`;
		if (offset % PAGE !== 0n || offset < free) yield `${name} overlaps what lies before it`;
		if (offset + size > header.imageSize) yield `${name} ends outside the image`;
		yield* ownedBy(tables, VEIL_OWNER_PAYLOADS, { from: load + offset, to: load + offset + up(size) }, name);
		free = offset + up(size);
	}
}

// The image is loaded at the first of Veil's regions.
function loadAddress(regions: { base: bigint; owner: number }[]): bigint {
	return regions.find(({ owner }) => owner === VEIL_OWNER_VEIL)?.base ?? 0n;
}

function* personaProblems({ manifest, tables }: RawImage): Generator<string> {
	const names = new Set<string>();
	for (const [index, persona] of tables.personas.entries()) {
		const name = nameText(persona.name);
		const at = `persona ${name}`;
		if (name === "" || names.has(name)) yield `persona ${index}: its name "${name}" is empty or taken`;
		names.add(name);
		const memory = up(persona.ramSize) + BigInt(persona.flashCodePages + persona.flashVariablePages) * PAGE;
		yield* ownedBy(tables, index, { from: persona.ramHostBase, to: persona.ramHostBase + memory }, at);
		const own = tables.regions.filter(({ owner }) => owner === index);
		const surface = tables.surfaces[index];
		const body = surface === undefined || surface.bodyGuestBase === 0n ? 0n : surface.bodySize;
		if (own.reduce((sum, { size }) => sum + size, 0n) !== memory + body)
			yield `${at} owns more or less than its RAM, flash and picture`;
		const hasFlash = (persona.devices & VEIL_DEVICE_FLASH) !== 0;
		for (const pages of [persona.flashCodePages, persona.flashVariablePages])
			if (pages > VEIL_MAX_FLASH_PAGES || hasFlash !== pages > 0) yield `${at}: flash of ${pages} pages`;
		if (persona.cpuCount < 1 || persona.cpuCount > VEIL_MAX_CPUS) yield `${at}: ${persona.cpuCount} CPUs`;
		if (persona.cpuShare < 1 || persona.cpuShare > 1000) yield `${at}: CPU share ${persona.cpuShare}`;
		if (persona.cpuCapPercent < 1 || persona.cpuCapPercent > 100 * persona.cpuCount)
			yield `${at}: CPU cap ${persona.cpuCapPercent}`;
		if (persona.cpuAffinity === 0 || persona.cpuAffinity >= 2 ** manifest.cpuCount)
			yield `${at}: CPU affinity ${persona.cpuAffinity}`;
		yield* patchProblems(tables, persona, at);
		yield* segmentProblems(tables, index, at);
	}
	for (const { persona } of tables.segments)
		if (persona >= tables.personas.length) yield `a segment of persona ${persona}, which is not there`;
}

function* segmentProblems(tables: Tables, index: number, at: string): Generator<string> {
	const persona = tables.personas[index];
	if (persona === undefined) return;
	const segments = tables.segments.filter((segment) => segment.persona === index);
	let next = 0n;
	const places = [
		{ from: BigInt(VEIL_FLASH_CODE), size: BigInt(persona.flashCodePages) * PAGE },
		{ from: BigInt(VEIL_FLASH_VARIABLES), size: BigInt(persona.flashVariablePages) * PAGE },
		{ from: persona.ramGuestBase, size: persona.ramSize },
	];
	for (const { guestAddress, payload, payloadOffset, size } of segments) {
		const name = `${at}: segment ${hex(guestAddress)}`;
		if (guestAddress < next) yield `${name} overlaps the one before it`;
		if (guestAddress % 4096n !== 0n || payloadOffset % 4096n !== 0n) yield `${name} is not on a 4 KiB boundary`;
		next = guestAddress + size;
		if (!places.some(({ from, size: room }) => guestAddress >= from && next <= from + room))
			yield `${name} lies outside RAM and flash`;
		const source = tables.payloads[payload];
		if (source === undefined) yield `${name}: payload ${payload} is not there`;
		else if (payloadOffset + size > source.size) yield `${name} is longer than its payload`;
	}
	const within = (from: bigint, length: bigint) =>
		segments.some(({ guestAddress, size }) => from >= guestAddress && from + length <= guestAddress + size);
	if (!within(persona.entry, 4n)) yield `${at}: nothing is loaded at its entry ${hex(persona.entry)}`;
	if (persona.rngSeedAddress !== 0n && !within(persona.rngSeedAddress, 32n))
		yield `${at}: its rng-seed lies outside what is loaded`;
	if (persona.kaslrSeedAddress !== 0n && !within(persona.kaslrSeedAddress, 8n))
		yield `${at}: its kaslr-seed lies outside what is loaded`;
}

// One pass over the file; bytes that belong to nothing must be zero.
async function digestProblems(file: FileHandle, image: RawImage, signal?: AbortSignal): Promise<string[]> {
	const { header, manifest, tables, size } = image;
	const problems: string[] = [];
	const whole = createHash("sha256");
	const scan = async (from: bigint, to: bigint, use: (bytes: Uint8Array) => void): Promise<void> => {
		for (let at = Number(from); at < Number(to); ) {
			signal?.throwIfAborted();
			const bytes = await bytesAt(file, at, Math.min(1 << 20, Number(to) - at));
			use(bytes);
			at += bytes.length;
		}
	};
	const zeros = async (from: bigint, to: bigint, name: string): Promise<void> => {
		let clean = true;
		await scan(from, to, (bytes) => {
			whole.update(bytes);
			clean &&= bytes.every((byte) => byte === 0);
		});
		if (!clean) problems.push(`${name} is not zero`);
	};
	await scan(0n, header.veilFileSize, (bytes) => whole.update(bytes));
	await zeros(header.veilFileSize, header.manifestOffset, "the room between Veil and the manifest");
	let at = header.manifestOffset + header.manifestSize;
	for (const [index, payload] of tables.payloads.entries()) {
		await zeros(at, payload.offset, `the room before payload ${index}`);
		at = payload.offset + payload.size;
		const hash = createHash("sha256");
		await scan(payload.offset, at, (bytes) => {
			whole.update(bytes);
			hash.update(bytes);
		});
		if (!hash.digest().equals(payload.sha256)) problems.push(`payload ${index} is not what its digest says`);
	}
	await zeros(at, BigInt(size), "the end of the image");
	if (!whole.digest().equals(manifest.imageSha256)) problems.push("the image is not what the manifest's digest says");
	return problems;
}

async function bytesAt(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
	const buffer = Buffer.alloc(length);
	const { bytesRead } = await file.read(buffer, 0, length, offset);
	if (bytesRead !== length)
		throw new RangeError(`the file ends at ${offset + bytesRead}, ${length} bytes were expected at ${offset}`);
	return buffer;
}

function up(size: bigint): bigint {
	return ((size + PAGE - 1n) / PAGE) * PAGE;
}

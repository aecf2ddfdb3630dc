// SPDX-License-Identifier: Apache-2.0
// `persona explain`: what a device image holds and who owns which memory, for people and as JSON.
import { open } from "node:fs/promises";
import { fingerprintOf, type PublicKey } from "../signing/index.ts";
import { sha256File } from "../util/digest.ts";
import { errorCode, UserError } from "../util/errors.ts";
import { printable } from "../util/printable.ts";
import {
	VEIL_FREEZE_IN_BACKGROUND,
	VEIL_OWNER_FREE,
	VEIL_OWNER_PAYLOADS,
	VEIL_OWNER_VEIL,
	VEIL_RESTART_ON_CRASH,
	VEIL_SECTOR_BYTES,
	VEIL_SIGNATURE_ED25519,
	VEIL_SKIP_PAYLOAD_DIGESTS,
	VEIL_START_AT_BOOT,
	type VeilSurface,
	veilSignatureKindNames,
} from "./abi.ts";
import { nameText } from "./veil-manifest.ts";
import { type RawImage, readRawImage, verifyImage } from "./verify.ts";

/** A device image for people: addresses are hexadecimal text, sizes bytes. */
export interface ExplainedImage {
	file: string;
	/** `sha256:<hex>` of the whole file. */
	digest: string;
	size: number;
	board: string;
	machineVersion: number;
	/** `development` where nobody has signed it, else the fingerprint of the key that it says has. */
	signature: string;
	/** Of a signed one: its version, and whether the signature was checked; it cannot be without the public key. */
	signed: { version: number; isChecked: boolean } | null;
	/** Measurement images skip the payloads' digests at boot. */
	skipsPayloadDigests: boolean;
	cpus: number;
	initialForeground: string;
	ram: { base: string; size: number };
	hypervisor: { fileSize: number; memorySize: number; workMemory: number };
	regions: { from: string; to: string; size: number; owner: string }[];
	payloads: { offset: string; size: number; sha256: string; usedBy: string[] }[];
	personas: ExplainedPersona[];
	/** What is wrong with it; empty when it may run. */
	problems: string[];
}

/** One persona of a device image. */
export interface ExplainedPersona {
	name: string;
	uuid: string;
	label: string;
	colour: string;
	memory: { guestBase: string; hostBase: string; size: number };
	cpus: number;
	cpuShare: number;
	cpuCapPercent: number;
	start: "atBoot" | "onDemand";
	onCrash: "restart" | "stop";
	restartLimit: number;
	restartWindowSeconds: number;
	whenInBackground: "run" | "freeze";
	entry: string;
	deviceTree: string;
	/** Its picture on the screen; null on a phone without one. */
	surface: ExplainedSurface | null;
	segments: { guestAddress: string; size: number; payload: number }[];
	/** Which payload says what was replaced in its kernel, and how many different instructions that are; null: nothing was. */
	patches: { payload: number; count: number } | null;
	/** Its part of the handset's disk, a device each. */
	volumes: { name: string; firstSector: number; size: number }[];
}

/** The picture of a persona; rows and columns are pixels. */
export interface ExplainedSurface {
	width: number;
	height: number;
	/** Rows at the top that only Veil writes. */
	stripRows: number;
	/** Where row 0 is. */
	hostBase: string;
	/** Where the guest finds the rows below the strip; null: it has no display, and they are black. */
	guestBase: string | null;
}

/**
 * Reads and checks a device image.
 *
 * @param keys - public keys by which its signature is checked, should it be of one of them
 * @throws UserError when the file is none
 */
export async function readDeviceImage(
	path: string,
	keys: readonly PublicKey[] = [],
	signal?: AbortSignal,
): Promise<ExplainedImage> {
	try {
		const file = await open(path);
		let image: RawImage;
		try {
			image = await readRawImage(file);
		} finally {
			await file.close();
		}
		const { signatureKind, keyId } = image.manifest;
		const isSigned = signatureKind === VEIL_SIGNATURE_ED25519;
		const key = isSigned ? keys.find(({ fingerprint }) => fingerprint === fingerprintOf(keyId)) : undefined;
		const problems = await verifyImage(path, { keys: key === undefined ? undefined : [key], signal });
		return explain(path, await sha256File(path, signal), image, key !== undefined, problems);
	} catch (error) {
		if (error instanceof RangeError) throw new UserError(error.message, { where: path, remedy: "give the path of a device image" });
		if (errorCode(error) === "ENOENT" || errorCode(error) === "EISDIR") {
			throw new UserError("no such file", {
				where: path,
				remedy: "give the path of a device image, for instance `pulumi stack output`'s",
				cause: error,
			});
		}
		throw error;
	}
}

function explain(
	file: string,
	digest: string,
	{ size, header, manifest, tables }: RawImage,
	isChecked: boolean,
	problems: string[],
): ExplainedImage {
	const isSigned = manifest.signatureKind === VEIL_SIGNATURE_ED25519;
	const names = tables.personas.map(({ name }) => nameText(name));
	const owner = (index: number) =>
		({ [VEIL_OWNER_VEIL]: "Veil", [VEIL_OWNER_PAYLOADS]: "payloads", [VEIL_OWNER_FREE]: "free" })[index] ??
		names[index] ??
		`unknown (${index})`;
	return {
		file,
		digest,
		size,
		board: nameText(manifest.board),
		machineVersion: manifest.machineVersion,
		signature: isSigned
			? fingerprintOf(manifest.keyId)
			: (veilSignatureKindNames.get(manifest.signatureKind) ?? `unknown (${manifest.signatureKind})`),
		signed: isSigned ? { version: Number(manifest.versionCounter), isChecked } : null,
		skipsPayloadDigests: (manifest.flags & VEIL_SKIP_PAYLOAD_DIGESTS) !== 0,
		cpus: manifest.cpuCount,
		initialForeground: names[manifest.initialForeground] ?? "",
		ram: { base: hex(manifest.ramBase), size: Number(manifest.ramSize) },
		hypervisor: {
			fileSize: Number(header.veilFileSize),
			memorySize: Number(header.veilSize),
			workMemory: Number(manifest.workSize),
		},
		regions: tables.regions.map((region) => ({
			from: hex(region.base),
			to: hex(region.base + region.size),
			size: Number(region.size),
			owner: owner(region.owner),
		})),
		payloads: tables.payloads.map((payload, index) => ({
			offset: hex(payload.offset),
			size: Number(payload.size),
			sha256: Buffer.from(payload.sha256).toString("hex"),
			usedBy: [
				...new Set([
					...tables.segments.filter((segment) => segment.payload === index).map(({ persona }) => names[persona] ?? "?"),
					...tables.personas.flatMap(({ patchCount, patchPayload }, persona) =>
						patchCount > 0 && patchPayload === index ? [names[persona] ?? "?"] : [],
					),
					...tables.surfaces.flatMap(({ stripPayload }, persona) => (stripPayload === index ? [names[persona] ?? "?"] : [])),
				]),
			],
		})),
		personas: tables.personas.map((persona, index) => ({
			name: names[index] ?? "",
			uuid: Buffer.from(persona.uuid)
				.toString("hex")
				.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
			label: nameText(persona.label),
			colour: `#${persona.colour.toString(16).padStart(6, "0")}`,
			memory: { guestBase: hex(persona.ramGuestBase), hostBase: hex(persona.ramHostBase), size: Number(persona.ramSize) },
			cpus: persona.cpuCount,
			cpuShare: persona.cpuShare,
			cpuCapPercent: persona.cpuCapPercent,
			start: (persona.flags & VEIL_START_AT_BOOT) !== 0 ? "atBoot" : "onDemand",
			onCrash: (persona.flags & VEIL_RESTART_ON_CRASH) !== 0 ? "restart" : "stop",
			restartLimit: persona.restartLimit,
			restartWindowSeconds: persona.restartWindowSeconds,
			whenInBackground: (persona.flags & VEIL_FREEZE_IN_BACKGROUND) !== 0 ? "freeze" : "run",
			entry: hex(persona.entry),
			deviceTree: hex(persona.x0),
			surface: explainSurface(tables.surfaces[index]),
			patches: persona.patchCount === 0 ? null : { payload: persona.patchPayload, count: persona.patchCount },
			segments: tables.segments
				.filter((segment) => segment.persona === index)
				.map((segment) => ({ guestAddress: hex(segment.guestAddress), size: Number(segment.size), payload: segment.payload })),
			volumes: tables.storageRanges
				.filter((range) => range.persona === index)
				.map(({ name, firstSector, sectorCount }) => ({
					name: nameText(name),
					firstSector: Number(firstSector),
					size: Number(sectorCount) * VEIL_SECTOR_BYTES,
				})),
		})),
		problems,
	};
}

function explainSurface(surface: VeilSurface | undefined): ExplainedSurface | null {
	if (surface === undefined) return null;
	const { width, height, stripRows, hostBase, bodyGuestBase } = surface;
	return { width, height, stripRows, hostBase: hex(hostBase), guestBase: bodyGuestBase === 0n ? null : hex(bodyGuestBase) };
}

/** The same as text, who owns what first. Names come from the image, so what a terminal would obey is left out. */
export function renderExplained(image: ExplainedImage): string {
	const lines = [
		`${image.file}: device image for ${image.board}, ${bytes(image.size)}, ${signatureText(image)}`,
		`  ${image.digest}`,
		...(image.signed === null
			? []
			: [`  signed by ${image.signature}${image.signed.isChecked ? "" : " (not checked: its public key is not at hand)"}`]),
		`  ${image.cpus} CPU${image.cpus === 1 ? "" : "s"}, RAM ${bytes(image.ram.size)} from ${image.ram.base}, foreground at boot: ${image.initialForeground}`,
		`  Veil: ${bytes(image.hypervisor.fileSize)} in the file, ${bytes(image.hypervisor.memorySize)} in memory, ${bytes(image.hypervisor.workMemory)} work memory`,
		...(image.skipsPayloadDigests ? ["  payload digests are NOT checked at boot: for measurements only"] : []),
		"",
		"Memory",
		...image.regions.map(
			({ from, to, size, owner }) => `  ${from.padStart(12)} – ${to.padEnd(12)} ${bytes(size).padStart(10)}  ${owner}`,
		),
		"",
		"Payloads",
		...image.payloads.map(
			({ size, sha256, usedBy }, index) =>
				`  ${String(index).padStart(2)} ${bytes(size).padStart(10)}  sha256:${sha256.slice(0, 16)}…  ${usedBy.join(", ")}`,
		),
		...image.personas.flatMap((persona) => ["", ...personaLines(persona)]),
		"",
		image.problems.length === 0 ? "No problem found." : `Problems:\n${image.problems.map((problem) => `  ${problem}`).join("\n")}`,
	];
	return `${printable(lines.join("\n"))}\n`;
}

function signatureText({ signature, signed }: ExplainedImage): string {
	return signed === null ? `signature: ${signature}` : `signed, version ${signed.version}`;
}

function personaLines(persona: ExplainedPersona): string[] {
	const cpus = `${persona.cpus} CPU${persona.cpus === 1 ? "" : "s"}, share ${persona.cpuShare}, at most ${persona.cpuCapPercent} %`;
	return [
		`Persona ${persona.name} (${persona.label}, ${persona.colour}, ${persona.uuid})`,
		`  RAM ${bytes(persona.memory.size)}: guest ${persona.memory.guestBase} is host ${persona.memory.hostBase}`,
		`  ${cpus}; starts ${persona.start === "atBoot" ? "at boot" : "on demand"}; after a crash: ${persona.onCrash}; in the background: ${persona.whenInBackground}`,
		`  begins at ${persona.entry}, device tree at ${persona.deviceTree}`,
		...(persona.surface === null ? [] : [surfaceLine(persona.surface)]),
		...(persona.patches === null
			? []
			: [`  its kernel runs in user mode: ${persona.patches.count} instructions replaced, by payload ${persona.patches.payload}`]),
		...persona.segments.map(
			({ guestAddress, size, payload }) => `    ${guestAddress} ${bytes(size).padStart(10)}  payload ${payload}`,
		),
		...persona.volumes.map(
			({ name, firstSector, size }, index) =>
				`  volume ${name}: ${bytes(size)} from sector ${firstSector} of the disk, device ${index}`,
		),
	];
}

function surfaceLine({ width, height, stripRows, hostBase, guestBase }: ExplainedSurface): string {
	const drawn = guestBase === null ? "no display, black below" : `it draws below, from guest ${guestBase}`;
	return `  picture ${width} × ${height} at host ${hostBase}: the strip of ${stripRows} rows is Veil's, ${drawn}`;
}

function bytes(size: number): string {
	if (size >= 1 << 20) return `${(size / (1 << 20)).toFixed(size % (1 << 20) === 0 ? 0 : 1)} MiB`;
	return size >= 1024 ? `${(size / 1024).toFixed(size % 1024 === 0 ? 0 : 1)} KiB` : `${size} B`;
}

function hex(value: bigint): string {
	return `0x${value.toString(16)}`;
}

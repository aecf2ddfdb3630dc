// SPDX-License-Identifier: Apache-2.0
// The compose stage: a phone's declaration, Veil and the personas' guests become one device image.
import { createReadStream } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Board, ResolvedPhone } from "../manifest/index.ts";
import { publicKeyOf } from "../signing/index.ts";
import { canonicalJson, sha256 } from "../util/digest.ts";
import { UserError } from "../util/errors.ts";
import {
	VEIL_DEVICE_AGENT,
	VEIL_DEVICE_INPUT,
	VEIL_DEVICE_NETWORK,
	VEIL_DEVICE_PL011,
	VEIL_DEVICE_PL031,
	VEIL_DEVICE_PVPANIC,
	VEIL_DEVICE_WATCHDOG,
	VEIL_FREEZE_IN_BACKGROUND,
	VEIL_LOCK_ON_LEAVE,
	VEIL_RESTART_ON_CRASH,
	VEIL_START_AT_BOOT,
} from "./abi.ts";
import { builtWithLog } from "./build-log.ts";
import { type ComposeSpec, compose } from "./compose.ts";
import type { ComposePersona } from "./compose-persona.ts";
import { rememberComposition } from "./composition.ts";
import { findGuest, type GuestPart, type GuestRecord } from "./guest.ts";
import { guestMachine } from "./guest-machine.ts";
import { findHypervisor } from "./hypervisor.ts";
import type { KernelFormat } from "./kernel.ts";
import { checkRoom } from "./needs.ts";
import type { Payload } from "./payload.ts";
import { builtFrom, rememberBuilt } from "./records.ts";
import type { ImageSigning } from "./sign-image.ts";
import { diskShape, volumeRange } from "./storage-layout.ts";
import type { Blob, Store } from "./store.ts";
import type { Display } from "./surface.ts";
import type { Artifact, BootCodeInputs, BuildContext, DeviceImageInputs, DevicePersona, HotkeyKey } from "./types.ts";
import { verifyImage } from "./verify.ts";

const RECIPE = 4;
const MACHINE_VERSION = 1;
const MIB = 1 << 20;

/** Linux key codes (include/uapi/linux/input-event-codes.h). */
export const KEY_CODES: Readonly<Record<HotkeyKey, number>> = {
	power: 116,
	home: 102,
	back: 158,
	menu: 139,
	volumeUp: 115,
	volumeDown: 114,
};

/** What a device image is put together from, as built. */
export interface DeviceImageParts {
	readonly hypervisor: Artifact;
	/** By persona name. */
	readonly guests: Readonly<Record<string, Artifact>>;
}

/** Everything a device image is composed from: plain JSON, the same on every machine. */
export function deviceImageInputs(
	{ phone, board, personas, policy, signing }: ResolvedPhone,
	hypervisor: string,
	guests: Readonly<Record<string, string>>,
	bootCode?: BootCodeInputs,
): DeviceImageInputs {
	const { ram, load, display } = board.document;
	const shows = personas.some(({ document }) => document.devices.display);
	return {
		board: board.document.name,
		architecture: board.document.architecture,
		ram: { base: ram.base, limit: ram.maxMiB * MIB, minimum: ram.minMiB * MIB, loadAddress: load.address },
		machineVersion: MACHINE_VERSION,
		hypervisor,
		personas: personas.map(({ document }) => {
			const guest = guests[document.name];
			if (guest === undefined) throw new Error(`no guest image was given for persona ${document.name}`);
			const { resources, indicator, devices } = document;
			return {
				name: document.name,
				uuid: document.uuid ?? derivedUuid(phone.document.name, document.name),
				label: indicator.label,
				colour: indicator.colour,
				guest,
				memoryMiB: resources.memoryMiB,
				cpus: resources.cpus,
				cpuShare: resources.cpuShare,
				cpuCapPercent: resources.cpuCapPercent,
				whenInBackground: resources.whenInBackground === "freeze" ? "freeze" : "run",
				start: document.start,
				onCrash: document.onCrash,
				restartLimit: document.restartLimit,
				restartWindowSeconds: document.restartWindowSeconds,
				display: devices.display,
				input: devices.input,
				locksOnLeave: policy.document.switching.lockOnLeave.includes(document.name),
				...(devices.agent ? { agent: true } : {}),
				...(document.watchdogSeconds === null ? {} : { watchdog: true }),
				network: devices.network,
				...(document.storage.length === 0 ? {} : { volumes: document.storage.map(({ name, sizeMiB }) => ({ name, sizeMiB })) }),
			};
		}),
		...(shows && display !== undefined ? { display: screen(display) } : {}),
		...(policy.document.switching.hotkey.length === 0 ? {} : { hotkey: [...policy.document.switching.hotkey] }),
		initialForeground: phone.document.initialForeground,
		...(bootCode === undefined ? {} : { bootCode }),
		cpus: phone.document.target.cpus,
		policy: {
			name: policy.document.name,
			digest: sha256(canonicalJson(policy.document)),
			networks: policy.document.networks,
			ownerAccess: policy.document.ownerAccess,
			channels: policy.document.channels,
		},
		...(signing === undefined
			? {}
			: { signing: { publicKey: signing.key.hex, fingerprint: signing.key.fingerprint, version: signing.version } }),
		recipe: RECIPE,
	};
}

function screen({ model, widthPixels, heightPixels, pixelFormat }: NonNullable<Board["display"]>): Display {
	const hasWindows = model === "omap-dispc-blizzard" ? { hasWindows: true } : {};
	return { width: widthPixels, height: heightPixels, format: pixelFormat, ...hasWindows };
}

/** The key of a device image. */
export function deviceImageKey(inputs: DeviceImageInputs): string {
	return sha256(canonicalJson({ kind: "device-image", ...inputs }));
}

/**
 * Composes a device image and checks it, or takes it from the store when it was composed from the same inputs before.
 *
 * @throws UserError when the personas do not fit the board, or a guest its RAM
 */
export async function composeDeviceImage(
	inputs: DeviceImageInputs,
	parts: DeviceImageParts,
	context: BuildContext,
): Promise<Artifact> {
	const key = deviceImageKey(inputs);
	const { store, signal } = context;
	const found = await findDeviceImage(key, store, signal);
	if (found !== undefined) {
		await rememberComposition(store, found, inputs);
		return found;
	}
	return builtWithLog(`device-image-${inputs.board}`, key, context, async (progress) => {
		const meanwhile = await findDeviceImage(key, store, signal);
		if (meanwhile !== undefined) return meanwhile;
		const size = Object.values(parts.guests).reduce((sum, guest) => sum + guest.size, parts.hypervisor.size);
		await checkRoom({ missing: [], kept: size, scratch: size }, store, progress);
		progress("composing the device image");
		const scratch = await store.scratch();
		try {
			const path = join(scratch, "device.img");
			const spec = await composeSpec(inputs, parts, context);
			await compose(spec, path, signal);
			const problems = await verifyImage(path, { keys: spec.signing === undefined ? [] : [spec.signing.key], signal });
			if (problems.length > 0) throw new Error(`the composed image is wrong: ${problems.join("; ")}`);
			const blob = await store.put(createReadStream(path), signal);
			await rememberBuilt(store, key, "device-image", blob.digest);
			await rememberComposition(store, { key, ...blob }, inputs);
			return { key, ...blob };
		} finally {
			await rm(scratch, { recursive: true, force: true });
		}
	});
}

/** A device image in the store, verified. */
export async function findDeviceImage(key: string, store: Store, signal?: AbortSignal): Promise<Artifact | undefined> {
	const built = await builtFrom(store, key);
	if (built?.kind !== "device-image") return undefined;
	const blob = await store.get(built.digest, signal);
	return blob === undefined ? undefined : { key, ...blob };
}

async function composeSpec(
	inputs: DeviceImageInputs,
	parts: DeviceImageParts,
	{ store, sign, signal }: BuildContext,
): Promise<ComposeSpec> {
	const veil = await findHypervisor(inputs.hypervisor, store, signal);
	if (veil === undefined) throw gone("Veil", parts.hypervisor);
	const veilBytes = await readFile(veil.path);
	const signing = imageSigning(inputs, veilBytes, sign);
	const personas: ComposePersona[] = [];
	for (const persona of inputs.personas) {
		const guest = await findGuest(persona.guest, store, signal);
		if (guest === undefined) throw gone(`the guest of persona ${persona.name}`, parts.guests[persona.name]);
		personas.push(composePersona(persona, guest, inputs));
	}
	const foreground = inputs.personas.findIndex(({ name }) => name === inputs.initialForeground);
	if (foreground < 0) throw new UserError(`initialForeground is "${inputs.initialForeground}", which is no persona of the phone`);
	return {
		veil: veilBytes,
		board: inputs.board,
		machine: guestMachine(inputs.architecture),
		machineVersion: inputs.machineVersion,
		ram: inputs.ram,
		cpuCount: inputs.cpus,
		initialForeground: foreground,
		flags: 0,
		...(inputs.display === undefined ? {} : { display: inputs.display }),
		hotkey: (inputs.hotkey ?? []).map((key) => KEY_CODES[key]),
		policy: inputs.policy,
		personas,
		...(signing === undefined ? {} : { signing }),
	};
}

/** @throws UserError when Veil would refuse what is signed so */
function imageSigning({ signing }: DeviceImageInputs, veil: Uint8Array, sign: BuildContext["sign"]): ImageSigning | undefined {
	if (signing === undefined) return undefined;
	const key = publicKeyOf(signing.publicKey);
	if (typeof key === "string") throw new UserError(`the public key ${signing.publicKey} ${key}`);
	if (sign === undefined) throw new Error("nothing was given to sign a device image with");
	if (!Buffer.from(veil).includes(Buffer.from(key.hex, "hex"))) {
		throw new UserError(`the hypervisor image was built without ${key.fingerprint}, which is to sign the device image`, {
			remedy: "give the HypervisorImage `trustedKeys` with the public key",
		});
	}
	return { key, version: signing.version, sign };
}

function composePersona(
	persona: DevicePersona,
	{ record, blobs }: { record: GuestRecord; blobs: Map<string, Blob> },
	{ board, cpus }: DeviceImageInputs,
): ComposePersona {
	const payload = ({ digest, size }: GuestPart): Payload => {
		const blob = blobs.get(digest);
		if (blob === undefined) throw new Error(`${digest} is not among the guest's parts`);
		return { digest, size, source: { path: blob.path } };
	};
	const { kernel, patches, initramfs, deviceTree } = record;
	checkMemory(persona, record);
	return {
		name: persona.name,
		uuid: Buffer.from(persona.uuid.replaceAll("-", ""), "hex"),
		label: persona.label,
		colour: Number.parseInt(persona.colour.slice(1), 16),
		flags:
			(persona.start === "atBoot" ? VEIL_START_AT_BOOT : 0) |
			(persona.onCrash === "restart" ? VEIL_RESTART_ON_CRASH : 0) |
			(persona.whenInBackground === "freeze" ? VEIL_FREEZE_IN_BACKGROUND : 0) |
			(persona.locksOnLeave ? VEIL_LOCK_ON_LEAVE : 0),
		devices:
			VEIL_DEVICE_PL011 |
			VEIL_DEVICE_PL031 |
			VEIL_DEVICE_PVPANIC |
			(persona.input ? VEIL_DEVICE_INPUT : 0) |
			(persona.network === "none" ? 0 : VEIL_DEVICE_NETWORK) |
			(persona.agent === true ? VEIL_DEVICE_AGENT : 0) |
			(persona.watchdog === true ? VEIL_DEVICE_WATCHDOG : 0),
		cpuCount: persona.cpus,
		cpuShare: persona.cpuShare,
		cpuCapPercent: persona.cpuCapPercent,
		cpuAffinity: 2 ** cpus - 1,
		restartLimit: persona.restartLimit,
		restartWindowSeconds: persona.restartWindowSeconds,
		memoryBytes: persona.memoryMiB * MIB,
		kernel: { ...payload(kernel), ...formatOf(kernel) },
		...(patches === undefined ? {} : { patches: payload(patches) }),
		...(initramfs === undefined ? {} : { initramfs: payload(initramfs) }),
		...(deviceTree === undefined ? {} : { deviceTree: payload(deviceTree) }),
		commandLine: record.commandLine,
		display: persona.display,
		...(persona.volumes === undefined
			? {}
			: {
					volumes: persona.volumes.map(({ name, sizeMiB }) => ({
						name,
						range: volumeRange({ persona: persona.name, name, sizeMiB }, diskShape(board)),
					})),
				}),
		...(persona.network === "none" ? {} : { network: persona.network }),
	};
}

function formatOf({ digest: _digest, size: _size, ...format }: GuestRecord["kernel"]): KernelFormat {
	return format;
}

// What Linux needs besides, in MiB, was measured: Debian's kernel runs busybox in 56 MiB, ours for ARMv6 in 16.
const LINUX_MIB = { image: 16, program: 4 };

function checkMemory(persona: DevicePersona, { kernel, initramfs }: GuestRecord): void {
	if (initramfs === undefined || initramfs.copies === 1 || !("imageSize" in kernel)) return;
	const need = Math.ceil((kernel.imageSize + initramfs.copies * initramfs.size) / MIB) + LINUX_MIB[kernel.format];
	if (persona.memoryMiB >= need) return;
	throw new UserError(
		`persona ${persona.name} needs ${need} MiB to unpack its root filesystem, resources.memoryMiB is ${persona.memoryMiB}`,
		{
			remedy: `set resources.memoryMiB to ${need} or more, or take fewer packages`,
		},
	);
}

/** A version 8 UUID (RFC 9562) that follows from the names, so that it is the same wherever the phone is built. */
function derivedUuid(phone: string, persona: string): string {
	const bytes = Buffer.from(sha256(`persona\0${phone}\0${persona}`).slice("sha256:".length), "hex").subarray(0, 16);
	bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
	bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
	return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function gone(what: string, artifact: Artifact | undefined): UserError {
	return new UserError(`${what} is not in the store any more${artifact === undefined ? "" : ` (${artifact.digest})`}`, {
		remedy: "run the same command again; it is built anew",
	});
}

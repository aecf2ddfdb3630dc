// SPDX-License-Identifier: Apache-2.0
// How two device images differ, in what a reviewer decides about: Veil, policy, personas, their settings, packages and files.
import { differingParts, type ExplainedPersona } from "../image/index.ts";
import { type FieldChange, fieldChanges } from "./field-changes.ts";
import { type FileChange, fileChanges } from "./file-changes.ts";
import type { ImageContents } from "./image-contents.ts";
import { type PackageChange, packageChanges } from "./package-changes.ts";

/** One side of a comparison. */
export interface DiffSide {
	readonly name: string;
	readonly digest: string;
	/** What it was composed from is known: without it there is nothing to say of packages. */
	readonly isKnown: boolean;
}

/** What changed of a persona that both images have. */
export interface PersonaChange {
	readonly name: string;
	readonly settings: readonly FieldChange[];
	/** Null: not known, for instance since one of the images was not composed here. */
	readonly packages: readonly PackageChange[] | null;
	/** Null: one of them has no initial filesystem that can be read. */
	readonly files: readonly FileChange[] | null;
	/** What is loaded beside files that can be compared, such as the kernel, is not the same. */
	readonly otherPayloads: boolean;
	/** Its device tree differs, and nothing above is a reason for it. */
	readonly deviceTree: boolean;
}

/** A comparison of two images. */
export interface ImageDiff {
	readonly same: boolean;
	readonly old: DiffSide;
	readonly new: DiffSide;
	/** Null: the same. */
	readonly veil: { readonly old: string; readonly new: string; readonly build: readonly FieldChange[] } | null;
	/** What Veil enforces between the personas, and to the outside. */
	readonly policy: readonly FieldChange[];
	/** Of the phone as a whole. */
	readonly phone: readonly FieldChange[];
	readonly personas: {
		readonly added: readonly string[];
		readonly removed: readonly string[];
		/** Only those of which something changed. */
		readonly changed: readonly PersonaChange[];
	};
	/** Names of the parts of the file that are not the same bytes, or are in one only. */
	readonly parts: readonly string[];
}

/** Compares two images. */
export async function diffImages(old: ImageContents, now: ImageContents): Promise<ImageDiff> {
	const names = (side: ImageContents) => side.image.personas.map(({ name }) => name);
	const [before, after] = [names(old), names(now)];
	const changed: PersonaChange[] = [];
	for (const name of after.filter((one) => before.includes(one))) {
		const change = await personaChange(name, old, now);
		if (isChange(change) || change.deviceTree) changed.push(change);
	}
	return {
		same: old.image.digest === now.image.digest,
		old: sideOf(old),
		new: sideOf(now),
		veil:
			old.enforced.veil === now.enforced.veil
				? null
				: { old: old.enforced.veil, new: now.enforced.veil, build: fieldChanges(veilBuild(old), veilBuild(now)) },
		policy: fieldChanges(policyOf(old), policyOf(now)),
		phone: fieldChanges(phoneOf(old), phoneOf(now)),
		personas: {
			added: after.filter((name) => !before.includes(name)),
			removed: before.filter((name) => !after.includes(name)),
			changed,
		},
		parts: differingParts(old.parts, now.parts),
	};
}

function isChange({ settings, packages, files, otherPayloads }: Omit<PersonaChange, "deviceTree">): boolean {
	return settings.length + (packages?.length ?? 0) + (files?.length ?? 0) > 0 || otherPayloads;
}

function sideOf({ name, image, composition }: ImageContents): DiffSide {
	return { name, digest: image.digest, isKnown: composition !== undefined };
}

function veilBuild({ composition }: ImageContents): object {
	return composition?.hypervisor.inputs ?? {};
}

/** Channels by what they connect, so that one whose limits changed is one change. */
function policyOf({ enforced: { networks, channels, hotkey } }: ImageContents): object {
	const byName: Record<string, object> = {};
	for (const { from, to, carries, ...limits } of channels) byName[`${from} to ${to}, ${carries}`] = limits;
	return { networks, channels: byName, hotkey };
}

function phoneOf({ image }: ImageContents): object {
	const { board, machineVersion, signature, skipsPayloadDigests, cpus, initialForeground } = image;
	return { board, machineVersion, signature, skipsPayloadDigests, cpus, initialForeground };
}

async function personaChange(name: string, old: ImageContents, now: ImageContents): Promise<PersonaChange> {
	const [before, after] = [old.loaded.get(name), now.loaded.get(name)];
	const packages = [old.packages.get(name), now.packages.get(name)] as const;
	const change = {
		name,
		settings: fieldChanges(settingsOf(name, old), settingsOf(name, now)),
		packages: packages[0] === undefined || packages[1] === undefined ? null : await packageChanges(packages[0], packages[1]),
		files: before?.files === undefined || after?.files === undefined ? null : fileChanges(before.files, after.files),
		otherPayloads: before?.digests.join() !== after?.digests.join(),
	};
	return { ...change, deviceTree: before?.deviceTree !== after?.deviceTree && !isChange(change) };
}

/** What a document says of a persona; addresses follow from everything else, and are left out. */
function settingsOf(name: string, { image, enforced, composition }: ImageContents): object {
	const persona = image.personas.find((one) => one.name === name);
	if (persona === undefined) return {};
	const { memory, surface, volumes, label, colour, uuid, cpus, cpuShare, cpuCapPercent }: ExplainedPersona = persona;
	const { start, onCrash, restartLimit, restartWindowSeconds, whenInBackground }: ExplainedPersona = persona;
	const record = composition?.guests[name]?.record;
	return {
		...{ label, colour, uuid, cpus, cpuShare, cpuCapPercent, start, onCrash, restartLimit, restartWindowSeconds, whenInBackground },
		memoryMiB: memory.size / 2 ** 20,
		display: surface !== null && surface.guestBase !== null,
		volumes: volumes.map((volume) => `${volume.name}: ${volume.size / 2 ** 20} MiB`),
		devices: enforced.personas[name]?.devices ?? [],
		...(record === undefined ? {} : { commandLine: record.commandLine }),
		...(record?.deviceTree === undefined ? {} : { deviceTree: record.deviceTree.digest }),
	};
}

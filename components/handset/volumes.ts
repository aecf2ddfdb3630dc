// SPDX-License-Identifier: Apache-2.0
// Volumes of a handset: made, grown, kept or wiped. Their contents are never looked at here once a guest has had them.
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { type DiskShape, SECTOR, VOLUME_MAX_MIB, volumeRange } from "../image/storage-layout.ts";
import { errorCode, UserError } from "../util/errors.ts";
import { runRoot } from "../util/paths.ts";
import { diskPath, diskShapeIn, punchHole, readVolumes, type StoredVolume, volumeBytes, writeVolumes } from "./disk.ts";
import { withOperationLock } from "./operation-lock.ts";
import { FILE, handsetDir, LOCK } from "./run-folder.ts";
import { keyOpens, makeContents } from "./volume-contents.ts";

/** What a volume is known by: `<handset>/<persona>/<name>`. */
export interface VolumeId {
	readonly handset: string;
	readonly persona: string;
	readonly name: string;
}

/** A volume with where it is. */
export interface ListedVolume extends StoredVolume {
	readonly handset: string;
	readonly id: string;
}

/** What a volume is made from. */
export interface NewVolume {
	readonly id: VolumeId;
	readonly sizeMiB: number;
	readonly fileSystem: "ext4" | "none";
	/** The resource it is for. */
	readonly urn: string;
	/** Absolute path of a folder. */
	readonly contents?: string;
	/** KEY_BYTES of them; undefined: not encrypted. */
	readonly key?: Uint8Array;
	/** The key is the owner's, not a new one. */
	readonly keyIsGiven?: boolean;
	readonly signal?: AbortSignal;
}

export function volumeId({ handset, persona, name }: VolumeId): string {
	return `${handset}/${persona}/${name}`;
}

/** @throws UserError when the text is no id of a volume */
export function parseVolumeId(id: string): VolumeId {
	const [handset = "", persona = "", name = "", ...more] = id.split("/");
	const isName = (text: string) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(text);
	if (more.length === 0 && [handset, persona, name].every(isName)) return { handset, persona, name };
	throw new UserError(`"${id.replace(/[^\x20-\x7e]/g, "?")}" is no id of a volume`, {
		remedy: "give HANDSET/PERSONA/NAME as `persona volume list` shows it",
	});
}

/** A volume of a handset, or undefined. One that was never finished does not count. */
export async function findVolume(id: VolumeId): Promise<StoredVolume | undefined> {
	const found = (await readVolumes(handsetDir(id.handset))).find((volume) => isSame(volume, id));
	return found?.state === "making" ? undefined : found;
}

/** All volumes on this machine, or those of one handset. */
export async function listVolumes(handset?: string): Promise<ListedVolume[]> {
	const names = handset === undefined ? await handsetFolders() : [handset];
	const lists = await Promise.all(
		names.map(async (name) => {
			const volumes = await readVolumes(handsetDir(name));
			return volumes
				.filter(({ state }) => state !== "making")
				.map((volume) => ({ ...volume, handset: name, id: volumeId({ ...volume, handset: name }) }));
		}),
	);
	return lists.flat();
}

async function handsetFolders(): Promise<string[]> {
	try {
		const names = await readdir(runRoot());
		return names.filter((name) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)).sort();
	} catch (error) {
		if (errorCode(error) === "ENOENT") return [];
		throw error;
	}
}

/**
 * Makes a volume. What an interrupted attempt left of it is made anew; one that was kept is taken over if its owner has allowed that, and
 * refused otherwise, so that nobody gets an empty volume in place of a full one.
 */
export async function makeVolume(wanted: NewVolume): Promise<void> {
	const { id, sizeMiB, signal } = wanted;
	await locked(id, "is being made", async (folder, volumes) => {
		const before = volumes.find((volume) => isSame(volume, id));
		if (before !== undefined && before.state !== "making" && !isUnusedOwn(before, wanted)) {
			if (before.state === "attached" && before.urn !== wanted.urn) throw inUse(id, before.urn);
			if (before.state === "kept" && before.adoptable !== true) throw kept(id, before);
			checkTakenOver(id, before, wanted);
			if (wanted.key !== undefined) await checkKeyOf(folder, id, before, wanted.key);
			const { adoptable: _, ...rest } = before;
			await writeVolumes(folder, replaced(volumes, { ...rest, state: "attached", urn: wanted.urn }));
			return;
		}
		const volume: StoredVolume = {
			persona: id.persona,
			name: id.name,
			sizeMiB,
			encrypted: wanted.key !== undefined,
			fileSystem: wanted.fileSystem,
			state: "making",
			urn: wanted.urn,
			createdAt: new Date().toISOString(),
		};
		checkRoom(id, volume, volumes, await diskShapeIn(folder));
		await writeVolumes(folder, replaced(volumes, volume));
		const { offset, size } = await volumeBytes(folder, volume);
		await punchHole(folder, offset, size);
		await makeContents(folder, { ...wanted, persona: id.persona, name: id.name, offset, size }, signal);
		await writeVolumes(folder, replaced(volumes, { ...volume, state: "attached" }));
	});
}

/** Takes a volume that was kept over for a resource. */
export async function attachVolume(id: VolumeId, urn: string): Promise<void> {
	await locked(id, "is being imported", async (folder, volumes) => {
		const before = volumes.find((volume) => isSame(volume, id));
		if (before === undefined || before.state === "making") throw missing(id);
		if (before.state === "attached" && before.urn !== urn) throw inUse(id, before.urn);
		const { adoptable: _, ...rest } = before;
		await writeVolumes(folder, replaced(volumes, { ...rest, state: "attached", urn }));
	});
}

/** @throws UserError when the key does not open the volume */
export async function checkVolumeKey(id: VolumeId, key: Uint8Array): Promise<void> {
	const volume = await findVolume(id);
	if (volume === undefined) throw missing(id);
	await checkKeyOf(handsetDir(id.handset), id, volume, key);
}

async function checkKeyOf(folder: string, id: VolumeId, volume: StoredVolume, key: Uint8Array): Promise<void> {
	if (!volume.encrypted) throw new UserError(`volume ${volumeId(id)} is not encrypted and needs no key`);
	if (await keyOpens(folder, (await volumeBytes(folder, volume)).offset, key)) return;
	throw new UserError(`volume ${volumeId(id)} does not open with this key`, {
		remedy: "give the one that was its output `key`: it is in the state of the stack that made it, or where you exported it to",
	});
}

/** An interrupted attempt of the same resource, whose key nobody has: made anew, because no phone ever ran with it. */
function isUnusedOwn(before: StoredVolume, { urn, keyIsGiven }: NewVolume): boolean {
	return before.state === "attached" && before.urn === urn && before.used !== true && before.encrypted && keyIsGiven !== true;
}

/** Gives a volume more room, in place; the guest's file system grows at its next start. */
export async function growVolume(id: VolumeId, sizeMiB: number): Promise<void> {
	await locked(id, "is being changed", async (folder, volumes) => {
		const before = volumes.find((volume) => isSame(volume, id));
		if (before === undefined) throw missing(id);
		if (sizeMiB < before.sizeMiB)
			throw new UserError(`volume ${volumeId(id)} has ${before.sizeMiB} MiB and cannot shrink to ${sizeMiB}`);
		const after = { ...before, sizeMiB };
		checkRoom(id, after, volumes, await diskShapeIn(folder));
		// The part it grows by may hold what another volume left there.
		const { offset } = await volumeBytes(folder, before);
		const old = before.sizeMiB * 2 ** 20;
		if (sizeMiB > before.sizeMiB) await punchHole(folder, offset + old, sizeMiB * 2 ** 20 - old);
		await writeVolumes(folder, replaced(volumes, after));
	});
}

/** Lets go of a volume whose resource is deleted: its contents stay where they are, or are gone for good. Gone already is fine. */
export async function releaseVolume(id: VolumeId, how: "keep" | "wipe"): Promise<void> {
	if (!existsSync(handsetDir(id.handset))) return;
	await locked(id, "is being removed", async (folder, volumes) => {
		const before = volumes.find((volume) => isSame(volume, id));
		if (before === undefined) return;
		if (how === "keep" && before.state !== "making") {
			await writeVolumes(folder, replaced(volumes, { ...before, state: "kept" }));
			return;
		}
		const rest = volumes.filter((volume) => !isSame(volume, id));
		const { offset, size } = await volumeBytes(folder, before);
		await punchHole(folder, offset, size);
		await writeVolumes(folder, rest);
	});
}

/** Lets the next volume of this name take a kept one over. */
export async function allowAdoption(id: VolumeId): Promise<void> {
	await locked(id, "is being changed", async (folder, volumes) => {
		const before = volumes.find((volume) => isSame(volume, id));
		if (before === undefined || before.state === "making") throw missing(id);
		if (before.state !== "kept")
			throw new UserError(`volume ${volumeId(id)} is in use`, { remedy: "only a kept one can be taken over" });
		await writeVolumes(folder, replaced(volumes, { ...before, adoptable: true }));
	});
}

/** Removes a kept volume for good; a handset that only this one kept on the machine goes with it. */
export async function wipeKept(id: VolumeId): Promise<void> {
	const before = await findVolume(id);
	if (before === undefined) throw missing(id);
	if (before.state !== "kept") {
		throw new UserError(`volume ${volumeId(id)} is in use`, { remedy: "take it out of the declaration, then `pulumi up`" });
	}
	await releaseVolume(id, "wipe");
	await removeEmptyDisk(handsetDir(id.handset));
}

async function removeEmptyDisk(folder: string): Promise<void> {
	const rest = await readdir(folder);
	const names: string[] = [FILE.disk, FILE.volumes, "pulumi.json"];
	const onlyDisk = rest.every((name) => names.includes(name));
	if (onlyDisk && (await readVolumes(folder)).length === 0) await rm(folder, { recursive: true, force: true });
}

async function locked(
	id: VolumeId,
	what: string,
	work: (folder: string, volumes: readonly StoredVolume[]) => Promise<void>,
): Promise<void> {
	const folder = handsetDir(id.handset);
	if (!existsSync(folder)) throw new UserError(`there is no handset ${id.handset} on this machine`);
	// The volumes of one phone are declared at once, and worked on one after the other.
	const before = queues.get(folder) ?? Promise.resolve();
	const mine = before.then(() =>
		withOperationLock(dirname(folder), LOCK.operation(id.handset), `volume ${volumeId(id)} ${what}`, async () =>
			work(folder, await readVolumes(folder)),
		),
	);
	queues.set(
		folder,
		mine.catch(() => {}),
	);
	await mine;
}

/** What this process does with the volumes of each handset. */
const queues = new Map<string, Promise<void>>();

function isSame(volume: StoredVolume, { persona, name }: VolumeId): boolean {
	return volume.persona === persona && volume.name === name;
}

function replaced(volumes: readonly StoredVolume[], volume: StoredVolume): StoredVolume[] {
	return [...volumes.filter((other) => other.persona !== volume.persona || other.name !== volume.name), volume];
}

function checkRoom(id: VolumeId, volume: StoredVolume, volumes: readonly StoredVolume[], disk: DiskShape): void {
	if (volume.sizeMiB > VOLUME_MAX_MIB) throw new UserError(`a volume has at most ${VOLUME_MAX_MIB} MiB`);
	const { first, count } = volumeRange(volume, disk);
	const room = (disk.bytes - disk.placeBytes) / SECTOR - first;
	if (count > room) {
		throw new UserError(`volume ${volumeId(id)} would reach over the end of the disk`, {
			remedy: `give it another name, or at most ${(room * SECTOR) / 2 ** 20} MiB`,
		});
	}
	for (const other of volumes) {
		if (isSame(other, id)) continue;
		const range = volumeRange(other, disk);
		if (first >= range.first + range.count || range.first >= first + count) continue;
		throw new UserError(`volume ${volumeId(id)} would lie on volume ${other.persona}/${other.name} of the same disk`, {
			remedy:
				other.state === "kept"
					? `\`persona volume wipe ${volumeId({ ...other, handset: id.handset })}\`, or give the new one another name`
					: `give one of them another name, or at most ${Math.floor((Math.abs(first - range.first) * SECTOR) / 2 ** 20)} MiB`,
		});
	}
}

function checkTakenOver(id: VolumeId, before: StoredVolume, wanted: NewVolume): void {
	const encrypted = wanted.key !== undefined;
	if (before.encrypted !== encrypted) {
		throw new UserError(`volume ${volumeId(id)} is ${before.encrypted ? "" : "not "}encrypted, the declaration says otherwise`);
	}
	if (before.sizeMiB > wanted.sizeMiB) {
		throw new UserError(`volume ${volumeId(id)} has ${before.sizeMiB} MiB, the declaration gives it ${wanted.sizeMiB}`, {
			remedy: `set sizeMiB to ${before.sizeMiB} or more`,
		});
	}
}

function inUse(id: VolumeId, urn: string): UserError {
	return new UserError(`volume ${volumeId(id)} is in use by ${urn}`);
}

function kept(id: VolumeId, { sizeMiB }: StoredVolume): UserError {
	const text = volumeId(id);
	return new UserError(
		`volume ${text} with ${sizeMiB} MiB was kept when its resource was deleted; no empty one is made in its place`,
		{
			remedy: `take it over: \`persona volume adopt ${text}\`, then \`pulumi up\` (or import it by the id ${text}); or remove it: \`persona volume wipe ${text}\``,
		},
	);
}

function missing(id: VolumeId): UserError {
	return new UserError(`there is no volume ${volumeId(id)} on this machine`, { remedy: "see `persona volume list`" });
}

/** Where a volume's bytes are, for an owner who wants to copy them; undefined when it is not here. */
export async function volumePlace(id: VolumeId): Promise<{ path: string; offset: number; size: number } | undefined> {
	const volume = await findVolume(id);
	if (volume === undefined) return undefined;
	const folder = handsetDir(id.handset);
	return { path: diskPath(folder), ...(await volumeBytes(folder, volume)) };
}

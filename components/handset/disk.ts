// SPDX-License-Identifier: Apache-2.0
// A handset's disk: one sparse file with a GUID partition table, a partition for each volume. What volumes there are is in a list beside
// it, because names in the table are too short; the table is for tools, and Veil goes by the device image.
import { existsSync } from "node:fs";
import { mkdir, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { VEIL_VERSION_FIRST_SECTOR, VEIL_VERSION_RECORD_SECTORS, VEIL_VERSION_RECORDS } from "../image/abi.ts";
import { type DiskShape, diskShape, diskShapeOfSize, SECTOR, volumeRange } from "../image/storage-layout.ts";
import { writeFileAtomic } from "../util/atomic.ts";
import { sha256 } from "../util/digest.ts";
import { errorCode, UserError } from "../util/errors.ts";
import { ProcessError, run } from "../util/process.ts";
import { readRecord } from "./record.ts";
import { FILE } from "./run-folder.ts";

/** Type of our partitions, so that other systems leave them alone. */
const PARTITION_TYPE = "7065b5f3-8d3c-4c1e-9d6f-76656c766f6c";
const FIRST_USABLE = 2048;
const TABLE_ENTRIES = 128;
/** Where Veil keeps versions of signed images: before all volumes. */
const VERSIONS = { first: VEIL_VERSION_FIRST_SECTOR, count: VEIL_VERSION_RECORDS * VEIL_VERSION_RECORD_SECTORS };

/** A volume as the list has it. */
export interface StoredVolume {
	readonly persona: string;
	readonly name: string;
	readonly sizeMiB: number;
	readonly encrypted: boolean;
	readonly fileSystem: "ext4" | "none";
	/** What belongs to it is being made (an interrupted one is made anew), in use, or kept after its resource was deleted. */
	readonly state: "making" | "attached" | "kept";
	/** A phone has run with it: what it holds is worth something. */
	readonly used?: boolean;
	/** The owner lets the next volume of this name take it over. */
	readonly adoptable?: boolean;
	/** The resource it was made for. */
	readonly urn: string;
	/** ISO 8601. */
	readonly createdAt: string;
}

interface VolumeList {
	readonly version: 1;
	readonly volumes: readonly StoredVolume[];
	/** A signed image has run: Veil keeps versions on the disk. */
	readonly keepsVersions?: boolean;
}

/** Where a handset's disk is. */
export function diskPath(folder: string): string {
	return join(folder, FILE.disk);
}

/** The shape of a handset's disk, or of the one that it will have. A disk that was kept when its handset went tells by its size. */
export async function diskShapeIn(folder: string): Promise<DiskShape> {
	if (existsSync(diskPath(folder))) return diskShapeOfSize((await stat(diskPath(folder))).size);
	return diskShape((await readRecord(folder))?.board ?? "");
}

/** The volumes on a handset's disk. */
export async function readVolumes(folder: string): Promise<readonly StoredVolume[]> {
	return (await readList(folder)).volumes;
}

async function readList(folder: string): Promise<VolumeList> {
	const path = join(folder, FILE.volumes);
	try {
		const list = JSON.parse(await readFile(path, "utf8")) as VolumeList;
		if (list.version === 1) return list;
	} catch (error) {
		if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return { version: 1, volumes: [] };
		if (!(error instanceof SyntaxError)) throw error;
	}
	throw new UserError("is no list of volumes this version can read", {
		where: path,
		remedy: "use the version of pulumi-persona that wrote it",
	});
}

/** A handset is to go: true when there are volumes on its disk, which are then kept. */
export async function keepsVolumes(folder: string): Promise<boolean> {
	const volumes = (await readVolumes(folder)).filter(({ state }) => state !== "making");
	if (volumes.length === 0) return false;
	await writeVolumes(
		folder,
		volumes.map((volume) => ({ ...volume, state: "kept" })),
	);
	return true;
}

/** Notes that a phone runs with volumes. Throws a UserError when one is not on the disk, or smaller than the image says. */
export async function useVolumes(
	folder: string,
	wanted: readonly { persona: string; name: string; size: number }[],
): Promise<void> {
	if (wanted.length === 0) return;
	const volumes = await readVolumes(folder);
	for (const { persona, name, size } of wanted) {
		const found = volumes.find((volume) => volume.persona === persona && volume.name === name);
		if (found !== undefined && found.state === "attached" && found.sizeMiB * 2 ** 20 >= size) continue;
		throw new UserError(
			found === undefined || found.state !== "attached"
				? `the handset has no volume ${name} of persona ${persona}, which the image wants`
				: `volume ${name} of persona ${persona} has ${found.sizeMiB} MiB, the image wants ${size / 2 ** 20}`,
			{ remedy: "declare a Volume for each that a persona's document names, and let the Deployment depend on it" },
		);
	}
	if (volumes.every(({ used }) => used === true)) return;
	const isWanted = (volume: StoredVolume) => wanted.some(({ persona, name }) => volume.persona === persona && volume.name === name);
	await writeVolumes(
		folder,
		volumes.map((volume) => (isWanted(volume) ? { ...volume, used: true } : volume)),
	);
}

/** Makes the list what is given, and the partition table what the list says. */
export async function writeVolumes(folder: string, volumes: readonly StoredVolume[]): Promise<void> {
	await writeList(folder, { ...(await readList(folder)), volumes });
}

/** Makes a disk where there is none, with a place for the versions that Veil keeps. */
export async function keepVersions(folder: string): Promise<void> {
	const list = await readList(folder);
	if (list.keepsVersions !== true || !existsSync(diskPath(folder))) await writeList(folder, { ...list, keepsVersions: true });
}

async function writeList(folder: string, list: VolumeList): Promise<void> {
	await mkdir(folder, { recursive: true, mode: 0o700 });
	await writeFileAtomic(join(folder, FILE.volumes), `${JSON.stringify(list, undefined, "\t")}\n`, 0o600);
	const disk = await makeDisk(folder);
	await runTool(
		"sfdisk",
		["--quiet", "--no-reread", "--no-tell-kernel", "--wipe", "never", "--wipe-partitions", "never", diskPath(folder)],
		{
			input: partitionScript(list, disk),
		},
	);
}

/** Makes an empty disk where there is none. */
async function makeDisk(folder: string): Promise<DiskShape> {
	const disk = await diskShapeIn(folder);
	if (existsSync(diskPath(folder))) return disk;
	const file = await open(diskPath(folder), "a", 0o600);
	try {
		await file.truncate(disk.bytes);
	} catch (error) {
		if (errorCode(error) !== "EFBIG" && errorCode(error) !== "EINVAL") throw error;
		throw new UserError(`the file system takes no file of ${disk.bytes / 2 ** 30} GiB, not even an empty one`, {
			where: folder,
			remedy: "set XDG_STATE_HOME to a folder on ext4, XFS or Btrfs",
		});
	} finally {
		await file.close();
	}
	return disk;
}

function partitionScript({ volumes, keepsVersions = false }: VolumeList, disk: DiskShape): string {
	const versions = `start=${VERSIONS.first}, size=${VERSIONS.count}, type=${PARTITION_TYPE}, uuid=${guid("versions")}, name="veil"`;
	const lines = volumes.map((volume) => {
		const { first, count } = volumeRange(volume, disk);
		const name = `${volume.persona}/${volume.name}`.slice(0, 36);
		return `start=${first}, size=${count}, type=${PARTITION_TYPE}, uuid=${partitionId(volume)}, name="${name}"`;
	});
	return [
		`label: gpt`,
		`label-id: ${guid("disk")}`,
		`first-lba: ${keepsVersions ? VERSIONS.first : FIRST_USABLE}`,
		`table-length: ${TABLE_ENTRIES}`,
		...(keepsVersions ? [versions] : []),
		...lines,
		"",
	].join("\n");
}

function partitionId({ persona, name }: StoredVolume): string {
	return guid(`partition\0${persona}\0${name}`);
}

/** A version 8 UUID (RFC 9562) that follows from a text. */
export function guid(text: string): string {
	const bytes = Buffer.from(sha256(text).slice("sha256:".length), "hex").subarray(0, 16);
	bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
	bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
	return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Byte offset and size of a volume on the disk. */
export async function volumeBytes(
	folder: string,
	volume: { persona: string; name: string; sizeMiB: number },
): Promise<{ offset: number; size: number }> {
	const { first, count } = volumeRange(volume, await diskShapeIn(folder));
	return { offset: first * SECTOR, size: count * SECTOR };
}

/** Makes a part of the disk zeros that take no room. */
export async function punchHole(folder: string, offset: number, size: number): Promise<void> {
	await runTool("fallocate", ["--punch-hole", "--keep-size", "--offset", `${offset}`, "--length", `${size}`, diskPath(folder)]);
}

/** Bytes of the disk that take room on this machine, holes apart. */
export async function allocatedBytes(folder: string): Promise<number> {
	const file = await open(diskPath(folder));
	try {
		return (await file.stat()).blocks * 512;
	} finally {
		await file.close();
	}
}

/** Runs a tool of the system's, in sbin too; one that is missing is a user's fault with its package named. */
export async function runTool(
	command: keyof typeof PACKAGES,
	args: readonly string[],
	options: { input?: string | Uint8Array; signal?: AbortSignal } = {},
): Promise<string> {
	const env = { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin`, LC_ALL: "C", E2FSPROGS_FAKE_TIME: "1577836800" };
	try {
		return (await run(command, args, { env, ...options })).stdout;
	} catch (error) {
		if (!(error instanceof ProcessError) || errorCode(error.cause) !== "ENOENT") throw error;
		throw new UserError(`${command} is missing, which makes volumes`, {
			remedy: `apt-get install -y --no-install-recommends ${PACKAGES[command]}`,
			cause: error,
		});
	}
}

const PACKAGES = {
	sfdisk: "fdisk",
	fallocate: "util-linux",
	mke2fs: "e2fsprogs",
	dumpe2fs: "e2fsprogs",
	cryptsetup: "cryptsetup-bin",
	dd: "coreutils",
} as const;

// SPDX-License-Identifier: Apache-2.0
// Puts a FIASCO image on a real tablet. Nothing is written before everything that can be known has been checked, and what was begun and
// interrupted is gone on with. Its boot loader takes images over USB but gives none back and tells no battery level, so the owner brings a backup
// and says that it is charged; what was written is read and verified byte by byte by the loader at each start.
import { existsSync } from "node:fs";
import { copyFile, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../util/atomic.ts";
import { sha256File } from "../util/digest.ts";
import { UserError } from "../util/errors.ts";
import type { Progress } from "../util/progress.ts";
import { flasher, type IdentifiedTablet, identifyTablet, type UsbIdentity, type UsbKind } from "./usb-device.ts";

/** The order of writing: the partition that starts the others comes last, so that what is half written is not started. */
const ORDER = ["rootfs", "kernel"] as const;

/** How a tablet is to be flashed, as declared. */
export interface UsbTarget {
	readonly identity: UsbIdentity;
	/** A FIASCO image to go back to: Nokia's, or one dumped on the tablet with `0xFFFF -E`. */
	readonly backup: string;
	/** The owner has seen to it: the boot loader cannot be asked. */
	readonly isCharged: boolean;
}

/** What is to be written. */
export interface UsbImage {
	readonly path: string;
	/** `sha256:<hex>` of the FIASCO file. */
	readonly digest: string;
	/** Software version in it; the tablet tells it when asked later. */
	readonly version: string;
}

/** What was written to a tablet, and how far; kept in the handset's folder. */
export interface FlashJournal {
	readonly version: 1;
	readonly image: { readonly digest: string; readonly version: string };
	/** Pieces that are written whole. */
	readonly written: readonly string[];
	readonly phase: "flashing" | "done";
	readonly serial: string;
	/** ISO 8601. */
	readonly at: string;
}

const JOURNAL = "flash.json";
const BACKUP = "backup.fiasco";
const CURRENT = "current.fiasco";
/** The image that was on the tablet before: `persona` keeps it to go back to. */
export const ROLLBACK = "rollback.fiasco";

export interface FlashOptions {
	readonly signal?: AbortSignal;
	readonly progress: Progress;
	/** Where USB devices are listed; that of Linux by default. */
	readonly sysfs?: string;
}

/** The journal of a handset's folder; undefined where nothing was ever written. */
export async function readFlashJournal(folder: string): Promise<FlashJournal | undefined> {
	const path = join(folder, JOURNAL);
	if (!existsSync(path)) return undefined;
	return JSON.parse(await readFile(path, "utf8")) as FlashJournal;
}

/**
 * Flashes the declared tablet and starts it. A tablet that has the image already is left as it is.
 *
 * @param folder - the handset's own, where journal, backup and rollback image are kept
 * @throws UserError on any doubt, before anything is written; or when writing fails, with what is to be done
 */
export async function flashTablet(
	folder: string,
	kind: UsbKind,
	target: UsbTarget,
	image: UsbImage,
	options: FlashOptions,
): Promise<FlashJournal> {
	const { signal, progress } = options;
	const before = await readFlashJournal(folder);
	if (before?.phase === "done" && before.image.digest === image.digest) return before;
	if (!target.isCharged) {
		throw new UserError("whether the tablet's battery is charged is not known, and its boot loader cannot be asked", {
			remedy: "charge it, then declare target.usb.charged: true",
		});
	}
	if ((await sha256File(image.path)) !== image.digest)
		throw new UserError("the FIASCO image has changed since it was made", { where: image.path });
	progress("looking for the tablet");
	const tablet = await identifyTablet(kind, target.identity, options);
	await keepBackup(folder, kind, target, signal);
	progress("dry run");
	await flasher(["-M", image.path, "-f", "-s"], signal);
	await keepRollback(folder, image, before);
	const resumed = before?.phase === "flashing" && before.image.digest === image.digest ? before.written : [];
	let journal: FlashJournal = {
		version: 1,
		image: { digest: image.digest, version: image.version },
		written: resumed,
		phase: "flashing",
		serial: tablet.serial,
		at: new Date().toISOString(),
	};
	await write(folder, journal);
	for (const piece of ORDER.filter((name) => !resumed.includes(name))) {
		progress(`writing ${piece}`);
		await stillThere(tablet, kind, target, options);
		await flasher(["-M", image.path, "-t", piece, "-f"], signal);
		journal = { ...journal, written: [...journal.written, piece], at: new Date().toISOString() };
		await write(folder, journal);
	}
	progress("asking the tablet what it has");
	const after = await stillThere(tablet, kind, target, options);
	if (after.softwareVersion !== image.version) {
		throw new UserError(`the tablet says it has version ${after.softwareVersion ?? "(none)"} after ${image.version} was written`, {
			remedy: `run the same command again; ${join(folder, ROLLBACK)} and ${join(folder, BACKUP)} hold what was there before`,
		});
	}
	await flasher(["-r"], signal);
	journal = { ...journal, phase: "done", at: new Date().toISOString() };
	await write(folder, journal);
	return journal;
}

/** The same tablet as before: it was not exchanged between two steps. */
async function stillThere(
	tablet: IdentifiedTablet,
	kind: UsbKind,
	target: UsbTarget,
	options: FlashOptions,
): Promise<IdentifiedTablet> {
	const now = await identifyTablet(kind, target.identity, options);
	if (now.serial === tablet.serial && now.port === tablet.port && now.revision === tablet.revision) return now;
	throw new UserError("another tablet is on the cable than when this began", {
		remedy: "plug the first one in again, and run the same command",
	});
}

async function keepBackup(folder: string, kind: UsbKind, target: UsbTarget, signal?: AbortSignal): Promise<void> {
	const kept = join(folder, BACKUP);
	if (existsSync(kept)) return;
	if (!existsSync(target.backup)) {
		throw new UserError(`there is no backup of what is on the tablet: ${target.backup}`, {
			remedy: "dump it on the tablet with `0xFFFF -E FILE`, or take Nokia's image, and name it in target.usb.backup",
		});
	}
	const said = await flasher(["-M", target.backup, "-i"], signal);
	for (const piece of ORDER)
		if (!new RegExp(`Image type: ${piece}\\b`).test(said))
			throw new UserError(`the backup has no ${piece}`, { where: target.backup, remedy: "take a complete one" });
	if (/Valid for: device (\S+?),/.exec(said)?.[1] !== kind.product)
		throw new UserError(`the backup is not of a ${kind.product}`, { where: target.backup });
	await copyFile(target.backup, `${kept}~`);
	await rename(`${kept}~`, kept);
}

/** What runs now becomes what can be gone back to, unless the write of the new one was begun before. */
async function keepRollback(folder: string, image: UsbImage, before: FlashJournal | undefined): Promise<void> {
	const current = join(folder, CURRENT);
	if (before?.image.digest === image.digest && existsSync(current)) return;
	if (before?.phase === "done" && existsSync(current)) await rename(current, join(folder, ROLLBACK));
	else if (!existsSync(join(folder, ROLLBACK))) await copyFile(join(folder, BACKUP), join(folder, ROLLBACK));
	await copyFile(image.path, `${current}~`);
	await rename(`${current}~`, current);
}

async function write(folder: string, journal: FlashJournal): Promise<void> {
	await writeFileAtomic(join(folder, JOURNAL), `${JSON.stringify(journal, undefined, "\t")}\n`, 0o600);
}

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
import { flasher } from "./flasher.ts";
import { type IdentifiedTablet, identifyTablet, isSameTablet, type UsbIdentity, type UsbKind } from "./usb-device.ts";

/** The order of writing: the partition that starts the others comes last, so that what is half written is not started. */
const ORDER = ["rootfs", "kernel"] as const;

/** What 0xFFFF says when the tablet has confirmed a piece: the large one is flashed while it is sent, the other one after it. */
const CONFIRMED = { rootfs: /^Finishing flashing\.\.\.\s+Done$/m, kernel: /^Flashing image\.\.\.\s+Done$/m };

/** Milliseconds. A tablet takes some MB a second at worst. */
const PIECE_MS = 900_000;
const ANSWER_MS = 20_000;

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
	/** Version of its pieces; the tablet tells it when asked later. */
	readonly version: string;
	/** `sha256:<hex>` of the device image that is in it. */
	readonly content: string;
}

/** What was written to a tablet, and how far; kept in the handset's folder. */
export interface FlashJournal {
	readonly version: 1;
	readonly image: Omit<UsbImage, "path">;
	/** Pieces that are written whole. */
	readonly written: readonly string[];
	readonly phase: "flashing" | "done";
	readonly serial: string;
	readonly port: string;
	/** ISO 8601. */
	readonly at: string;
}

const JOURNAL = "flash.json";
const BACKUP = "backup.fiasco";
const CURRENT = "current.fiasco";
/** The image that was on the tablet before: `persona` keeps it to go back to. */
const ROLLBACK = "rollback.fiasco";

/** What stays of a tablet's folder when its handset is given up: the ways back, and what is on it, which the next write makes one of them. */
export async function waysBack(folder: string): Promise<string[]> {
	const isWhole = (await readFlashJournal(folder))?.phase === "done";
	return [BACKUP, ROLLBACK, ...(isWhole ? [CURRENT] : [])].filter((name) => existsSync(join(folder, name)));
}

export interface FlashOptions {
	readonly signal?: AbortSignal;
	readonly progress: Progress;
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
	if (before?.phase === "done" && before.image.digest === image.digest && isSameTablet(before, target.identity)) return before;
	if (!target.isCharged) {
		throw new UserError("whether the tablet's battery is charged is not known, and its boot loader cannot be asked", {
			remedy: "charge it, then declare target.usb.charged: true",
		});
	}
	if ((await sha256File(image.path)) !== image.digest)
		throw new UserError("the FIASCO image has changed since it was made", { where: image.path });
	progress("looking for the tablet");
	const tablet = await identifyTablet(kind, target.identity, signal);
	await keepBackup(folder, kind, target, signal);
	progress("dry run");
	const { path, ...written } = image;
	for (const piece of ORDER)
		await flasher(["-M", path, "-t", piece, "-f", "-s"], { signal, withinMs: PIECE_MS, done: CONFIRMED[piece] });
	await keepRollback(folder, image, before);
	const isResumed = before?.phase === "flashing" && before.image.digest === image.digest && isSameTablet(before, tablet);
	const resumed = isResumed ? before.written : [];
	let journal: FlashJournal = {
		version: 1,
		image: written,
		written: resumed,
		phase: "flashing",
		serial: tablet.serial,
		port: tablet.port,
		at: new Date().toISOString(),
	};
	await write(folder, journal);
	for (const piece of ORDER.filter((name) => !resumed.includes(name))) {
		progress(`writing ${piece}`);
		await stillThere(tablet, kind, target, signal);
		await flasher(["-M", path, "-t", piece, "-f"], { signal, withinMs: PIECE_MS, done: CONFIRMED[piece] });
		journal = { ...journal, written: [...journal.written, piece], at: new Date().toISOString() };
		await write(folder, journal);
	}
	progress("asking the tablet what it has");
	await flasher(["-S", image.version], { signal, withinMs: ANSWER_MS });
	const { softwareVersion = "(none)", kernelVersion = image.version } = await stillThere(tablet, kind, target, signal);
	const wrong = [softwareVersion, kernelVersion].find((version) => version !== image.version);
	if (wrong !== undefined) {
		// Whatever was confirmed is not believed any more.
		await write(folder, { ...journal, written: [] });
		throw new UserError(`the tablet says it has version ${wrong} after ${image.version} was written`, {
			remedy: `run the same command again; ${join(folder, ROLLBACK)} and ${join(folder, BACKUP)} hold what was there before`,
		});
	}
	journal = { ...journal, phase: "done", at: new Date().toISOString() };
	await write(folder, journal);
	// A tablet that does not start by itself now is started by its owner.
	await flasher(["-r"], { signal, withinMs: ANSWER_MS }).catch(() => progress("the tablet does not restart: switch it off and on"));
	return journal;
}

/** The same tablet as before: it was not exchanged between two steps. */
async function stillThere(
	tablet: IdentifiedTablet,
	kind: UsbKind,
	target: UsbTarget,
	signal: AbortSignal | undefined,
): Promise<IdentifiedTablet> {
	const now = await identifyTablet(kind, target.identity, signal);
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
	const said = await flasher(["-M", target.backup, "-i"], { signal, withinMs: ANSWER_MS });
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
	if (before?.phase !== "flashing" && existsSync(current)) await rename(current, join(folder, ROLLBACK));
	else if (!existsSync(join(folder, ROLLBACK))) await copyFile(join(folder, BACKUP), join(folder, ROLLBACK));
	await copyFile(image.path, `${current}~`);
	await rename(`${current}~`, current);
}

async function write(folder: string, journal: FlashJournal): Promise<void> {
	await writeFileAtomic(join(folder, JOURNAL), `${JSON.stringify(journal, undefined, "\t")}\n`, 0o600);
}

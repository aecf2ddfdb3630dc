// SPDX-License-Identifier: Apache-2.0
// What a build will take before it begins: files that have to be fetched, and room on the disk. Both are found out from keys and sizes alone.
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { bytes } from "../util/bytes.ts";
import { UserError } from "../util/errors.ts";
import { isOffline } from "../util/network.ts";
import type { Progress } from "../util/progress.ts";
import { withoutCredentials } from "../util/url.ts";
import { buildrootNeeds } from "./buildroot/needs.ts";
import { buildrootRootKey } from "./buildroot/root.ts";
import { unpackedFolder } from "./buildroot/source.ts";
import { debianRootKey } from "./debian-root.ts";
import { type MissingFile, notOffline } from "./fetch-file.ts";
import { guestKey } from "./guest-inputs.ts";
import { guestKernelKey, isFromSources } from "./guest-kernel.ts";
import { hasModules } from "./kernel-modules.ts";
import { type LockEntry, type LockedBuildroot, type Mirrors, referenceOf } from "./lock.ts";
import { builtFrom } from "./records.ts";
import { fileSources, isThere, packageSources } from "./sources.ts";
import type { Store } from "./store.ts";
import type { GuestInputs, PinnedFile } from "./types.ts";

const MIB = 1 << 20;

// How much comes of a package, each a little more than was seen; tests/system/offline.test.ts compares the demo's guests with what is said of them,
// tests/image/needs.test.ts a full system with what it was seen to take.
/** Of a linux-image package: the kernel as it is in memory. */
const KERNEL = 0.6;
/** Of compressed packages: their files. The largest part of a full system is what it had packed best. */
const UNPACKED = 5;
/**
 * Of a full system's files: what is there only while it is installed. The packages without compression, apt's copies of them, the tree and the
 * archive of it are 3.3 times the files, but the archive stays, and the initial filesystem made of it comes only when the others are gone.
 */
const INSTALLING = 1.5;
/** Programs and modules of ours in an initial filesystem, and what is remembered. */
const OURS = 8 * MIB;
/** Of a package of Linux' sources: what a build of it has on disk while it runs, and the kernel that stays. */
const SOURCES = { scratch: 15, kept: 0.1 };

/** What building takes. */
export interface Needs {
	/** Files that have to be fetched, each once. */
	missing: MissingFile[];
	/** Bytes that stay in the store, downloads included. */
	kept: number;
	/** Bytes more while it is built. */
	scratch: number;
}

/** Where needs are looked up. */
export interface NeedsContext {
	store: Store;
	mirrors?: Mirrors | undefined;
	/** The release of Buildroot that the lock pins. */
	buildroot?: LockedBuildroot | undefined;
}

/** What building these guests will take; nothing for those that the store has. */
export async function guestNeeds(guests: readonly GuestInputs[], context: NeedsContext): Promise<Needs> {
	const { store } = context;
	const fetched = new Map<string, MissingFile & { digest: string; isLocal: boolean }>();
	/** What is made on the way, by what it is made from: made once, whoever needs it. */
	const made = new Map<string, { kept: number; scratch: number }>();
	const fetch = async (digest: string, what: string, size: number | undefined, isLocal: () => boolean) => {
		if (!(await store.has(digest))) fetched.set(digest, { digest, what, size, isLocal: isLocal() });
	};
	const take = (entry: LockEntry) =>
		fetch(`sha256:${entry.sha256}`, referenceOf(entry), entry.size, () => packageSources(entry, context.mirrors).some(isThere));
	for (const inputs of guests) {
		const key = guestKey(inputs);
		const built = await builtFrom(store, key);
		if (built !== undefined && (await store.has(built.digest))) continue;
		for (const file of [inputs.kernel, inputs.initramfs, inputs.deviceTree]) await takePinned(file, fetch, context);
		const [kernel, ...packages] = inputs.lock;
		if (kernel === undefined) continue;
		const { modules } = inputs;
		const kernelKey = guestKernelKey(inputs, kernel);
		if (!(await isKept(kernelKey, store))) {
			await take(kernel);
			made.set(kernelKey, fromKernel(kernel.size, isFromSources(inputs)));
			if (inputs.buildrootKernel !== undefined) await takeRelease(inputs.buildrootKernel.source, fetch, context);
		} else if (modules !== undefined && !(await hasModules(kernel, modules, store))) await take(kernel);
		const unpacked = packages.reduce((sum, { size }) => sum + size, 0) * UNPACKED;
		const rootKey = debianRootKey(packages);
		if (inputs.base !== "debian") for (const entry of packages) await take(entry);
		else if (!(await isKept(rootKey, store))) {
			for (const entry of packages) await take(entry);
			made.set(rootKey, { kept: unpacked, scratch: INSTALLING * unpacked });
		}
		if (inputs.buildroot !== undefined) {
			const compiledKey = buildrootRootKey(inputs.buildroot);
			if (!(await isKept(compiledKey, store))) {
				made.set(compiledKey, buildrootNeeds(inputs.buildroot));
				await takeRelease(inputs.buildroot.source, fetch, context);
			}
		}
		made.set(key, { kept: unpacked + OURS, scratch: 0 });
	}
	const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
	const downloads = [...fetched.values()];
	return {
		missing: downloads.filter((file) => !(isOffline() && file.isLocal)).map(({ what, size }) => ({ what, size })),
		kept: Math.ceil(sum(downloads.map(({ size = 0 }) => size)) + sum([...made.values()].map(({ kept }) => kept))),
		scratch: Math.ceil(sum([...made.values()].map(({ scratch }) => scratch))),
	};
}

/** What composing their device image takes, where guests have to be built for it: it is written once, and stored. */
export function imageNeeds(guests: readonly GuestInputs[]): { kept: number; scratch: number } {
	const kernels = new Map(
		guests.flatMap(({ lock: [kernel] }) => (kernel === undefined ? [] : [[kernel.sha256, kernel.size * KERNEL]])),
	);
	const roots = guests.map(({ lock: [, ...packages] }) => packages.reduce((sum, { size }) => sum + size, 0) * UNPACKED + OURS);
	const size = Math.ceil([...kernels.values(), ...roots].reduce((sum, part) => sum + part, 0));
	return { kept: size, scratch: size };
}

/**
 * Sees to it that a build can be done before it begins, and tells what it takes.
 *
 * @throws UserError that lists all that is missing, when nothing may be fetched; or says how much room there must be, when there is not
 */
export async function checkNeeds(needs: Needs, store: Store, progress: Progress): Promise<void> {
	if (isOffline() && needs.missing.length > 0) throw notOffline(needs.missing);
	await checkRoom(needs, store, progress);
}

/** @throws UserError when the disk has not so much room, with what a garbage collection would free */
export async function checkRoom({ kept, scratch, missing }: Needs, store: Store, progress: Progress): Promise<void> {
	if (kept + scratch === 0) return;
	const free = await freeBytes(store);
	const text = needText({ kept, scratch, missing });
	if (kept + scratch <= free) return progress(`${text}; ${bytes(free)} are free`);
	const [unused, all] = [await store.gc({ dryRun: true }), await store.gc({ dryRun: true, keepDays: 0 })];
	throw new UserError(`too little room in ${store.dir}: this build ${text}, and ${bytes(free)} are free`, {
		remedy: `\`persona gc\` would free ${bytes(unused.freed)}, with --keep-days 0 ${bytes(all.freed)}; or set XDG_CACHE_HOME to a folder on a larger disk`,
	});
}

/** A build's needs in a few words. */
export function needText({ kept, scratch, missing }: Needs): string {
	const download = missing.reduce((sum, { size = 0 }) => sum + size, 0);
	const parts = [
		...(download === 0 ? [] : [`${bytes(download)} of it to download`]),
		...(scratch === 0 ? [] : [`${bytes(scratch)} of it only while it runs`]),
	];
	return `takes about ${bytes(kept + scratch)} of disk${parts.length === 0 ? "" : `, ${parts.join(", ")}`}`;
}

/** What this user may still write where the store is. */
export async function freeBytes({ dir }: Pick<Store, "dir">): Promise<number> {
	const { bavail, bsize } = await statfs(dir);
	return bavail * bsize;
}

type Fetch = (digest: string, what: string, size: number | undefined, isLocal: () => boolean) => Promise<void>;

async function takePinned(
	file: Pick<PinnedFile, "url" | "sha256"> | undefined,
	fetch: Fetch,
	{ mirrors }: NeedsContext,
): Promise<void> {
	if (file?.url === undefined) return;
	const digest = `sha256:${file.sha256}`;
	const sources = [...fileSources(digest, mirrors), { url: file.url }];
	await fetch(digest, withoutCredentials(file.url), undefined, () => sources.some(isThere));
}

/** The archive of Buildroot itself, where it is one and not unpacked yet. */
async function takeRelease(source: string, fetch: Fetch, context: NeedsContext): Promise<void> {
	const { buildroot } = context;
	if (buildroot === undefined || source !== `sha256:${buildroot.sha256}` || existsSync(unpackedFolder(source))) return;
	await takePinned(buildroot, fetch, context);
}

function fromKernel(size: number, isSources: boolean): { kept: number; scratch: number } {
	return isSources ? { kept: size * SOURCES.kept, scratch: size * SOURCES.scratch } : { kept: size * KERNEL, scratch: 0 };
}

/** Whether what is remembered under a key, a digest, is in the store. */
async function isKept(key: string, store: Store): Promise<boolean> {
	const digest = await store.getKeyed(key);
	return typeof digest === "string" && store.has(digest);
}

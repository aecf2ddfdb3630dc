// SPDX-License-Identifier: Apache-2.0
// The kernel modules a persona's devices need: which they are, where a linux-image package has them, and how they get into a guest.
import { readFile } from "node:fs/promises";
import type { Persona } from "../manifest/index.ts";
import { canonicalJson, sha256 } from "../util/digest.ts";
import type { Progress } from "../util/progress.ts";
import { addFile, type FileTree, tarEntries } from "./file-tree.ts";
import type { LockEntry } from "./lock.ts";
import type { Blob, Store } from "./store.ts";
import { streamCommand } from "./stream-command.ts";

/** A module with what it needs loaded before it. */
interface ModulePlace {
	/** In the package, for instance `lib/modules/6.1.0-56-arm64/kernel/drivers/input/evdev.ko`. */
	path: string;
	depends: string[];
	/** Of its bytes, once they are in the store. */
	digest?: string;
}

/** Modules by name, with underscores. */
type ModuleIndex = Readonly<Record<string, ModulePlace>>;

/** A module as it lies in a guest. */
export interface KernelModule {
	path: string;
	blob: Blob;
}

/** What the start of a guest reads: the paths of its modules, one a line, in the order in which they are loaded. */
export const MODULE_LIST = "lib/modules/needed";

/** What of a persona says which drivers it needs. */
type Declared = Pick<Persona, "devices"> & Partial<Pick<Persona, "storage" | "watchdogSeconds">>;

/** What each kind of device needs where Debian's kernel has its driver as a module. */
const DRIVERS: readonly { isNeeded: (persona: Declared) => boolean; modules: readonly string[] }[] = [
	{ isNeeded: ({ devices }) => devices.input, modules: ["virtio_mmio", "virtio_input", "evdev"] },
	{ isNeeded: ({ devices }) => devices.agent, modules: ["virtio_mmio", "virtio_console"] },
	{ isNeeded: ({ devices }) => devices.network !== "none", modules: ["virtio_mmio", "virtio_net"] },
	{ isNeeded: ({ watchdogSeconds }) => (watchdogSeconds ?? null) !== null, modules: ["sbsa_gwdt"] },
	{ isNeeded: ({ storage = [] }) => storage.length > 0, modules: ["virtio_mmio", "virtio_blk"] },
	{ isNeeded: ({ storage = [] }) => storage.some(({ mount }) => mount !== null), modules: ["ext4", "crc32c_generic"] },
	{ isNeeded: ({ storage = [] }) => storage.some(({ encrypted }) => encrypted), modules: ["dm_crypt", "xts", "aes_ce_blk"] },
];

/**
 * Names of the modules for the devices a persona declares, without what they depend on; none where it declares none. Debian's kernel has
 * the drivers of its console, clock and framebuffer built in.
 */
export function deviceModules(persona: Declared): string[] {
	return [...new Set(DRIVERS.filter(({ isNeeded }) => isNeeded(persona)).flatMap(({ modules }) => modules))];
}

/**
 * Takes modules and all they depend on out of a linux-image package; from the store where that was done before.
 *
 * @returns in an order in which they can be loaded
 * @throws Error when the package has no module of a name
 */
export async function kernelModules(
	entry: LockEntry,
	names: readonly string[],
	fetch: () => Promise<Blob>,
	{ store, signal, progress }: { store: Store; signal?: AbortSignal | undefined; progress: Progress },
): Promise<KernelModule[]> {
	const all = taken(names);
	const key = modulesKey(entry, names);
	return store.exclusively(key, { signal, progress }, async () => {
		const known = (await store.getKeyed(key)) as ModuleIndex | undefined;
		const stored = known === undefined ? undefined : await storedModules(loadOrder(known, names, entry.name), store, signal);
		if (stored !== undefined) return stored;
		progress("taking kernel modules out of their package");
		const index = await unpackModules((await fetch()).path, all, store, signal);
		await store.putKeyed(key, index);
		const unpacked = await storedModules(loadOrder(index, names, entry.name), store, signal);
		if (unpacked === undefined) throw new Error(`modules of ${entry.name} are gone from the store`);
		return unpacked;
	});
}

// A package takes seconds to read, so whatever a persona may need comes out of it at once.
function taken(names: readonly string[]): string[] {
	return [...new Set([...DRIVERS.flatMap(({ modules }) => modules), "virtio_mmio", ...names].map(canonical))].sort();
}

function modulesKey(entry: LockEntry, names: readonly string[]): string {
	return sha256(canonicalJson({ kind: "kernel-modules", package: entry.sha256, all: taken(names) }));
}

/** Whether {@link kernelModules} would find all of them in the store. */
export async function hasModules(entry: LockEntry, names: readonly string[], store: Store): Promise<boolean> {
	const known = (await store.getKeyed(modulesKey(entry, names))) as ModuleIndex | undefined;
	if (known === undefined) return false;
	for (const { digest } of loadOrder(known, names, entry.name)) {
		if (digest === undefined || !(await store.has(digest))) return false;
	}
	return true;
}

/** Puts modules into a guest, with the list its start reads. */
export async function addModules(tree: FileTree, modules: readonly KernelModule[]): Promise<void> {
	for (const { path, blob } of modules) addFile(tree, path, await readFile(blob.path));
	addFile(tree, MODULE_LIST, modules.map(({ path }) => `/${path}\n`).join(""));
}

/** The places of modules and all they depend on, each after what it needs. */
export function loadOrder(index: ModuleIndex, names: readonly string[], where: string): ModulePlace[] {
	const ordered = new Set<ModulePlace>();
	const visit = (name: string): void => {
		const place = index[canonical(name)];
		if (place === undefined) throw new Error(`${where} has no module ${name}`);
		if (ordered.has(place)) return;
		for (const needed of place.depends) visit(needed);
		ordered.add(place);
	};
	for (const name of names) visit(name);
	return [...ordered];
}

/** What a module says in its section .modinfo that it depends on: a list of strings that end in NUL. */
export function moduleDepends(module: Uint8Array): string[] {
	const bytes = Buffer.from(module.buffer, module.byteOffset, module.byteLength);
	const at = bytes.indexOf("\0depends=", 0, "latin1");
	if (at < 0) return [];
	const start = at + "\0depends=".length;
	const list = bytes.toString("latin1", start, bytes.indexOf(0, start));
	return list === "" ? [] : list.split(",").map(canonical);
}

// Modules are found by their names with underscores, whatever their files are called.
function canonical(name: string): string {
	return name.replaceAll("-", "_");
}

/** The modules of these names that the package has, with what they depend on, all in the store. */
async function unpackModules(debPath: string, names: readonly string[], store: Store, signal?: AbortSignal): Promise<ModuleIndex> {
	const index: Record<string, ModulePlace> = {};
	const contents = new Map<string, Uint8Array>();
	for await (const { path, data } of packageModules(debPath, signal)) {
		index[canonical(path.replace(/^.*\/|\.ko$/g, ""))] = { path, depends: moduleDepends(data) };
		if (LIKELY.test(path)) contents.set(path, data);
	}
	const places = loadOrder(
		index,
		names.filter((name) => name in index),
		debPath,
	);
	if (places.some(({ path }) => !contents.has(path))) {
		for await (const { path, data } of packageModules(debPath, signal)) {
			if (places.some((place) => place.path === path)) contents.set(path, data);
		}
	}
	const unpacked: Record<string, ModulePlace> = {};
	for (const [name, place] of Object.entries(index)) {
		const data = contents.get(place.path);
		if (data === undefined || !places.includes(place)) continue;
		unpacked[name] = { ...place, digest: (await store.put(data, signal)).digest };
	}
	return unpacked;
}

// What a module depends on is known only at the end of the package: those that lie here are kept until then, which saves reading it twice
// (all of them are 290 MB).
const LIKELY =
	/\/kernel\/(drivers\/(block|char|dax|input|md|virtio|watchdog|net)\/[^/]*|arch\/arm64\/crypto\/[^/]*|fs\/(ext4\/|jbd2\/)?[^/]*|(lib|crypto)\/.*|net\/core\/.*)$/;

async function storedModules(
	places: readonly ModulePlace[],
	store: Store,
	signal?: AbortSignal,
): Promise<KernelModule[] | undefined> {
	const modules: KernelModule[] = [];
	for (const { path, digest } of places) {
		const blob = digest === undefined ? undefined : await store.get(digest, signal);
		if (blob === undefined) return undefined;
		modules.push({ path, blob });
	}
	return modules;
}

async function* packageModules(debPath: string, signal?: AbortSignal): AsyncGenerator<{ path: string; data: Uint8Array }> {
	const isModule = (name: string) => /^lib\/modules\/[^/]+\/kernel\/.*\.ko$/.test(name);
	const archive = streamCommand("dpkg-deb", ["--fsys-tarfile", debPath], signal);
	for await (const { path, entry } of tarEntries(archive, isModule)) yield { path, data: entry.data };
}

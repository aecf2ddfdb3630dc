// SPDX-License-Identifier: Apache-2.0
// The kernel modules a persona's devices need: which they are, where a linux-image package has them, and how they get into a guest.
import { readFile } from "node:fs/promises";
import type { Persona } from "../manifest/index.ts";
import { sha256 } from "../util/digest.ts";
import { addFile, type FileTree, tarEntries } from "./file-tree.ts";
import type { LockEntry } from "./lock.ts";
import type { Blob, Store } from "./store.ts";
import { streamCommand } from "./stream-command.ts";

/** A module with what it needs loaded before it. */
interface ModulePlace {
	/** In the package, for instance `lib/modules/6.1.0-56-arm64/kernel/drivers/input/evdev.ko`. */
	path: string;
	depends: string[];
}

/** A module as it lies in a guest. */
export interface KernelModule {
	path: string;
	blob: Blob;
}

/** What the start of a guest reads: the paths of its modules, one a line, in the order in which they are loaded. */
export const MODULE_LIST = "lib/modules/needed";

/**
 * Names of the modules for the devices a persona declares, without what they depend on; none where it declares none. Debian's kernel has
 * the drivers of its console, clock and framebuffer built in.
 */
export function deviceModules({ devices }: Pick<Persona, "devices">): string[] {
	const drivers = [...(devices.input ? ["virtio_input", "evdev"] : [])];
	return drivers.length === 0 ? [] : ["virtio_mmio", ...drivers];
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
	store: Store,
	signal?: AbortSignal,
): Promise<KernelModule[]> {
	const places = loadOrder(await moduleIndex(entry, fetch, store, signal), names, entry.name);
	const known = await Promise.all(places.map(({ path }) => storedModule(entry, path, store, signal)));
	if (known.some((blob) => blob === undefined)) {
		const wanted = new Set(places.map(({ path }) => path));
		for await (const { path, data } of packageFiles((await fetch()).path, (name) => wanted.has(name), signal)) {
			const blob = await store.put(data, signal);
			await store.putKeyed(moduleKey(entry, path), blob.digest);
			known[places.findIndex((place) => place.path === path)] = blob;
		}
	}
	return places.map(({ path }, index) => {
		const blob = known[index];
		if (blob === undefined) throw new Error(`${path} is not in ${entry.name}`);
		return { path, blob };
	});
}

/** Puts modules into a guest, with the list its start reads. */
export async function addModules(tree: FileTree, modules: readonly KernelModule[]): Promise<void> {
	for (const { path, blob } of modules) addFile(tree, path, await readFile(blob.path));
	addFile(tree, MODULE_LIST, modules.map(({ path }) => `/${path}\n`).join(""));
}

/** The places of modules and all they depend on, each after what it needs. */
export function loadOrder(index: Readonly<Record<string, ModulePlace>>, names: readonly string[], where: string): ModulePlace[] {
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

async function moduleIndex(
	entry: LockEntry,
	fetch: () => Promise<Blob>,
	store: Store,
	signal?: AbortSignal,
): Promise<Record<string, ModulePlace>> {
	const key = sha256(`module index of ${entry.sha256}`);
	const known = await store.getKeyed(key);
	if (known !== undefined) return known as Record<string, ModulePlace>;
	const index: Record<string, ModulePlace> = {};
	const isModule = (name: string) => /^lib\/modules\/[^/]+\/kernel\/.*\.ko$/.test(name);
	for await (const { path, data } of packageFiles((await fetch()).path, isModule, signal)) {
		index[canonical(path.replace(/^.*\/|\.ko$/g, ""))] = { path, depends: moduleDepends(data) };
	}
	await store.putKeyed(key, index);
	return index;
}

async function storedModule(entry: LockEntry, path: string, store: Store, signal?: AbortSignal): Promise<Blob | undefined> {
	const digest = await store.getKeyed(moduleKey(entry, path));
	return typeof digest === "string" ? store.get(digest, signal) : undefined;
}

function moduleKey(entry: LockEntry, path: string): string {
	return sha256(`${path} of ${entry.sha256}`);
}

async function* packageFiles(
	debPath: string,
	keep: (path: string) => boolean,
	signal?: AbortSignal,
): AsyncGenerator<{ path: string; data: Uint8Array }> {
	for await (const { path, entry } of tarEntries(streamCommand("dpkg-deb", ["--fsys-tarfile", debPath], signal), keep)) {
		yield { path, data: entry.data };
	}
}

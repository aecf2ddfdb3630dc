// SPDX-License-Identifier: Apache-2.0
// Builds a guest image: kernel, initial filesystem and device tree in the store, and a record that names them.
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson } from "../util/digest.ts";
import { isOffline } from "../util/network.ts";
import { prefixed } from "../util/progress.ts";
import { agentProgram } from "./agent.ts";
import { builtWithLog } from "./build-log.ts";
import { buildrootRoot, buildrootTree, rootAccount } from "./buildroot/root.ts";
import { busyboxTree } from "./busybox.ts";
import { cpioChunks } from "./cpio.ts";
import { uncompressed } from "./debian-kernel.ts";
import { debianTree } from "./debian-root.ts";
import { armProgram, isElf } from "./elf-arm.ts";
import { fetchUrl, packageFetcher } from "./fetch-file.ts";
import { addFile, type FileTree } from "./file-tree.ts";
import { guestKey } from "./guest-inputs.ts";
import { guestKernel } from "./guest-kernel.ts";
import { addVolumes } from "./guest-volumes.ts";
import { type KernelFormat, kernelFormat, programFormat } from "./kernel.ts";
import { addModules, type KernelModule, kernelModules } from "./kernel-modules.ts";
import { checkNeeds, checkRoom, guestNeeds } from "./needs.ts";
import { addOverlay } from "./overlay.ts";
import { patchProgram, patchSummary, patchTable } from "./patch-arm.ts";
import { builtFrom, rememberBuilt, rememberInputs } from "./records.ts";
import type { Blob, Store } from "./store.ts";
import type { Artifact, BuildContext, GuestInputs, GuestSources, PinnedFile } from "./types.ts";

/** A part of a guest in the store. */
export interface GuestPart {
	digest: string;
	/** Bytes. */
	size: number;
}

/** What the record of a guest image says. */
export interface GuestRecord {
	kind: "guest";
	kernel: GuestPart & KernelFormat;
	/** What was replaced in its kernel: Veil's table, and how many by kind; missing where nothing had to be. */
	patches?: GuestPart & { report: Record<string, number> };
	initramfs?: GuestPart & {
		/** How often its size must fit into the RAM beside the kernel at start; 1 where nothing is known of what the guest does with it. */
		copies: number;
	};
	deviceTree?: GuestPart;
	commandLine: string;
}

type Parts = Omit<GuestRecord, "kind" | "commandLine">;

/**
 * Builds a guest image, or takes it from the store when it was built from the same inputs before.
 *
 * @throws UserError when a package or file cannot be had, or an overlay file changed meanwhile
 */
export async function buildGuest(inputs: GuestInputs, sources: GuestSources, context: BuildContext): Promise<Artifact> {
	const key = guestKey(inputs);
	const { store, signal } = context;
	await rememberInputs(store, key, inputs);
	const found = await findGuest(key, store, signal);
	const isKnown = inputs.buildroot === undefined || (await rootAccount(inputs.buildroot, store, signal)) !== undefined;
	if (found !== undefined && isKnown) return found.artifact;
	const work = { store, signal, progress: prefixed(context.progress, inputs.persona) };
	return builtWithLog(`guest-${inputs.persona}`, key, work, async (progress) => {
		const meanwhile = await findGuest(key, store, signal);
		if (meanwhile !== undefined && isKnown) return meanwhile.artifact;
		const inner = { ...context, progress };
		await seeToIt(inputs, inner);
		const parts =
			inputs.builder === "prebuilt" ? await prebuiltParts(inputs, sources, inner) : await debianParts(inputs, sources, inner);
		const record: GuestRecord = { kind: "guest", ...parts, commandLine: inputs.commandLine };
		const blob = await store.put(Buffer.from(`${canonicalJson(record)}\n`), signal);
		await rememberBuilt(store, key, "guest", blob.digest);
		return { key, digest: blob.digest, size: sizeOf(record), path: blob.path };
	});
}

/** Room on the disk is this guest's; what is missing offline is told of all guests of the phone at once. */
async function seeToIt(inputs: GuestInputs, { store, lock, progress, phone = [] }: BuildContext): Promise<void> {
	const needs = { store, mirrors: lock.mirrors, buildroot: lock.buildroot };
	if (isOffline()) await checkNeeds({ ...(await guestNeeds([inputs, ...phone], needs)), kept: 0, scratch: 0 }, store, progress);
	await checkRoom(await guestNeeds([inputs], needs), store, progress);
}

/** A guest image in the store with its parts, all verified; undefined when something is missing. */
export async function findGuest(
	key: string,
	store: Store,
	signal?: AbortSignal,
): Promise<{ artifact: Artifact; record: GuestRecord; blobs: Map<string, Blob> } | undefined> {
	const built = await builtFrom(store, key);
	if (built?.kind !== "guest") return undefined;
	const blob = await store.get(built.digest, signal);
	if (blob === undefined) return undefined;
	const record = JSON.parse(await readFile(blob.path, "utf8")) as GuestRecord;
	const blobs = new Map<string, Blob>();
	for (const part of partsOf(record)) {
		const found = await store.get(part.digest, signal);
		if (found === undefined) return undefined;
		blobs.set(part.digest, found);
	}
	return { artifact: { key, digest: built.digest, size: sizeOf(record), path: blob.path }, record, blobs };
}

function partsOf(record: GuestRecord): GuestPart[] {
	return [record.kernel, record.patches, record.initramfs, record.deviceTree].filter((part) => part !== undefined);
}

function sizeOf(record: GuestRecord): number {
	return partsOf(record).reduce((sum, { size }) => sum + size, 0);
}

async function debianParts(inputs: GuestInputs, sources: GuestSources, context: BuildContext): Promise<Parts> {
	const { store, signal, progress } = context;
	const fetch = packageFetcher({ store, signal, progress, mirrors: context.lock.mirrors });
	const [kernelEntry, ...entries] = inputs.lock;
	if (kernelEntry === undefined) throw new Error("a debian guest without lock entries");
	const blob = await guestKernel(inputs, kernelEntry, sources.places ?? {}, () => fetch(kernelEntry), context);
	const kernel =
		inputs.patching === undefined ? await imageParts(blob) : await programParts(blob, "the kernel of ARMv6 guests", context);
	let modules: KernelModule[] = [];
	if (inputs.modules !== undefined) {
		modules = await kernelModules(kernelEntry, inputs.modules, () => fetch(kernelEntry), { store, signal, progress });
	}
	const hasModules = modules.length > 0;
	const hasAgent = inputs.agent !== undefined;
	const hasNetwork = inputs.network === true || inputs.modules?.includes("virtio_net") === true;
	const hasVolumes = inputs.volumes !== undefined;
	const { watchdogSeconds } = inputs;
	const options = { hostname: inputs.persona, hasModules, hasAgent, hasNetwork, hasVolumes, watchdogSeconds };
	let tree: FileTree;
	if (inputs.buildroot !== undefined) {
		const archive = await buildrootRoot(inputs.buildroot, sources.places ?? {}, context);
		tree = await buildrootTree(archive.path, options, signal);
	} else if (inputs.base === "debian") {
		tree = await debianTree(entries, fetch, options, { store, signal, progress });
	} else {
		const packages: string[] = [];
		for (const entry of entries) packages.push((await fetch(entry)).path);
		progress("making the root filesystem");
		tree = await busyboxTree(packages, options, signal);
	}
	if (hasModules) await addModules(tree, modules);
	if (inputs.agent !== undefined) addFile(tree, "usr/sbin/persona-agent", await agentProgram(inputs.agent, context), 0o755);
	if (inputs.volumes !== undefined) await addVolumes(tree, inputs.volumes, context);
	if (sources.overlayDir !== undefined) await addOverlay(tree, sources.overlayDir, inputs.overlay);
	const initramfs = await store.put(chunks(tree), signal);
	return {
		...kernel,
		// Linux keeps the archive while it unpacks it; a tmpfs root takes only half of what is free then, a ramfs root all of it.
		initramfs: { ...part(initramfs), copies: inputs.base === "debian" ? 2 : 3 },
	};
}

async function prebuiltParts(inputs: GuestInputs, sources: GuestSources, context: BuildContext): Promise<Parts> {
	const take = async (file: PinnedFile | undefined): Promise<Blob | undefined> =>
		file === undefined ? undefined : takePinned(file, sources.baseDir, context);
	const given = await take(inputs.kernel);
	if (given === undefined) throw new Error("a prebuilt guest without a kernel");
	const initramfs = await take(inputs.initramfs);
	const deviceTree = await take(inputs.deviceTree);
	return {
		...(await givenKernel(given, inputs, context)),
		...(initramfs === undefined ? {} : { initramfs: { ...part(initramfs), copies: 1 } }),
		...(deviceTree === undefined ? {} : { deviceTree: part(deviceTree) }),
	};
}

async function givenKernel(given: Blob, inputs: GuestInputs, context: BuildContext): Promise<KernelParts> {
	if (inputs.firmware === true) return { kernel: { ...part(given), format: "firmware" } };
	const bytes = await readFile(given.path);
	if (inputs.patching !== undefined && isElf(bytes)) return programParts(given, `the kernel of persona ${inputs.persona}`, context);
	const plain = uncompressed(bytes);
	return imageParts(plain === bytes ? given : await context.store.put(plain, context.signal));
}

type KernelParts = Pick<Parts, "kernel" | "patches">;

async function imageParts(kernel: Blob): Promise<KernelParts> {
	return { kernel: { ...part(kernel), ...kernelFormat(await head(kernel.path)) } };
}

/** A kernel that is an ELF file, as it is in memory and with what it must not do in user mode replaced. */
async function programParts(elf: Blob, name: string, { store, signal, progress }: BuildContext): Promise<KernelParts> {
	const program = armProgram(await readFile(elf.path), name);
	const { bytes, table, report } = patchProgram(program, name);
	progress(`replaced ${patchSummary(report)} of ${name}`);
	const kernel = { ...part(await store.put(bytes, signal)), ...programFormat(program) };
	if (table.length === 0) return { kernel };
	return { kernel, patches: { ...part(await store.put(patchTable(table), signal)), report } };
}

async function takePinned(file: PinnedFile, baseDir: string, { store, lock, signal, progress }: BuildContext): Promise<Blob> {
	const digest = `sha256:${file.sha256}`;
	if (file.url !== undefined) return fetchUrl(file.url, digest, { store, signal, progress, mirrors: lock.mirrors });
	const stored = await store.get(digest, signal);
	if (stored !== undefined) return stored;
	const path = join(baseDir, file.path ?? "");
	const blob = await store.put(await readFile(path), signal);
	if (blob.digest !== digest)
		throw new Error(`${path} changed while the image was built: it is ${blob.digest}, expected ${digest}`);
	return blob;
}

async function* chunks(tree: FileTree): AsyncGenerator<Uint8Array> {
	yield* cpioChunks(tree);
}

async function head(path: string): Promise<Uint8Array> {
	const file = await open(path);
	try {
		const { bytesRead, buffer } = await file.read(Buffer.alloc(64), 0, 64, 0);
		return buffer.subarray(0, bytesRead);
	} finally {
		await file.close();
	}
}

function part({ digest, size }: Blob): GuestPart {
	return { digest, size };
}

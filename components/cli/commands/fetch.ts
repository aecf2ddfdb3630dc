// SPDX-License-Identifier: Apache-2.0
// `persona fetch`: gets everything the project takes from outside, so that it can be built without a network afterwards.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
	checkNeeds,
	copyFiles,
	fetchFiles,
	type GuestInputs,
	guestInputs,
	guestNeeds,
	imageNeeds,
	isMissing,
	type LockFile,
	loadLock,
	lockedFiles,
	openStore,
	type PinnedBytes,
	pinnedFiles,
	projectDocuments,
	type Store,
	totalSize,
} from "../../image/index.ts";
import { type ResolvedPhone, renderProblems } from "../../manifest/index.ts";
import { loadAndCheckPhone } from "../../policy/index.ts";
import { bytes } from "../../util/bytes.ts";
import { UserError } from "../../util/errors.ts";
import { projectRoot } from "../../util/paths.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { withProgress } from "../progress.ts";
import { print, printJson, type Terminal } from "../terminal.ts";

export interface FetchOptions {
	/** Only say what is missing. */
	readonly dryRun: boolean;
	/** Copy everything into this folder too, which can then be a mirror. */
	readonly to: string | undefined;
	readonly json: boolean;
}

/** Fetches what the lock names and what the phones' documents pin by URL; of all phones of the project by default. */
export async function fetch(terminal: Terminal, phones: readonly string[], options: FetchOptions): Promise<ExitCode> {
	const project = projectRoot();
	const lock = await loadLock(project);
	const resolved = await resolvedPhones(phones.length > 0 ? phones : (await projectDocuments(project)).phones);
	const files = distinct([...lockedFiles(lock), ...pinnedFiles(resolved.flatMap(({ personas }) => personas))]);
	const store = await openStore();
	const { mirrors } = lock;
	if (options.dryRun) return dryRun(terminal, { files, guests: await guestsOf(resolved, lock), store, lock, json: options.json });
	const missing: PinnedBytes[] = [];
	for (const file of files) if (await isMissing(file, store)) missing.push(file);
	const copied = await withProgress(terminal, "fetching", async (progress, signal) => {
		await fetchFiles(missing, { store, mirrors, progress, signal });
		return options.to === undefined ? 0 : copyFiles(files, resolve(options.to), store, signal);
	});
	const folder = options.to === undefined ? undefined : resolve(options.to);
	if (options.json)
		printJson(terminal, { store: store.dir, fetched: missing.map(({ what }) => what), folder: folder ?? null, copied });
	else {
		for (const file of missing) print(terminal, `+ ${line(file)}`);
		print(terminal, `all ${files.length} files are in ${store.dir}`);
		if (folder !== undefined)
			print(terminal, `${copied} copied to ${folder}; elsewhere: PERSONA_MIRROR=${pathToFileURL(folder).href} persona fetch`);
	}
	return EXIT.ok;
}

interface DryRun {
	readonly files: readonly PinnedBytes[];
	readonly guests: readonly GuestInputs[];
	readonly store: Store;
	readonly lock: LockFile;
	readonly json: boolean;
}

async function dryRun(terminal: Terminal, { files, guests, store, lock, json }: DryRun): Promise<ExitCode> {
	const missing: PinnedBytes[] = [];
	for (const file of files) if (!(await store.has(file.digest))) missing.push(file);
	const build = await guestNeeds(guests, { store, mirrors: lock.mirrors, buildroot: lock.buildroot });
	if (build.kept > 0) {
		const { kept, scratch } = imageNeeds(guests);
		build.kept += kept;
		// Images are composed when the guests are built and what that took meanwhile is gone.
		build.scratch = Math.max(build.scratch, scratch);
	}
	let needs: string | null = null;
	let refused: string | null = null;
	try {
		await checkNeeds(build, store, (message) => {
			needs = `building ${guests.length} guests and what is made of them ${message}`;
		});
	} catch (error) {
		if (!(error instanceof UserError)) throw error;
		refused = error.render();
	}
	if (json) {
		const shown = missing.map(({ what, digest, size }) => ({ what, digest, size: size ?? null }));
		printJson(terminal, { store: store.dir, missing: shown, build, needs, refused });
	} else {
		for (const file of missing) print(terminal, line(file));
		print(terminal, missing.length === 0 ? `all ${files.length} files are in ${store.dir}` : total(missing, store.dir));
		if (refused === null) print(terminal, needs ?? "every guest is built");
		else terminal.err.write(`${refused}\n`);
	}
	return missing.length === 0 && refused === null ? EXIT.ok : EXIT.found;
}

async function guestsOf(phones: readonly ResolvedPhone[], lock: LockFile): Promise<GuestInputs[]> {
	const guests: GuestInputs[] = [];
	for (const { personas, board } of phones)
		for (const persona of personas) guests.push(await guestInputs(persona, board.document, lock));
	return guests;
}

async function resolvedPhones(paths: readonly string[]): Promise<ResolvedPhone[]> {
	const phones: ResolvedPhone[] = [];
	for (const path of paths) {
		const { resolved, problems } = await loadAndCheckPhone(path);
		if (resolved === undefined)
			throw new UserError(`the documents have to be right before anything is fetched\n${renderProblems(problems)}`);
		phones.push(resolved);
	}
	return phones;
}

function distinct(files: readonly PinnedBytes[]): PinnedBytes[] {
	return [...new Map(files.map((file) => [file.digest, file])).values()];
}

function line({ what, size }: PinnedBytes): string {
	return size === undefined ? what : `${what} (${bytes(size)})`;
}

function total(missing: readonly PinnedBytes[], dir: string): string {
	return `${missing.length} ${missing.length === 1 ? "file is" : "files are"} not in ${dir}, to be fetched: ${totalSize(missing)}`;
}

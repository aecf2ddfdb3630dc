// SPDX-License-Identifier: Apache-2.0
// Fills the lock file from Debian's signed indexes, and checks that it answers what the project asks for.
import { join } from "node:path";
import { sha256 } from "../util/digest.ts";
import { UserError } from "../util/errors.ts";
import { isOffline } from "../util/network.ts";
import { type Progress, silent } from "../util/progress.ts";
import { type Apt, openApt } from "./apt.ts";
import { checkoutFolder } from "./buildroot/source.ts";
import { FetchError } from "./fetch-file.ts";
import { fetchLocked } from "./fetch-locked.ts";
import {
	architectureOf,
	buildsKernel,
	type DebianArchitecture,
	emptyLock,
	type GuestRequest,
	type LockEntry,
	type LockFile,
	loadLock,
	lockPath,
	referenceOf,
	requestKey,
	saveLock,
	usedReferences,
} from "./lock.ts";
import { entriesOf, openStore, type Store } from "./store.ts";

/** How to fill the lock. */
export interface UpdateOptions {
	/** What the project's guests ask for. */
	requests: readonly GuestRequest[];
	/** `missing` adds what is not locked yet and keeps the rest; `all` takes everything as it is now. */
	mode: "missing" | "all";
	apt?: (architecture: DebianArchitecture) => Promise<Apt>;
	store?: Store;
	signal?: AbortSignal;
	progress?: Progress;
	/** Where to write; default: the project's lock file. */
	path?: string;
}

/** What an update did. */
export interface UpdateReport {
	lock: LockFile;
	path: string;
	/** `name=version`, sorted. */
	added: string[];
	removed: string[];
}

/**
 * Locks what the requests need, and forgets what none needs any more.
 *
 * @throws UserError when a package does not exist or the indexes cannot be had
 */
export async function updateLock(projectDir: string, options: UpdateOptions): Promise<UpdateReport> {
	const { mode, signal, progress = silent } = options;
	const path = options.path ?? lockPath(projectDir);
	const old = await loadLock(projectDir);
	const requests = distinct(options.requests);
	const base = mode === "all" ? emptyLock() : old;
	const next = emptyLock();
	const entries = new Map(base.debian.packages.map((entry) => [referenceOf(entry), entry]));
	if (old.mirrors !== undefined) next.mirrors = old.mirrors;
	if (old.buildroot !== undefined) next.buildroot = old.buildroot;
	const wants = { kernel: requests.some((request) => !buildsKernel(request)), sources: requests.some(buildsKernel) };
	if (wants.sources && base.debian.kernelSource !== undefined) next.debian.kernelSource = base.debian.kernelSource;
	if (wants.kernel) next.debian.kernel = base.debian.kernel;
	next.debian.guests = base.debian.guests.filter((guest) => requests.some((request) => requestKey(request) === requestKey(guest)));
	for (const architecture of ["arm64", "armel"] as const) {
		const wanted = requests.filter((request) => architectureOf(request) === architecture && request.base !== "kernel");
		const missing = wanted.filter((request) => !next.debian.guests.some((guest) => requestKey(guest) === requestKey(request)));
		// Sources are for all architectures, but only some have Debian's security updates to the last.
		const lacks = {
			kernel: architecture === "arm64" && wants.kernel && next.debian.kernel === null,
			sources: architecture === "arm64" && wants.sources && next.debian.kernelSource === undefined,
		};
		if (missing.length === 0 && !lacks.kernel && !lacks.sources) continue;
		const store = options.store ?? (await openStore());
		// apt's state is one per user: two at once would be refused by apt itself.
		await store.exclusively(sha256("apt"), { signal, progress }, async () => {
			if (isOffline()) {
				throw new UserError("locking asks Debian's archives, and nothing may be fetched offline", {
					remedy: "run `persona lock` while there is a network, and commit persona.lock.yaml",
				});
			}
			const apt = await (options.apt ?? openApt)(architecture);
			progress(`fetching Debian's package indexes for ${architecture}`);
			await apt.update(signal);
			const note = (entry: LockEntry) => {
				entries.set(referenceOf(entry), entry);
				return referenceOf(entry);
			};
			if (lacks.kernel) next.debian.kernel = note(await apt.kernel(signal));
			if (lacks.sources) next.debian.kernelSource = note(await apt.kernelSource(signal));
			for (const request of missing) {
				progress(`resolving ${[request.base, ...request.packages].join(" ")}`);
				const packages = [...new Set(request.packages)].sort();
				next.debian.guests.push({ ...request, packages, install: (await apt.resolve(request, signal)).map(note) });
			}
		});
	}
	const used = usedReferences(next);
	next.debian.packages = [...entries].filter(([reference]) => used.has(reference)).map(([, entry]) => entry);
	await saveLock(next, path);
	const before = new Set(old.debian.packages.map(referenceOf));
	const after = new Set(next.debian.packages.map(referenceOf));
	return {
		lock: next,
		path,
		added: [...after].filter((reference) => !before.has(reference)).sort(),
		removed: [...before].filter((reference) => !after.has(reference)).sort(),
	};
}

/** Requests that the lock does not answer, as sentences; nothing when every guest can be built. */
export function checkLock(lock: LockFile, requests: readonly GuestRequest[]): string[] {
	const known = new Set(lock.debian.guests.map(requestKey));
	const problems = distinct(requests)
		.filter((request) => request.base !== "kernel" && !known.has(requestKey(request)))
		.map(
			({ architecture, base, packages }) =>
				`nothing is locked for base ${base}${packages.length === 0 ? "" : ` with ${[...packages].sort().join(", ")}`}${architecture === undefined ? "" : ` for ${architecture}`}`,
		);
	if (requests.some(buildsKernel) && lock.debian.kernelSource === undefined) problems.unshift("no kernel's source is locked");
	if (requests.some((request) => !buildsKernel(request)) && lock.debian.kernel === null) problems.unshift("no kernel is locked");
	if (requests.some(({ base }) => base === "kernel") && lock.buildroot === undefined && checkoutFolder() === undefined)
		problems.push("no release of Buildroot is pinned: write its version, url and sha256 under `buildroot:`, or set BUILDROOT_DIR");
	return problems;
}

/**
 * For test runs: makes sure that everything locked can be had. When the mirror has dropped a version, locks anew into `folder` and
 * tells where; the caller sets `PERSONA_LOCK` to it, so that tests do not fail for what no commit changed.
 *
 * @returns the path of the other lock file, or undefined when the project's own serves
 */
export async function relockForTests(
	projectDir: string,
	folder: string,
	progress: Progress,
	signal?: AbortSignal,
): Promise<string | undefined> {
	const store = await openStore();
	const lock = await loadLock(projectDir);
	const withSignal = signal === undefined ? {} : { signal };
	try {
		await fetchLocked(lock, { store, progress, ...withSignal });
		return undefined;
	} catch (error) {
		if (!(error instanceof FetchError && error.isGone)) throw error;
		progress(`${error.message}: this test run takes what the mirror has now`);
		const path = join(folder, "persona.lock.yaml");
		const { lock: now } = await updateLock(projectDir, {
			requests: lock.debian.guests,
			mode: "all",
			store,
			progress,
			path,
			...withSignal,
		});
		await fetchLocked(now, { store, progress, ...withSignal });
		return path;
	}
}

/** Paths of a project's documents of personas and phones, for whoever collects what they ask for. */
export async function projectDocuments(projectDir: string): Promise<{ personas: string[]; phones: string[] }> {
	const personas = (await entriesOf(join(projectDir, "personas"))).filter((name) => /\.ya?ml$/.test(name));
	const stacks = (await entriesOf(join(projectDir, "stacks"))).filter((name) => /\.phone\.ya?ml$/.test(name));
	return {
		personas: personas.sort().map((name) => join(projectDir, "personas", name)),
		phones: stacks.sort().map((name) => join(projectDir, "stacks", name)),
	};
}

function distinct(requests: readonly GuestRequest[]): GuestRequest[] {
	return [...new Map(requests.map((request) => [requestKey(request), request])).values()].sort((a, b) =>
		requestKey(a) < requestKey(b) ? -1 : 1,
	);
}

// SPDX-License-Identifier: Apache-2.0
// persona.lock.yaml: every outside input by version and SHA-256. Builds take nothing that is not in it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { writeFileAtomic } from "../util/atomic.ts";
import { errorCode, UserError } from "../util/errors.ts";

/** Debian's names for what guests' processors run. */
export type DebianArchitecture = "arm64" | "armel";

/** One Debian package: what it is, where an archive keeps it, and what its bytes must be. */
export interface LockEntry {
	name: string;
	version: string;
	architecture: DebianArchitecture | "all";
	/** Which of Debian's archives: its main one or that of security updates. */
	archive: "debian" | "debian-security";
	/** Path in the archive. */
	file: string;
	/** Bytes. */
	size: number;
	/** SHA-256 in hexadecimal; comes from the archive's signed index. */
	sha256: string;
	/** URLs of this very file that are asked before all archives; missing where there are none. */
	sources?: string[];
}

/** What a guest asks Debian for. */
export interface GuestRequest {
	/** Missing: arm64. */
	architecture?: "armel";
	/** `kernel`: nothing but a kernel's sources, since all else comes from elsewhere; no entry of the lock is about it alone. */
	base: "busybox" | "debian" | "kernel";
	packages: readonly string[];
}

/** A request and the packages that answer it, as `name=version`, dependencies included. */
export interface LockedGuest extends GuestRequest {
	install: string[];
}

/** Places that keep what archives drop, asked before these in their order. */
export interface Mirrors {
	/** Base URLs of folders with files under their digests, as in the store: `<first two digits>/<other 62>`. */
	files?: string[];
	/** Base URLs of archives laid out as Debian's are. */
	debian?: string[];
	"debian-security"?: string[];
}

/** A release of Buildroot: its archive, and what its bytes must be. */
export interface LockedBuildroot {
	version: string;
	url: string;
	/** SHA-256 in hexadecimal, as the release's signature file has it. */
	sha256: string;
}

/** The lock file. */
export interface LockFile {
	version: 1;
	/** Written by people and kept by updates; missing where there are none. */
	mirrors?: Mirrors;
	/** Written by people and kept by updates; missing where nothing is built from source, or a checkout serves. */
	buildroot?: LockedBuildroot;
	debian: {
		suite: typeof DEBIAN_SUITE;
		/** The kernel of arm64 guests that take Debian's, as `name=version`. */
		kernel: string | null;
		/** The sources that kernels which have to be built are built from, those of all armel guests; missing where there are none. */
		kernelSource?: string;
		guests: LockedGuest[];
		packages: LockEntry[];
	};
}

/** The release of Debian that guests are built from. */
export const DEBIAN_SUITE = "bookworm";

/** The lock file's name in a project. */
export const LOCK_NAME = "persona.lock.yaml";

const REMEDY = "run `persona lock` and commit persona.lock.yaml";

/** A lock file with nothing in it. */
export function emptyLock(): LockFile {
	return { version: 1, debian: { suite: DEBIAN_SUITE, kernel: null, guests: [], packages: [] } };
}

/** Where a project's lock file is; `PERSONA_LOCK` names another, which test runs use whose mirror has moved on. */
export function lockPath(projectDir: string, variables: NodeJS.ProcessEnv = process.env): string {
	const named = variables.PERSONA_LOCK;
	return named === undefined || named === "" ? join(projectDir, LOCK_NAME) : named;
}

/**
 * Reads a project's lock file. A project without one has nothing locked: whatever needs an entry then says so.
 *
 * @throws UserError when the file is not of this format
 */
export async function loadLock(projectDir: string): Promise<LockFile> {
	const path = lockPath(projectDir);
	try {
		return readLock(await readFile(path, "utf8"), path);
	} catch (error) {
		if (errorCode(error) === "ENOENT") return emptyLock();
		throw error;
	}
}

/** Reads a lock file's text; `path` is for messages. */
export function readLock(text: string, path: string): LockFile {
	const fault = (what: string) =>
		new UserError(`not a lock file of this version: ${what}`, { where: path, remedy: "run `persona lock --update`" });
	let document: unknown;
	try {
		document = parse(text);
	} catch (error) {
		throw fault(error instanceof Error ? error.message : String(error));
	}
	if (!isRecord(document) || document.version !== 1) throw fault("`version: 1` is missing");
	const { debian, mirrors, buildroot } = document;
	if (mirrors !== undefined && !isMirrors(mirrors)) throw fault("mirrors: lists of URLs under files, debian or debian-security");
	if (buildroot !== undefined && !isLockedBuildroot(buildroot)) throw fault("buildroot: its version, url and sha256");
	if (!isRecord(debian) || debian.suite !== DEBIAN_SUITE) throw fault(`debian.suite is not ${DEBIAN_SUITE}`);
	const { kernel, kernelSource, guests, packages } = debian;
	if (kernel !== null && typeof kernel !== "string") throw fault("debian.kernel");
	if (kernelSource !== undefined && typeof kernelSource !== "string") throw fault("debian.kernelSource");
	if (!Array.isArray(guests) || !guests.every(isLockedGuest)) throw fault("debian.guests");
	if (!Array.isArray(packages)) throw fault("debian.packages");
	const bad = packages.findIndex((entry) => !isLockEntry(entry));
	if (bad >= 0) throw fault(`debian.packages[${bad}]`);
	const lock: LockFile = {
		version: 1,
		...(mirrors === undefined ? {} : { mirrors }),
		...(buildroot === undefined ? {} : { buildroot }),
		debian: {
			suite: DEBIAN_SUITE,
			kernel,
			...(kernelSource === undefined ? {} : { kernelSource }),
			guests,
			packages: packages.filter(isLockEntry),
		},
	};
	for (const reference of usedReferences(lock)) {
		if (!lock.debian.packages.some((entry) => referenceOf(entry) === reference)) throw fault(`${reference} has no entry`);
	}
	return lock;
}

/** Everything that a lock's guests are built from. */
export function usedReferences({ debian: { kernel, kernelSource, guests } }: LockFile): Set<string> {
	const kernels = [kernel, kernelSource].filter((reference) => reference !== null && reference !== undefined);
	return new Set([...kernels, ...guests.flatMap((guest) => guest.install)]);
}

/** Whether a guest's kernel is built from its sources; else it is Debian's. */
export function buildsKernel(request: GuestRequest): boolean {
	return request.base === "kernel" || architectureOf(request) === "armel";
}

/** The architecture of a request. */
export function architectureOf(request: Pick<GuestRequest, "architecture">): DebianArchitecture {
	return request.architecture ?? "arm64";
}

/** Writes a lock file whole or not at all, in canonical order. */
export async function saveLock(lock: LockFile, path: string): Promise<void> {
	await writeFileAtomic(path, renderLock(lock));
}

/** The text of a lock file: the same for the same content. */
export function renderLock(lock: LockFile): string {
	const guests = [...lock.debian.guests].sort((a, b) => compare(requestKey(a), requestKey(b)));
	const packages = [...lock.debian.packages].sort((a, b) => compare(referenceOf(a), referenceOf(b)));
	const { suite, kernel, kernelSource } = lock.debian;
	const document = {
		version: 1,
		...(lock.mirrors === undefined ? {} : { mirrors: lock.mirrors }),
		...(lock.buildroot === undefined ? {} : { buildroot: lock.buildroot }),
		debian: { suite, kernel, ...(kernelSource === undefined ? {} : { kernelSource }), guests, packages },
	};
	const head = "# Every outside input of the images, by version and SHA-256. Written by `persona lock`; commit it.\n";
	return head + stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}

/**
 * The entries a guest is built from: its kernel first, then its packages.
 *
 * @throws UserError with the remedy when the lock has none for this request
 */
export function lockedEntries(lock: LockFile, request: GuestRequest, where: string): LockEntry[] {
	const wanted = requestKey(request);
	const guest =
		request.base === "kernel" ? { install: [] } : lock.debian.guests.find((candidate) => requestKey(candidate) === wanted);
	const kernel = buildsKernel(request) ? lock.debian.kernelSource : lock.debian.kernel;
	if (guest === undefined || kernel === undefined || kernel === null) {
		const packages = request.packages.length === 0 ? "" : ` and packages ${request.packages.join(", ")}`;
		const architecture = request.architecture === undefined || request.base === "kernel" ? "" : ` for ${request.architecture}`;
		const what = request.base === "kernel" ? "the sources of a guest's kernel" : `a guest with base ${request.base}`;
		throw new UserError(`persona.lock.yaml says nothing about ${what}${packages}${architecture}`, {
			where,
			remedy: REMEDY,
		});
	}
	return [kernel, ...guest.install].map((reference) => {
		const entry = lock.debian.packages.find((candidate) => referenceOf(candidate) === reference);
		if (entry === undefined) throw new Error(`${reference} has no entry in the lock`);
		return entry;
	});
}

/** A package's name and version as the lock refers to it; its architecture where that is not arm64. */
export function referenceOf(entry: LockEntry): string {
	const architecture = entry.architecture === "armel" ? ":armel" : "";
	return `${entry.name}${architecture}=${entry.version}`;
}

/** Equal for requests with the same answer. */
export function requestKey(request: GuestRequest): string {
	const architecture = request.architecture === undefined ? "" : `${request.architecture}:`;
	return `${architecture}${request.base}:${[...new Set(request.packages)].sort(compare).join(",")}`;
}

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): value is string[] {
	return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isUrls(value: unknown): value is string[] {
	return isStrings(value) && value.every((url) => URL.canParse(url) && /^(https?|file):/.test(url));
}

function isMirrors(value: unknown): value is Mirrors {
	const names = ["files", "debian", "debian-security"];
	return isRecord(value) && Object.entries(value).every(([name, urls]) => names.includes(name) && isUrls(urls));
}

function isLockedBuildroot(value: unknown): value is LockedBuildroot {
	return (
		isRecord(value) &&
		typeof value.version === "string" &&
		typeof value.url === "string" &&
		/^https?:\/\//.test(value.url) &&
		typeof value.sha256 === "string" &&
		/^[0-9a-f]{64}$/.test(value.sha256)
	);
}

function isLockedGuest(value: unknown): value is LockedGuest {
	return (
		isRecord(value) &&
		(value.architecture === undefined || value.architecture === "armel") &&
		(value.base === "busybox" || value.base === "debian") &&
		isStrings(value.packages) &&
		isStrings(value.install)
	);
}

function isLockEntry(value: unknown): value is LockEntry {
	return (
		isRecord(value) &&
		typeof value.name === "string" &&
		typeof value.version === "string" &&
		(value.architecture === "arm64" || value.architecture === "armel" || value.architecture === "all") &&
		(value.archive === "debian" || value.archive === "debian-security") &&
		typeof value.file === "string" &&
		!value.file.split("/").includes("..") &&
		typeof value.size === "number" &&
		typeof value.sha256 === "string" &&
		/^[0-9a-f]{64}$/.test(value.sha256) &&
		(value.sources === undefined || isUrls(value.sources))
	);
}

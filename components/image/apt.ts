// SPDX-License-Identifier: Apache-2.0
// Debian's package manager with state of its own: resolves and downloads guests' packages on any host, without root and without
// touching the host. apt verifies the archives' signatures against Debian's keyring, and the index's digests are kept in the lock.
import { existsSync } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../util/atomic.ts";
import { UserError } from "../util/errors.ts";
import { networkTimeout } from "../util/network.ts";
import { cacheDir } from "../util/paths.ts";
import { ProcessError, run } from "../util/process.ts";
import { type DebianArchives, debianArchives } from "./debian-sources.ts";
import type { Wanted } from "./download.ts";
import { DEBIAN_SUITE, type DebianArchitecture, type GuestRequest, type LockEntry } from "./lock.ts";
import { leaveToApt, takeForApt } from "./partial.ts";
import { SourceFault } from "./source-fault.ts";
import { type Blob, noSpace, type Store, WrongDigest } from "./store.ts";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const HELPER = "/usr/lib/apt/apt-helper";
/** Ends well within a second of an abort. */
const KILL_AFTER_MS = 400;

/** apt with its own state; see {@link openApt}. */
export interface Apt {
	/** Fetches the archives' current indexes and verifies their signatures. */
	update(signal?: AbortSignal): Promise<void>;
	/** Packages that answer a request, dependencies included, as the indexes have them now. */
	resolve(request: GuestRequest, signal?: AbortSignal): Promise<LockEntry[]>;
	/** The kernel Debian has now for arm64. */
	kernel(signal?: AbortSignal): Promise<LockEntry>;
	/** The sources of the release's kernel, whatever runs it. */
	kernelSource(signal?: AbortSignal): Promise<LockEntry>;
	/** Downloads a file into the store. @throws SourceFault when that place does not give it */
	download(url: string, wanted: Wanted, store: Store, signal?: AbortSignal): Promise<Blob>;
}

/** Makes the private state in `dir`, by default in the user's cache folder. */
export async function openApt(
	architecture: DebianArchitecture = "arm64",
	dir = join(cacheDir(), "apt", architecture === "arm64" ? DEBIAN_SUITE : `${DEBIAN_SUITE}-${architecture}`),
	archives: DebianArchives = debianArchives(),
): Promise<Apt> {
	if (!existsSync(HELPER))
		throw new UserError("apt is not installed", { remedy: "build on Debian 12 or Ubuntu 24.04; `persona doctor` tells more" });
	if (!existsSync(KEYRING)) {
		throw new UserError(`Debian's archive keys are missing: ${KEYRING}`, { remedy: "apt-get install debian-archive-keyring" });
	}
	for (const part of ["state/lists/partial", "cache/archives/partial"])
		await mkdir(join(dir, part), { recursive: true, mode: 0o700 });
	await (await open(join(dir, "state/status"), "a")).close();
	const config = join(dir, "apt.conf");
	await writeFileAtomic(config, await configuration(dir, architecture), 0o600);
	await writeFileAtomic(join(dir, "debian.sources"), sources(archives, architecture), 0o600);
	const env = { ...process.env, APT_CONFIG: config, LC_ALL: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive" };
	const apt = async (command: string, args: string[], signal?: AbortSignal) =>
		(await run(command, args, { env, signal, killAfterMs: KILL_AFTER_MS })).stdout;

	const fileOf = async (name: string, signal?: AbortSignal): Promise<LockEntry> => {
		const [entry] = parseUris(await apt("apt-get", ["download", "--print-uris", "-qq", name], signal), archives, architecture);
		if (entry === undefined) throw new Error(`apt names no file for ${name}`);
		return entry;
	};

	return {
		async update(signal) {
			try {
				await apt("apt-get", ["update", "-q", "--error-on=any"], signal);
			} catch (error) {
				throw explained(error, "Debian's package indexes could not be fetched");
			}
		},
		async resolve({ base, packages }, signal) {
			const wanted = base === "busybox" ? ["busybox-static", ...packages] : ["?essential", ...DEBIAN_BASE, ...packages];
			const args = ["install", "--print-uris", "-y", "-qq", "--no-install-recommends", ...wanted];
			try {
				return parseUris(await apt("apt-get", args, signal), archives, architecture);
			} catch (error) {
				const missing = error instanceof ProcessError ? /Unable to locate package (\S+)/.exec(error.stderr)?.[1] : undefined;
				if (missing === undefined)
					throw explained(
						error,
						`${["base", base, ...packages].join(" ")} cannot be installed together`,
						"correct guest.packages of the persona",
					);
				throw new UserError(`Debian 12 has no package "${missing}" for ${architecture}`, {
					remedy: "correct guest.packages of the persona",
					cause: error,
				});
			}
		},
		async kernel(signal) {
			const shown = await apt("apt-cache", ["show", "--no-all-versions", "linux-image-arm64"], signal);
			const match = /^Depends: (\S+) \(= (\S+)\)/m.exec(shown);
			if (match === null) throw new Error(`linux-image-arm64 depends on no kernel:\n${shown}`);
			return fileOf(`${match[1]}=${match[2]}`, signal);
		},
		kernelSource: (signal) => fileOf(KERNEL_SOURCE, signal),
		async download(url, wanted, store, signal) {
			const scratch = await store.scratch();
			const target = join(scratch, "file");
			const fetch = async () => {
				await apt(HELPER, ["download-file", url, target, wanted.digest.replace("sha256:", "SHA256:")], signal);
				const file = await open(target);
				return store.put(file.createReadStream(), signal, wanted.digest);
			};
			const told = (error: unknown) => {
				if (error instanceof WrongDigest) return new SourceFault("wrong", `has another file: ${error.found}`, error);
				return error instanceof ProcessError ? faultOf(error, store) : error;
			};
			const isWrong = (fault: unknown) => fault instanceof SourceFault && fault.kind === "wrong";
			try {
				const goesOn = await takeForApt(store.dir, wanted.digest, target);
				try {
					return await fetch();
				} catch (error) {
					// What was there before may be of another file.
					if (!goesOn || !isWrong(told(error))) throw error;
					await rm(target, { force: true });
					return await fetch();
				}
			} catch (error) {
				const fault = told(error);
				const isOfUse = signal?.aborted === true || (fault instanceof SourceFault && !isWrong(fault));
				if (isOfUse) await leaveToApt(store.dir, wanted.digest, target);
				throw fault;
			} finally {
				await rm(scratch, { recursive: true, force: true });
			}
		},
	};
}

/** What the kernel of armel guests is built from: the release's own version of Linux. */
const KERNEL_SOURCE = "linux-source-6.1";

// What a full Debian guest has beside its essential packages. The first says that mmdebstrap has merged /usr already; without it a
// package comes along that would do it, and all of Perl with it.
const DEBIAN_BASE = ["usr-is-merged", "systemd-sysv", "login", "passwd", "kmod"];

/** The lines of `apt-get --print-uris`, with the archive's base taken off. */
export function parseUris(output: string, archives: DebianArchives, guest: DebianArchitecture = "arm64"): LockEntry[] {
	return output.split("\n").flatMap((line) => {
		const match = /^'([^']+)' (\S+) (\d+) SHA256:([0-9a-f]{64})$/.exec(line.trim());
		if (match === null) return [];
		const [, uri = "", fileName = "", size = "", digest = ""] = match;
		const archive = uri.startsWith(`${archives["debian-security"]}/`) ? "debian-security" : "debian";
		const [name = "", version = "", architecture = ""] = fileName.replace(/\.deb$/, "").split("_");
		return [
			{
				name,
				version: decodeURIComponent(version),
				architecture: architecture === "all" ? "all" : guest,
				archive,
				file: decodeURIComponent(uri.slice(archives[archive].length + 1)),
				size: Number(size),
				sha256: digest,
			},
		];
	});
}

function sources(archives: DebianArchives, architecture: DebianArchitecture): string {
	const stanza = (uri: string, suites: string) =>
		`Types: deb\nURIs: ${uri}\nSuites: ${suites}\nComponents: main\nArchitectures: ${architecture}\nSigned-By: ${KEYRING}\n`;
	return [
		stanza(archives.debian, `${DEBIAN_SUITE} ${DEBIAN_SUITE}-updates`),
		stanza(archives["debian-security"], `${DEBIAN_SUITE}-security`),
	].join("\n");
}

// How the host reaches the network (proxies, retries, certificates) is taken over; its hooks, pins and sources are not.
async function configuration(dir: string, architecture: DebianArchitecture): Promise<string> {
	const { stdout } = await run("apt-config", ["dump"], { env: { ...process.env, LC_ALL: "C.UTF-8" } });
	const taken = stdout
		.split("\n")
		.filter((line) => /^Acquire::(?!IndexTargets|cdrom|Languages|Gzip|Compression)\S+ ".+";$/.test(line));
	const seconds = Math.ceil(networkTimeout());
	return [
		`Acquire::http::Timeout "${seconds}";`,
		`Acquire::https::Timeout "${seconds}";`,
		...taken,
		`Dir::State "${dir}/state";`,
		`Dir::State::status "${dir}/state/status";`,
		`Dir::Cache "${dir}/cache";`,
		`Dir::Etc::sourcelist "${dir}/debian.sources";`,
		'Dir::Etc::sourceparts "/dev/null";',
		'Dir::Etc::main "/dev/null";',
		'Dir::Etc::parts "/dev/null";',
		'Dir::Etc::preferences "/dev/null";',
		'Dir::Etc::preferencesparts "/dev/null";',
		`APT::Architecture "${architecture}";`,
		`APT::Architectures { "${architecture}"; };`,
		'APT::Install-Recommends "false";',
		// The user apt drops to when it is root cannot enter the cache folder of the user it runs for.
		'APT::Sandbox::User "root";',
		// apt counts itself as essential; a guest need not have it.
		'pkgCacheGen::ForceEssential ",";',
		'Acquire::Languages "none";',
		'Acquire::ForceHash "SHA256";',
		"",
	].join("\n");
}

/** What apt's words about a download come to. */
export function faultOf(error: ProcessError, { dir }: Pick<Store, "dir">): SourceFault | UserError {
	const { stderr } = error;
	if (/No space left on device|Disk quota exceeded/.test(stderr)) return noSpace(dir, error);
	if (/Hash Sum mismatch|File has unexpected size/.test(stderr)) return new SourceFault("wrong", "has another file", error);
	if (/\b(404|410)\s+(Not Found|Gone)|File not found/.test(stderr)) return new SourceFault("gone", "no longer has it", error);
	const words = lastWords(stderr);
	if (/timed out|Timeout/.test(stderr)) return new SourceFault("stalled", `sent nothing for too long: ${words}`, error);
	if (/Connection failed|Error reading from server|[Cc]losed (the )?connection|reset by peer/.test(stderr))
		return new SourceFault("cut", `gave no whole answer: ${words}`, error);
	return new SourceFault("unreachable", `cannot be reached: ${words}`, error);
}

function lastWords(stderr: string): string {
	const lines = stderr.split("\n").filter((line) => /^(E:|Err:)(?! Download Failed)/.test(line));
	return lines.slice(0, 3).join("; ") || stderr.trim().split("\n").slice(-1).join("");
}

function explained(
	error: unknown,
	message: string,
	remedy = "check the network and its proxy, then run the same command again",
): unknown {
	if (!(error instanceof ProcessError)) return error;
	return new UserError(`${message}: ${lastWords(error.stderr)}`, {
		remedy,
		cause: error,
	});
}

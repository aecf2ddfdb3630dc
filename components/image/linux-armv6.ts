// SPDX-License-Identifier: Apache-2.0
// The kernel of ARMv6 guests: built from Debian's sources of Linux with our options, and made ready to run in user mode. Debian has no kernel of
// its own for such a machine.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { canonicalJson, sha256 } from "../util/digest.ts";
import { UserError } from "../util/errors.ts";
import { jobCount } from "../util/jobs.ts";
import { ProcessError, run } from "../util/process.ts";
import type { Progress } from "../util/progress.ts";
import { toolEnvironment } from "../util/tool-env.ts";
import { builtOnce } from "./built-once.ts";
import { COMPILER_PREFIX, compilerVersion } from "./compiler.ts";
import { linuxOptions, lostOptions } from "./linux-options.ts";
import type { LockEntry } from "./lock.ts";
import type { Blob, Store } from "./store.ts";
import type { KernelBuild } from "./types.ts";

/** Another number means other bytes from the same sources and options. */
const RECIPE = 1;

/** No one's and no time's: the same sources give the same bytes everywhere. */
const BUILT_BY = {
	KBUILD_BUILD_USER: "persona",
	KBUILD_BUILD_HOST: "persona",
	KBUILD_BUILD_VERSION: "1",
	KBUILD_BUILD_TIMESTAMP: "Thu Jan  1 00:00:00 UTC 1970",
};

/** The largest of what no build for this machine reads: of other machines and drivers only what Kconfig and make look at stays. An asterisk stands for slashes, too. */
const LEFT_OUT = [
	"arch/*.dts*",
	"arch/[!a]*/*.[chS]",
	"arch/arm64/*.[chS]",
	"Documentation/*.[rty]*",
	"tools/testing",
	"tools/perf",
	"sound/*.[ch]",
	"drivers/net/*/*.[ch]",
	...["gpu/drm", "iio", "infiniband", "media", "scsi", "staging", "usb"].map((kind) => `drivers/${kind}/*.[ch]`),
];

/**
 * Most of a file's time goes into the headers. That the compiler needs not know, for messages, through which macros each word of them came saves a
 * quarter of its memory; and it gets the memory in large pages. The objects are the same.
 */
const COMPILE_FASTER = { flags: "-ftrack-macro-expansion=0", environment: { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" } };

/** How far it gives way to what else runs: it fills both cores of a small machine for minutes, and others have deadlines. But it must get on. */
const NICENESS = "4";

/** What the kernel is built from, beside its sources. @throws UserError when the cross compiler is missing */
export async function kernelBuild(): Promise<KernelBuild> {
	return {
		options: sha256((await linuxOptions("armv6")).join("\n")),
		compiler: await compilerVersion("armv6"),
		recipe: RECIPE,
	};
}

/**
 * The kernel as an ELF file with symbols, from the store where it was built from the same inputs before.
 *
 * @throws UserError when it cannot be built on this machine
 */
export async function linuxArmv6(
	entry: LockEntry,
	inputs: KernelBuild,
	fetch: () => Promise<Blob>,
	{ store, signal, progress }: { store: Store; signal?: AbortSignal | undefined; progress: Progress },
): Promise<Blob> {
	const key = linuxArmv6Key(entry, inputs);
	return builtOnce(key, { store, signal, progress }, async () => {
		const { path } = await fetch();
		// On disk, not in a /tmp of memory: it takes 2 GB. But a kernel cannot be built in a path with spaces or colons.
		const scratch = await store.scratch();
		const folder = /[\s:]/.test(scratch) ? await mkdtemp(join(tmpdir(), "persona-linux-")) : scratch;
		try {
			const sources = await unpack(path, folder, progress, signal);
			const options = await linuxOptions("armv6");
			if (sha256(options.join("\n")) !== inputs.options)
				throw new UserError("the kernel's options changed while it was built", { remedy: "run the same command again" });
			await configure(sources, options, signal);
			await compile(sources, progress, signal);
			return await store.put(await readFile(join(sources, "vmlinux")), signal);
		} finally {
			for (const used of new Set([scratch, folder])) await rm(used, { recursive: true, force: true });
		}
	});
}

/** What the kernel that is built from a package of sources is remembered under. */
export function linuxArmv6Key(entry: LockEntry, inputs: KernelBuild): string {
	return sha256(canonicalJson({ kind: "linux-armv6", sources: entry.sha256, ...inputs }));
}

async function unpack(path: string, folder: string, progress: Progress, signal?: AbortSignal): Promise<string> {
	progress("unpacking the sources of Linux");
	const archive = join(folder, "archive");
	const sources = join(folder, "linux");
	await mkdir(sources);
	await run("dpkg-deb", ["--extract", path, archive], { signal, killAfterMs: KILL_AFTER_MS });
	const { stdout } = await run("find", [archive, "-name", "linux-source-*.tar.xz"], { signal });
	const [tarball] = stdout.trimEnd().split("\n");
	if (tarball === undefined || tarball === "") throw new Error("the package of sources holds no linux-source-*.tar.xz");
	const excludes = LEFT_OUT.map((pattern) => `--exclude=${basename(tarball, ".tar.xz")}/${pattern}`);
	const args = ["--extract", "--file", tarball, "--directory", sources, "--strip-components=1", "--no-same-owner"];
	await run("tar", [...args, "--anchored", "--wildcards-match-slash", ...excludes], { signal, killAfterMs: KILL_AFTER_MS });
	await rm(archive, { recursive: true });
	return sources;
}

async function configure(sources: string, options: readonly string[], signal?: AbortSignal): Promise<void> {
	const list = join(sources, "options");
	await writeFile(list, `${options.join("\n")}\n`);
	await make(sources, ["allnoconfig"], { signal, extra: { KCONFIG_ALLCONFIG: list } });
	const lost = lostOptions(options, await readFile(join(sources, ".config"), "utf8"));
	if (lost.length > 0) throw new Error(`these options are not in the kernel's configuration: ${lost.join(", ")}`);
}

async function compile(sources: string, progress: Progress, signal?: AbortSignal): Promise<void> {
	let done = 0;
	const report = (line: string) => {
		if (/^ {2}[A-Z]/.test(line) && done++ % 50 === 0)
			progress(`compiling Linux for ARMv6, ${done - 1} files so far; a few minutes, once`);
	};
	// Whether Debian's sources export what is local to a file is Debian's to check; for each file it takes a tenth of the compiler's time.
	const variables = [`-j${jobCount()}`, "cmd_check_local_export=", `KCFLAGS=${COMPILE_FASTER.flags}`];
	await make(sources, [...variables, "vmlinux"], { signal, extra: COMPILE_FASTER.environment, onLine: report });
}

const KILL_AFTER_MS = 400;

interface MakeOptions {
	signal?: AbortSignal | undefined;
	extra?: Readonly<Record<string, string>>;
	onLine?: (line: string) => void;
}

async function make(sources: string, args: readonly string[], { signal, extra = {}, onLine }: MakeOptions): Promise<void> {
	// Only what the build needs of the environment: nothing of it may show in the bytes.
	const env = toolEnvironment({ HOME: sources, LC_ALL: "C", TZ: "UTC", ...BUILT_BY, ...extra });
	const variables = ["ARCH=arm", `CROSS_COMPILE=${COMPILER_PREFIX.armv6}`];
	try {
		await run("nice", ["-n", NICENESS, "make", "-C", sources, ...variables, ...args], {
			env,
			signal,
			killAfterMs: KILL_AFTER_MS,
			...(onLine === undefined ? {} : { onLine: (line, stream) => stream === "stdout" && onLine(line) }),
		});
	} catch (error) {
		if (!(error instanceof ProcessError)) throw error;
		const tail = error.stderr.trim().split("\n").slice(-8).join("\n");
		throw new UserError(`the kernel of ARMv6 guests does not compile:\n${tail}`, {
			remedy: "`persona doctor` checks what its build needs",
			cause: error,
		});
	}
}

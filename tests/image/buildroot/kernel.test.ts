// SPDX-License-Identifier: Apache-2.0
// A kernel by Buildroot's stand-in: from the sources that the lock pins, with options of which none may be dropped without a word.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildFolders } from "../../../components/image/buildroot/folders.ts";
import { collectBuildroot } from "../../../components/image/buildroot/gc.ts";
import { buildrootKernel, buildrootKernelKey } from "../../../components/image/buildroot/kernel.ts";
import { folderDigest } from "../../../components/image/buildroot/source.ts";
import { guestKernelKey, isFromSources } from "../../../components/image/guest-kernel.ts";
import { emptyLock, type LockEntry } from "../../../components/image/lock.ts";
import { openStore } from "../../../components/image/store.ts";
import type { BuildrootKernelInputs } from "../../../components/image/types.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { fakeBuildroot, VERSION } from "./fake-buildroot.ts";

const before = { ...process.env };
let folder: string;
beforeEach(() => {
	folder = temporaryFolder();
	process.env.XDG_CACHE_HOME = join(folder, "cache");
	process.env.BUILDROOT_DIR = join(folder, "buildroot");
});
afterEach(() => {
	for (const name of ["XDG_CACHE_HOME", "BUILDROOT_DIR"]) {
		if (before[name] === undefined) delete process.env[name];
		else process.env[name] = before[name];
	}
});

const entry: LockEntry = {
	...{ name: "linux-source", version: "1", architecture: "all", archive: "debian", file: "x", size: 1 },
	sha256: "0".repeat(64),
};

const COMPILES = `echo "  CC      init/main.o"
mkdir -p "$IMAGES" && cp "$O/build/linux-custom/.config" "$IMAGES/Image"
sh "$POST_IMAGE" "$IMAGES"`;

/** Debian's package of sources, as far as anybody looks into it. */
function sourcesPackage(): string {
	const tree = join(folder, "package");
	mkdirSync(join(tree, "DEBIAN"), { recursive: true });
	mkdirSync(join(tree, "usr/src"), { recursive: true });
	writeFileSync(
		join(tree, "DEBIAN/control"),
		"Package: linux-source\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n",
	);
	const archive = join(tree, "usr/src/linux-source-6.1.tar.xz");
	writeFileSync(archive, "sources");
	const made = new Date("2026-01-02T03:04:05Z");
	utimesSync(archive, made, made);
	const path = join(folder, "sources.deb");
	execFileSync("dpkg-deb", ["--root-owner-group", "-b", tree, path], { stdio: "ignore" });
	return path;
}

async function build(options: string[], places: Record<string, string> = {}) {
	const source = await folderDigest(fakeBuildroot(join(folder, "buildroot"), { all: COMPILES }));
	const inputs: BuildrootKernelInputs = { version: VERSION, source, toolchain: [], config: ["BR2_aarch64=y"], options, recipe: 1 };
	const store = await openStore(join(folder, "store"));
	const said: string[] = [];
	const context = { store, lock: emptyLock(), progress: (text: string) => said.push(text), projectDir: folder };
	const fetch = async () => store.put(readFileSync(sourcesPackage()));
	return { blob: await buildrootKernel(inputs, entry, places, fetch, context), said, key: buildrootKernelKey(inputs, entry) };
}

test("it is made from the archive in the package, which lies among the downloads by its digest", async () => {
	const { blob, said, key } = await build(["CONFIG_NET=y"]);
	expect(readFileSync(blob.path, "utf8")).toContain("CONFIG_NET=y\n");
	expect(said).toEqual(["configuring Buildroot", "linux custom: configuring", "linux: 0 files so far"]);
	const { downloads } = buildFolders(key);
	expect(readdirSync(downloads)).toEqual(["linux"]);
	expect(readdirSync(join(downloads, "linux"))).toEqual([expect.stringMatching(/^linux-source-[0-9a-f]{16}\.tar\.xz$/)]);
});

test("its archive is kept as long after the build as any other, however old the package is", async () => {
	await build(["CONFIG_NET=y"]);
	const downloads = async (days: number) => {
		const { parts } = await collectBuildroot(join(folder, "store"), { now: Date.now() + days * 24 * 3600 * 1000, dryRun: true });
		return parts.downloads;
	};
	expect(await downloads(29)).toMatchObject({ removed: 0, kept: 1 });
	expect(await downloads(31)).toMatchObject({ removed: 1, kept: 0 });
});

test("an option that is dropped is an error that names the line, before anything is compiled", async () => {
	const places = { "CONFIG_UNKNOWN=y": "work.yaml:7:14" };
	const failed = await build(["CONFIG_NET=y", "# CONFIG_SMP is not set", "CONFIG_UNKNOWN=y"], places).catch(
		(error: unknown) => error,
	);
	expect(failed).toMatchObject({ message: "work.yaml:7:14: Linux 6.1.0 does not take CONFIG_UNKNOWN=y" });
	expect(readdirSync(join(folder, "store/keys"))).toEqual([]);
});

test("its key follows from sources, options and the run, and is no other kernel's", () => {
	const inputs: BuildrootKernelInputs = {
		version: "1",
		source: "s",
		toolchain: [],
		config: ["BR2_aarch64=y"],
		options: [],
		recipe: 1,
	};
	const keys = [
		guestKernelKey({ buildrootKernel: inputs }, entry),
		guestKernelKey({ buildrootKernel: { ...inputs, options: ["CONFIG_NET=y"] } }, entry),
		guestKernelKey({ buildrootKernel: inputs }, { ...entry, sha256: "1".repeat(64) }),
		guestKernelKey({ kernelBuild: { options: "", compiler: "", recipe: 1 } }, entry),
		guestKernelKey({}, entry),
	];
	expect(new Set(keys).size).toBe(keys.length);
	expect([{ buildrootKernel: inputs }, {}].map(isFromSources)).toEqual([true, false]);
});

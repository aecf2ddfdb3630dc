// SPDX-License-Identifier: Apache-2.0
// Runs of Buildroot, by a stand-in that speaks like it: what is built, what is told meanwhile, and what is left when it goes wrong.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { accountOf } from "../../../components/image/buildroot/account.ts";
import { buildrootImage, buildrootKey } from "../../../components/image/buildroot/build.ts";
import { buildFolders } from "../../../components/image/buildroot/folders.ts";
import { buildrootSource, folderDigest } from "../../../components/image/buildroot/source.ts";
import { emptyLock, type LockFile } from "../../../components/image/lock.ts";
import { openStore } from "../../../components/image/store.ts";
import type { BuildrootInputs } from "../../../components/image/types.ts";
import { isAlive } from "../../../components/util/alive.ts";
import { UserError } from "../../../components/util/errors.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { fakeBuildroot, GOES_WELL, VERSION } from "./fake-buildroot.ts";

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

interface Run {
	inputs: BuildrootInputs;
	key: string;
	said: string[];
	signal?: AbortSignal;
	lock?: LockFile;
	places?: Record<string, string>;
}

async function prepare(all?: string, config: string[] = ["BR2_aarch64=y"]): Promise<Run> {
	const tree = fakeBuildroot(join(folder, "buildroot"), all === undefined ? {} : { all });
	const inputs = { version: VERSION, source: await folderDigest(tree), toolchain: [], config, recipe: 1 };
	return { inputs, key: buildrootKey(inputs, "rootfs.tar"), said: [] };
}

async function build({ inputs, key, said, signal, lock = emptyLock(), places = {} }: Run) {
	const store = await openStore(join(folder, "store"));
	const progress = (message: string) => said.push(message);
	const context = {
		store,
		lock,
		progress,
		projectDir: folder,
		...(signal === undefined ? {} : { signal }),
	};
	return buildrootImage({ inputs, image: "rootfs.tar", places }, key, context);
}

async function failure(run: Run): Promise<string> {
	const error = await build(run).catch((thrown: unknown) => thrown);
	expect(error).toBeInstanceOf(UserError);
	return (error as UserError).render();
}

describe("a run that goes well", () => {
	test("gives the image, says the steps, and leaves nothing but what others use", async () => {
		const run = await prepare();
		const blob = await build(run);
		expect(readFileSync(blob.path, "utf8")).toContain("BR2_aarch64=y");
		expect(run.said).toEqual([
			"configuring Buildroot",
			"busybox 1.0: building",
			"generating filesystem image rootfs.tar",
			"asking Buildroot what it has built",
		]);
		const account = await accountOf(await openStore(join(folder, "store")), run.key);
		expect(account?.packages).toEqual([{ name: "busybox", version: "1.0", licence: "GPL-2.0", licenceTexts: [], dependsOn: [] }]);
		expect(existsSync(buildFolders(run.key).work)).toBe(false);
	});

	test("is made once, by two at once and for all who ask for the same", async () => {
		const run = await prepare();
		const [first, second] = await Promise.all([build(run), build(run)]);
		expect(first.digest).toBe(second.digest);
		await build(run);
		expect(readFileSync(join(dirname(dirname(buildFolders(run.key).work)), "runs"), "utf8")).toBe("built\n");
	});

	test("does not take an image that an earlier run left", async () => {
		const run = await prepare('echo "nothing is made"');
		const images = join(buildFolders(run.key).work, "output/images");
		mkdirSync(images, { recursive: true });
		writeFileSync(join(images, "rootfs.tar"), "old");
		writeFileSync(join(images, "SHA256SUMS"), `${"0".repeat(64)}  ./rootfs.tar\n`);
		await expect(build(run)).rejects.toThrow("names no rootfs.tar");
	});
});

describe("the release that the lock pins", () => {
	async function pinned(version: string): Promise<Run & { lock: LockFile }> {
		delete process.env.BUILDROOT_DIR;
		const name = `buildroot-${VERSION}`;
		fakeBuildroot(join(folder, name));
		execFileSync("tar", ["-C", folder, "-cJf", join(folder, "release.tar.xz"), name]);
		const store = await openStore(join(folder, "store"));
		const { digest } = await store.put(readFileSync(join(folder, "release.tar.xz")));
		const buildroot = { version, url: "https://buildroot.example/release.tar.xz", sha256: digest.slice("sha256:".length) };
		const lock = { ...emptyLock(), buildroot };
		const { version: named, digest: source } = await buildrootSource(lock, "work.yaml:6:12");
		const inputs = { version: named, source, toolchain: [], config: ["BR2_aarch64=y"], recipe: 1 };
		return { inputs, key: buildrootKey(inputs, "rootfs.tar"), said: [], lock };
	}

	test("is unpacked once, and used", async () => {
		const run = await pinned(VERSION);
		await build(run);
		expect(run.said).toContain(`unpacking Buildroot ${VERSION}`);
		const other = { ...run.inputs, config: ["BR2_aarch64=y", "BR2_PACKAGE_DROPBEAR=y"] };
		const again = { ...run, inputs: other, key: buildrootKey(other, "rootfs.tar"), said: [] };
		await build(again);
		expect(again.said.join()).not.toContain("unpacking");
	});

	test("must be the version it is said to be", async () => {
		expect(await failure(await pinned("2098.11"))).toContain(
			`the archive holds Buildroot ${VERSION}, persona.lock.yaml says 2098.11`,
		);
	});
});

describe("a run that goes wrong", () => {
	test("names the line whose symbol was dropped, before anything is compiled", async () => {
		const run = await prepare(undefined, ["BR2_aarch64=y", "BR2_PACKAGE_NANO=y", "BR2_PACKAGE_DROPBAER=y"]);
		const places = { "BR2_PACKAGE_NANO=y": "work.yaml:7:14", "BR2_PACKAGE_DROPBAER=y": "work.yaml:8:14" };
		const said = await failure({ ...run, places });
		expect(said).toContain("work.yaml:7:14: Buildroot 2099.02 does not take BR2_PACKAGE_NANO=y: it depends on");
		expect(said).toContain('work.yaml:8:14: Buildroot 2099.02 has no BR2_PACKAGE_DROPBAER; did you mean "BR2_PACKAGE_DROPBEAR"?');
		expect(run.said).toEqual(["configuring Buildroot"]);
	});

	test("says the package, the step, the last lines and where the rest is", async () => {
		const run = await prepare(`echo ">>> dropbear 2025.1 Building"
echo "svr-main.c:7: error: no such thing" >&2
echo "make: *** [package/pkg-generic.mk:283: $O/build/dropbear-2025.1/.stamp_built] Error 2" >&2
exit 1`);
		const said = await failure(run);
		expect(said).toMatch(/^Buildroot stopped at package dropbear, step built:\n/);
		expect(said).toContain("svr-main.c:7: error: no such thing");
		const log = /\n {2}log: (.+)$/.exec(said)?.[1] ?? "";
		expect(readFileSync(log, "utf8")).toContain(">>> dropbear 2025.1 Building");
	});

	test("is told what to install when this machine lacks a tool", async () => {
		const run = await prepare(`echo "You must install 'rsync' on your build machine"
echo "make: *** [support/dependencies/dependencies.mk:27: dependencies] Error 1" >&2
exit 1`);
		const said = await failure(run);
		expect(said).toContain("You must install 'rsync'");
		expect(said).toContain("persona doctor");
	});

	test("goes on where it stopped when it is run again", async () => {
		const once = `if [ -e "$O/half" ]; then ${GOES_WELL}\nelse touch "$O/half"; exit 1; fi`;
		const run = await prepare(once);
		await failure(run);
		await build(run);
	});

	test("puts images there again that were there already when it was cut short", async () => {
		// As a package does that has a stamp for it.
		const stamp = "$O/build/linux-custom/.stamp_images_installed";
		const once = `[ -e "${stamp}" ] || { mkdir -p "$IMAGES" "$O/build/linux-custom"; echo image >"$IMAGES/rootfs.tar"; touch "${stamp}" "$O/build/build-time.log"; }
[ -e "$O/half" ] || { touch "$O/half"; exit 1; }
sh "$POST_IMAGE" "$IMAGES"`;
		const run = await prepare(once);
		await failure(run);
		expect(readFileSync((await build(run)).path, "utf8")).toBe("image\n");
	});

	test("is told to look at the network when a source could not be had", async () => {
		const run = await prepare(
			'echo "make: *** [package/pkg-generic.mk:200: $O/build/nano-1/.stamp_downloaded] Error 1" >&2; exit 1',
		);
		expect(await failure(run)).toContain("PERSONA_BUILDROOT_MIRROR");
	});

	test("is not done with another Buildroot than was declared", async () => {
		const run = await prepare();
		writeFileSync(join(folder, "buildroot/package/new.mk"), "");
		expect(await failure(run)).toContain("Buildroot changed while it was used");
	});

	test("ends every child when it is cancelled", async () => {
		const abort = new AbortController();
		const run = await prepare(`echo ">>> gcc 1 Building"
(trap '' TERM; echo $$ >"$O/pid"; sleep 1000) &
echo $! >"$O/children"
sleep 1000 & echo $! >>"$O/children"
echo ">>> gcc 1 Installing"
wait`);
		const building = build({ ...run, signal: abort.signal, said: { push: stopAt } as never });
		function stopAt(message: string): void {
			if (message === "gcc 1: installing") abort.abort();
		}
		await expect(building).rejects.toThrow(/abort/i);
		const { work } = buildFolders(run.key);
		const children = readFileSync(join(work, "output/children"), "utf8").trim().split("\n").map(Number);
		expect(children).toHaveLength(2);
		for (const child of children) await expect.poll(() => isAlive(child)).toBe(false);
		expect(readdirSync(join(folder, "store/keys"))).toEqual([]);
	});
});

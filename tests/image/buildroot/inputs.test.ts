// SPDX-License-Identifier: Apache-2.0
// What a persona from Buildroot is built from: everything that counts, nothing of this machine's folders; and its root filesystem as a tree.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildrootTree } from "../../../components/image/buildroot/root.ts";
import { guestInputs, guestKey, guestSources } from "../../../components/image/guest-inputs.ts";
import { emptyLock } from "../../../components/image/lock.ts";
import { boardByName } from "../../../components/manifest/index.ts";
import { loadAndCheckPersona } from "../../../components/policy/index.ts";
import { packageRoot } from "../../../components/util/paths.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { fakeBuildroot, VERSION } from "./fake-buildroot.ts";

const board = (await boardByName("qemu-virt", packageRoot())).document;
const lock = emptyLock();
lock.debian.kernelSource = "linux-source=1";
lock.debian.packages = [
	{ name: "linux-source", version: "1", architecture: "all", archive: "debian", file: "x", size: 1, sha256: "0".repeat(64) },
];
const before = process.env.BUILDROOT_DIR;
let folder: string;
beforeEach(() => {
	folder = temporaryFolder();
	process.env.BUILDROOT_DIR = fakeBuildroot(join(folder, "buildroot"));
});
afterEach(() => {
	if (before === undefined) delete process.env.BUILDROOT_DIR;
	else process.env.BUILDROOT_DIR = before;
});

async function load(guest: string) {
	const file = join(folder, "work.yaml");
	writeFileSync(
		file,
		`version: 1\nkind: Persona\nname: work\nindicator: { label: Work, colour: "#c0392b" }\nguest:\n  builder: buildroot\n${guest}`,
	);
	const { draft, problems } = await loadAndCheckPersona(file, "qemu-virt", packageRoot());
	expect(problems).toEqual([]);
	const [loaded] = draft.personas;
	if (loaded === undefined) throw new Error("no persona");
	return loaded;
}

// They name a toolchain, so that the test needs none.
const OWN = "  config: { BR2_TOOLCHAIN_BUILDROOT: true }\n";

describe("inputs", () => {
	test("say which Buildroot it is and all that it is asked for, with the sources of the kernel alone from the lock", async () => {
		const inputs = await guestInputs(await load(`  packages: [nano]\n${OWN}`), board, lock);
		expect(inputs).toMatchObject({ builder: "buildroot", packages: ["nano"], commandLine: expect.stringContaining("ttyAMA0") });
		expect(inputs.buildroot).toMatchObject({ version: VERSION, toolchain: [] });
		expect(inputs.buildroot?.config).toEqual(expect.arrayContaining(["BR2_aarch64=y", "BR2_PACKAGE_NANO=y"]));
		expect(inputs.lock.map(({ name }) => name)).toEqual(["linux-source"]);
		expect(inputs.buildrootKernel).toMatchObject({ version: VERSION, config: expect.arrayContaining(["BR2_LINUX_KERNEL=y"]) });
		expect(inputs.buildrootKernel?.options).toEqual(expect.arrayContaining(["CONFIG_VIRTIO_BLK=y", "CONFIG_PVPANIC_MMIO=y"]));
		expect(inputs.modules).toBeUndefined();
		expect(inputs.kernelBuild).toBeUndefined();
		expect(JSON.stringify(inputs)).not.toContain(folder);
	});

	test("have the contents of a compiler that the document names by its folder, which must be there", async () => {
		const compiler = join(folder, "compiler");
		const own = (path: string) =>
			load(`  config:
    BR2_TOOLCHAIN_EXTERNAL: true
    BR2_TOOLCHAIN_EXTERNAL_PATH: ${path}
    BR2_TOOLCHAIN_EXTERNAL_CUSTOM_PREFIX: aarch64-linux-musl
`);
		const inputs = async (path = compiler) => guestInputs(await own(path), board, lock);
		await expect(inputs("compiler")).rejects.toMatchObject({
			message: expect.stringContaining("no absolute path"),
			where: expect.stringContaining('work.yaml:9:34: "guest.config.BR2_TOOLCHAIN_EXTERNAL_PATH"'),
		});
		await expect(inputs()).rejects.toThrow(`there is no ${compiler}/bin/aarch64-linux-musl-gcc`);
		mkdirSync(join(compiler, "bin"), { recursive: true });
		writeFileSync(join(compiler, "bin/aarch64-linux-musl-gcc"), "#!/bin/sh\n", { mode: 0o755 });
		const first = await inputs();
		expect(first.buildroot).toMatchObject({ toolchain: [], compiler: expect.stringMatching(/^sha256:/) });
		writeFileSync(join(compiler, "bin/aarch64-linux-musl-ld"), "#!/bin/sh\n");
		expect(guestKey(await inputs())).not.toBe(guestKey(first));
	});

	test("of a kernel are the same for all who ask for the same options, whatever their packages", async () => {
		const of = async (guest: string) => (await guestInputs(await load(guest), board, lock)).buildrootKernel;
		const plain = await of(OWN);
		expect(await of(`  packages: [nano]\n${OWN}`)).toEqual(plain);
		const more = await of("  config: { BR2_TOOLCHAIN_BUILDROOT: true, CONFIG_WIREGUARD: true }\n");
		expect(more?.options).toEqual([...(plain?.options ?? []), "CONFIG_WIREGUARD=y"]);
	});

	test("are the same wherever the same Buildroot lies, and others when a file of it changes", async () => {
		const persona = await load(OWN);
		const key = async () => guestKey(await guestInputs(persona, board, lock));
		const first = await key();
		cpSync(join(folder, "buildroot"), join(folder, "elsewhere"), { recursive: true });
		process.env.BUILDROOT_DIR = join(folder, "elsewhere");
		expect(await key()).toBe(first);
		mkdirSync(join(folder, "elsewhere/.git"));
		writeFileSync(join(folder, "elsewhere/.git/HEAD"), "");
		expect(await key()).toBe(first);
		writeFileSync(join(folder, "elsewhere/package/nano/Config.in"), "config BR2_PACKAGE_NANO\n");
		expect(await key()).not.toBe(first);
	});

	test("come from the release that the lock pins where no folder is named; with neither the message says which key asks for it", async () => {
		delete process.env.BUILDROOT_DIR;
		const buildroot = { version: "2099.05", url: "https://buildroot.example/b.tar.xz", sha256: "ab".repeat(32) };
		const pinned = await guestInputs(await load(OWN), board, { ...lock, buildroot });
		expect(pinned.buildroot).toMatchObject({ version: "2099.05", source: `sha256:${"ab".repeat(32)}` });
		const failed = await guestInputs(await load(OWN), board, lock).catch((error: unknown) => String(error));
		expect(failed).toContain("builder buildroot needs Buildroot");
		process.env.BUILDROOT_DIR = join(folder, "nothing");
		await expect(guestInputs(await load(OWN), board, lock)).rejects.toThrow("no folder of Buildroot's sources");
	});

	test("cannot set what the builder sets", async () => {
		const persona = await load("  config: { BR2_TOOLCHAIN_BUILDROOT: true, BR2_REPRODUCIBLE: false }\n");
		const error = await guestInputs(persona, board, lock).catch((thrown: unknown) => thrown);
		expect(error).toMatchObject({
			message: "builder buildroot sets BR2_REPRODUCIBLE by itself",
			where: expect.stringContaining("work.yaml:7:62"),
		});
	});

	test("cannot have a kernel by Buildroot's symbols, nor change our options", async () => {
		for (const symbol of ["BR2_LINUX_KERNEL", "CONFIG_NET"]) {
			const persona = await load(`  config: { BR2_TOOLCHAIN_BUILDROOT: true, ${symbol}: false }\n`);
			await expect(guestInputs(persona, board, lock)).rejects.toMatchObject({
				message: `builder buildroot sets ${symbol} by itself`,
				where: expect.stringContaining("work.yaml:7:"),
			});
		}
	});

	test("come with the places of their lines", async () => {
		const { places } = guestSources(await load(`  packages: [nano, dropbear]\n${OWN}`));
		expect(places?.["BR2_PACKAGE_DROPBEAR=y"]).toBe(`${join(folder, "work.yaml")}:7:20: "guest.packages[1]"`);
		expect(places?.["BR2_TOOLCHAIN_BUILDROOT=y"]).toBe(`${join(folder, "work.yaml")}:8:38: "guest.config.BR2_TOOLCHAIN_BUILDROOT"`);
	});
});

describe("a root filesystem", () => {
	function archive(paths: Record<string, string>): string {
		const root = join(folder, "root");
		for (const [path, text] of Object.entries(paths)) {
			mkdirSync(join(root, path, ".."), { recursive: true });
			writeFileSync(join(root, path), text);
		}
		const target = join(folder, "rootfs.tar");
		execFileSync("tar", ["-C", root, "-cf", target, "."]);
		return target;
	}
	const options = { hostname: "work", hasModules: true, hasAgent: true, hasNetwork: false };

	test("gets the name of its persona and what its devices need", async () => {
		const path = archive({ "bin/busybox": "", "etc/init.d/rcS": "", "etc/hostname": "persona\n", "sbin/init": "" });
		const tree = await buildrootTree(path, options);
		const text = (name: string) => Buffer.from(tree.get(name)?.data ?? []).toString();
		expect(text("etc/hostname")).toBe("work\n");
		expect(text("init")).toBe("sbin/init");
		expect(tree.get("dev/console")?.device).toEqual({ major: 5, minor: 1 });
		const start = text("etc/init.d/S00persona");
		expect(start).toContain("insmod");
		expect(start).toContain("persona-agent &");
		expect(start).not.toContain("udhcpc");
		execFileSync("sh", ["-n"], { input: start });
	});

	test("with another init is refused", async () => {
		await expect(buildrootTree(archive({ "usr/lib/systemd/systemd": "" }), options)).rejects.toThrow(
			"not started by busybox's init",
		);
	});
});

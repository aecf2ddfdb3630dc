// SPDX-License-Identifier: Apache-2.0
// What Buildroot is given: the lines of its configuration and the tree of ours that it takes beside its own.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { verifiedImage } from "../../../components/image/buildroot/build.ts";
import {
	architectureOf,
	boardLines,
	choosesToolchain,
	configLine,
	isKernelOption,
	kernelImageName,
	kernelLines,
	packageSymbol,
	rootLines,
	veilLines,
	wantedLines,
} from "../../../components/image/buildroot/config.ts";
import { externalTree, writeExternalTree } from "../../../components/image/buildroot/external-tree.ts";
import { siteLines } from "../../../components/image/buildroot/sites.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

describe("lines of configuration", () => {
	test("are those of the board, ours, and the document's, each once and in an order that its own does not change", async () => {
		const packages = ["nano", "dropbear", "nano"];
		const config = { BR2_TARGET_TZ_INFO: true, BR2_PACKAGE_NANO_TINY: false, BR2_TARGET_LOCALTIME: "Etc/UTC", BR2_X: 7 };
		const lines = rootLines(await boardLines("n800"), { packages, config });
		expect(lines.slice(0, 3)).toEqual(["BR2_arm=y", "BR2_arm1136j_s=y", "BR2_ARM_EABI=y"]);
		expect(lines).toContain("BR2_REPRODUCIBLE=y");
		expect(lines.slice(-6)).toEqual([
			"# BR2_PACKAGE_NANO_TINY is not set",
			"BR2_PACKAGE_DROPBEAR=y",
			"BR2_PACKAGE_NANO=y",
			'BR2_TARGET_LOCALTIME="Etc/UTC"',
			"BR2_TARGET_TZ_INFO=y",
			"BR2_X=7",
		]);
	});

	test("of Veil have no root filesystem and no flag of its own for the compiler", async () => {
		const lines = veilLines(await boardLines("qemu-virt"));
		expect(architectureOf(lines)).toBe("arm64");
		expect(architectureOf(veilLines(await boardLines("n800")))).toBe("armv6");
		expect(lines).toEqual(expect.arrayContaining(["BR2_PACKAGE_VEIL=y", "# BR2_TARGET_ROOTFS_TAR is not set", "BR2_SSP_NONE=y"]));
	});

	test("of a kernel say which file is taken: an image, or what has the symbols that patching needs", async () => {
		const [virt, n800] = [kernelLines(await boardLines("qemu-virt")), kernelLines(await boardLines("n800"))];
		expect(virt).toEqual(expect.arrayContaining(["BR2_LINUX_KERNEL=y", "BR2_LINUX_KERNEL_IMAGE=y", "BR2_REPRODUCIBLE=y"]));
		expect(virt).not.toContain("BR2_TARGET_ROOTFS_TAR=y");
		expect(n800).toContain("BR2_LINUX_KERNEL_VMLINUX=y");
		expect([kernelImageName(virt), kernelImageName(n800)]).toEqual(["Image", "vmlinux"]);
	});

	test("leave a kernel's options to the kernel", () => {
		const guest = { packages: [], config: { CONFIG_WIREGUARD: true, BR2_X: true } };
		expect(rootLines([], guest)).toContain("BR2_X=y");
		expect(rootLines([], guest).some(isKernelOption)).toBe(false);
		expect(
			wantedLines(guest)
				.map(({ line }) => line)
				.filter(isKernelOption),
		).toEqual(["CONFIG_WIREGUARD=y"]);
	});

	test("remember where the document asks for them", () => {
		expect(wantedLines({ packages: ["nano"], config: { BR2_X: true } })).toEqual([
			{ line: "BR2_PACKAGE_NANO=y", path: ["guest", "packages", 0] },
			{ line: "BR2_X=y", path: ["guest", "config", "BR2_X"] },
		]);
	});

	test("name packages as Buildroot does", () => {
		expect(packageSymbol("util-linux")).toBe("BR2_PACKAGE_UTIL_LINUX");
		expect(packageSymbol("libxml2")).toBe("BR2_PACKAGE_LIBXML2");
		expect(configLine("BR2_X", "a b")).toBe('BR2_X="a b"');
	});

	test("may choose a toolchain, and then none is given", () => {
		expect(choosesToolchain(["BR2_TOOLCHAIN_BUILDROOT=y"])).toBe(true);
		expect(choosesToolchain(["BR2_TOOLCHAIN_EXTERNAL_BOOTLIN=y"])).toBe(true);
		expect(choosesToolchain(["# BR2_TOOLCHAIN_EXTERNAL is not set", "BR2_PACKAGE_NANO=y"])).toBe(false);
	});

	test("name a mirror before all others, and offline nothing but it", () => {
		expect(siteLines({})).toEqual([]);
		expect(siteLines({ PERSONA_BUILDROOT_MIRROR: "/srv/mirror" })).toEqual(['BR2_PRIMARY_SITE="file:///srv/mirror"']);
		expect(siteLines({ PERSONA_BUILDROOT_MIRROR: "/srv/mirror", PERSONA_OFFLINE: "1" })).toEqual([
			'BR2_PRIMARY_SITE="file:///srv/mirror"',
			"BR2_PRIMARY_SITE_ONLY=y",
		]);
		// A mirror that is asked over the network is none offline.
		expect(siteLines({ PERSONA_BUILDROOT_MIRROR: "https://m.example", PERSONA_OFFLINE: "1" })).toEqual([
			'BR2_PRIMARY_SITE="file:///nowhere"',
			"BR2_PRIMARY_SITE_ONLY=y",
		]);
		expect(siteLines({ PERSONA_OFFLINE: "true" })).toContain("BR2_PRIMARY_SITE_ONLY=y");
		expect(siteLines({ PERSONA_OFFLINE: "0" })).toEqual([]);
	});
});

describe("the generated tree", () => {
	const spec = {
		folder: "/work/external",
		config: ["BR2_aarch64=y"],
		machine: ['BR2_DL_DIR="/cache"'],
		tools: [
			{ name: "tar", path: "/usr/bin/tar" },
			{ name: "ccache", path: "/usr/bin/ccache" },
		],
	} as const;

	test("is this", async () => {
		const tree = externalTree({ ...spec, veil: { board: "n800", sources: "/work/veil", options: ["KEYS=ab"] } });
		const text = Object.entries(tree)
			.map(([path, file]) => `==== ${path}${file.executable ? " (executable)" : ""}\n${file.text}`)
			.join("\n");
		await expect(text).toMatchFileSnapshot("external-tree.txt");
	});

	test("has no package of ours where only a root filesystem is built", () => {
		expect(Object.keys(externalTree(spec)).filter((path) => path.startsWith("package/"))).toEqual([]);
		expect(externalTree(spec)["Config.in"]?.text).toBe("");
	});

	test("has a kernel's options, its recipe and the digest that Buildroot compares its sources with", () => {
		const sources = { name: "linux-source-ab.tar.xz", sha256: "ab".repeat(32) };
		const tree = externalTree({ ...spec, linux: { sources, options: ["CONFIG_NET=y", "# CONFIG_SMP is not set"] } });
		expect(tree["linux/options"]?.text).toBe("CONFIG_NET=y\n# CONFIG_SMP is not set\n");
		expect(tree["patches/linux/linux.hash"]?.text).toBe(`sha256  ${sources.sha256}  ${sources.name}\n`);
		const config = tree["configs/persona_defconfig"]?.text;
		expect(config).toContain('BR2_LINUX_KERNEL_CUSTOM_TARBALL_LOCATION="file:///nowhere/linux-source-ab.tar.xz"\n');
		expect(config).toContain('BR2_GLOBAL_PATCH_DIR="/work/external/patches"\n');
		expect(tree["external.mk"]?.text).toContain("KCONFIG_ALLCONFIG=/work/external/linux/options allnoconfig\n");
		expect(tree["external.mk"]?.text).toMatch(/KBUILD_BUILD_TIMESTAMP="Thu Jan {2}1 00:00:00 UTC 1970"\n$/);
	});

	test("ends a run with the digests of all images, and what is taken must have its own", async () => {
		const folder = temporaryFolder();
		await writeExternalTree({ ...spec, folder });
		expect(statSync(join(folder, "post-image.sh")).mode & 0o111).toBe(0o111);
		const images = join(folder, "images");
		mkdirSync(images);
		writeFileSync(join(images, "rootfs.tar"), "a");
		await expect(verifiedImage(images, "rootfs.tar")).rejects.toThrow("names no rootfs.tar");
		execFileSync(join(folder, "post-image.sh"), [images]);
		expect(readFileSync(join(images, "SHA256SUMS"), "utf8")).toMatch(/^[0-9a-f]{64} {2}\.\/rootfs\.tar\n$/);
		expect(await verifiedImage(images, "rootfs.tar")).toBe(join(images, "rootfs.tar"));
		writeFileSync(join(images, "rootfs.tar"), "b");
		await expect(verifiedImage(images, "rootfs.tar")).rejects.toThrow("is not what Buildroot made");
	});
});

// SPDX-License-Identifier: Apache-2.0
// What Buildroot's own account of a run becomes: packages of the image alone, archives of everything, and of the compiler's packages those that count.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { accountOf, infoOf, readAccount, rememberAccount } from "../../../components/image/buildroot/account.ts";
import { compilerPackages } from "../../../components/image/buildroot/compiler-packages.ts";
import { openStore } from "../../../components/image/store.ts";
import { sha256 } from "../../../components/util/digest.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const target = { type: "target", virtual: false };
/** As `make show-info` of Buildroot 2026.08 says it, without what nobody reads. */
const INFO = {
	busybox: {
		...target,
		...{ name: "busybox", version: "1.38.0", licenses: "GPL-2.0, bzip2-1.0.6" },
		...{ license_files: ["LICENSE", "archival/libarchive/bz/LICENSE"], source_dir: "build/busybox-1.38.0", dl_dir: "busybox" },
		downloads: [
			{ source: "a.patch", uris: ["https+https://example.org/patches"] },
			{ source: "busybox-1.38.0.tar.bz2", uris: ["https+https://www.busybox.net/downloads"] },
		],
		dependencies: ["host-tar", "skeleton", "toolchain", "zlib"],
		"cpe-id": "cpe:2.3:a:busybox:busybox:1.38.0:-:*:*:*:*:*:*",
	},
	"host-gcc-final": { type: "host", virtual: false, version: "14.3", licenses: "GPL-3.0+" },
	"host-pkgconf": {
		...{ type: "host", virtual: false, version: "2.3", licenses: "pkgconf license", dl_dir: "pkgconf" },
		downloads: [{ source: "pkgconf-2.3.tar.xz", uris: ["https+https://example.org"] }],
	},
	"host-tar": {
		...{ type: "host", virtual: false, version: "1.35", dl_dir: "tar" },
		downloads: [{ source: "tar-1.35.cpio.gz", uris: ["https+https://example.org"] }],
	},
	"rootfs-tar": { type: "rootfs", image_name: "rootfs.tar", dependencies: ["host-tar"] },
	skeleton: { type: "target", virtual: true },
	initscripts: {
		...target,
		version: "",
		licenses: "GPL-2.0-or-later",
		license_files: [],
		downloads: [],
		dependencies: ["skeleton"],
	},
	"toolchain-external-custom": { ...target, version: "", licenses: "unknown", downloads: [], dependencies: [] },
	zlib: {
		...{ ...target, version: "1.3", licenses: "Zlib", license_files: ["README"], source_dir: "build/zlib-1.3", dl_dir: "zlib" },
		downloads: [{ source: "zlib-1.3.tar.gz", uris: ["git+https://example.org/zlib.git"] }],
	},
};
const SAID = `make: Entering directory '/br'\n${JSON.stringify(INFO)}\n`;

let folder: string;
const write = (path: string, text: string) => {
	mkdirSync(dirname(join(folder, path)), { recursive: true });
	writeFileSync(join(folder, path), text);
};
beforeEach(() => {
	folder = temporaryFolder();
	write("tree/COPYING", "Buildroot's");
	write("output/build/busybox-1.38.0/LICENSE", "GPL");
	write("output/build/busybox-1.38.0/archival/libarchive/bz/LICENSE", "bzip2");
	write("downloads/busybox/a.patch", "patch");
	write("downloads/busybox/busybox-1.38.0.tar.bz2", "busybox");
	write("downloads/pkgconf/pkgconf-2.3.tar.xz", "pkgconf");
	write("downloads/tar/tar-1.35.cpio.gz", "tar");
	write("downloads/zlib/zlib-1.3.tar.gz", "zlib");
});
const read = (toolchain: string[] = ["gcc-12-aarch64-linux-gnu=12.2.0"]) =>
	readAccount(SAID, {
		...{ tree: join(folder, "tree"), output: join(folder, "output"), downloads: join(folder, "downloads"), toolchain },
		tools: [{ name: "tar" }],
	});

describe("an account", () => {
	test("has the packages of the image, with what is in Buildroot itself, and no others", async () => {
		const { packages } = await read();
		expect(packages.map(({ name }) => name)).toEqual(["busybox", "gcc-final", "initscripts", "zlib"]);
		expect(packages[0]).toEqual({
			...{ name: "busybox", version: "1.38.0", licence: "GPL-2.0, bzip2-1.0.6", licenceTexts: ["GPL", "bzip2"] },
			archive: {
				...{ package: "busybox", version: "1.38.0", file: "busybox-1.38.0.tar.bz2", sha256: sha256("busybox").slice(7) },
				url: "https://www.busybox.net/downloads/busybox-1.38.0.tar.bz2",
			},
			...{ dependsOn: ["zlib"], cpe: "cpe:2.3:a:busybox:busybox:1.38.0:-:*:*:*:*:*:*" },
		});
		expect(packages[2]).toEqual({ name: "initscripts", licence: "GPL-2.0-or-later", licenceTexts: ["Buildroot's"], dependsOn: [] });
		// Of a repository there is no place of the archive, and its text may be missing.
		expect(packages[3]).toMatchObject({ licenceTexts: [], archive: { sha256: sha256("zlib").slice(7) } });
		expect(packages[3]?.archive).not.toHaveProperty("url");
	});

	test("has every archive that was taken, also for the build machine's tools, but for those that it had", async () => {
		const { archives } = await read();
		expect(archives.map((archive) => `${archive.package} ${archive.file}`)).toEqual([
			"busybox a.patch",
			"busybox busybox-1.38.0.tar.bz2",
			"host-pkgconf pkgconf-2.3.tar.xz",
			"zlib zlib-1.3.tar.gz",
		]);
	});

	test("names a compiler that is nobody's package", async () => {
		const custom = (await read([])).packages.find(({ name }) => name === "toolchain-external-custom");
		expect(custom).toEqual({ name: "toolchain-external-custom", licence: "unknown", licenceTexts: [], dependsOn: [] });
	});

	test("is kept in the store, under the image's key", async () => {
		const store = await openStore(join(folder, "store"));
		const [key, account] = [sha256("key"), await read()];
		expect(await accountOf(store, key)).toBeUndefined();
		await rememberAccount(store, key, account);
		expect(await accountOf(store, key)).toEqual(account);
	});
});

test("what is no account is an error", () => {
	expect(() => infoOf("make: Nothing to be done\n")).toThrow("says nothing of its packages");
});

test("of a compiler's packages those count whose files go into the image, with their licences and the distribution's name", async () => {
	write("root/etc/os-release", 'NAME="Debian GNU/Linux"\nVERSION_CODENAME=bookworm\nID=debian\n');
	write("root/usr/share/doc/libc6-dev-arm64-cross/copyright", "LGPL");
	const toolchain = [
		"gcc-12-aarch64-linux-gnu=12.2.0-14cross1",
		"libc6-dev-arm64-cross=2.36-8cross1",
		"libgcc-12-dev-arm64-cross=12.2.0",
	];
	const distribution = { vendor: "debian", suite: "bookworm" };
	expect(await compilerPackages(toolchain, join(folder, "root"))).toEqual([
		{ name: "libc6-dev-arm64-cross", version: "2.36-8cross1", ...distribution, copyright: "LGPL" },
		{ name: "libgcc-12-dev-arm64-cross", version: "12.2.0", ...distribution },
	]);
	expect(await compilerPackages([])).toEqual([]);
});

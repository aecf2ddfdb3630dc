// SPDX-License-Identifier: Apache-2.0
// A folder that looks and speaks like Buildroot to who runs it, and compiles nothing: its targets do what a test says.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Commands of the target `all`, as lines of a shell that has $O, $IMAGES and $POST_IMAGE. */
export interface FakeBuildroot {
	all?: string;
}

export const VERSION = "2099.02";

/** What a run that goes well does. */
export const GOES_WELL = `echo ">>> busybox 1.0 Building"
echo "built" >>"$O/../../../runs"
mkdir -p "$IMAGES" && cp "$O/.config" "$IMAGES/rootfs.tar"
echo ">>>   Generating filesystem image rootfs.tar"
sh "$POST_IMAGE" "$IMAGES"`;

/** Makes it in `folder`, with a few symbols. */
export function fakeBuildroot(folder: string, { all = GOES_WELL }: FakeBuildroot = {}): string {
	const write = (path: string, text: string) => {
		mkdirSync(join(folder, path, ".."), { recursive: true });
		writeFileSync(join(folder, path), text);
	};
	for (const part of ["arch", "boot", "fs", "linux", "package", "system", "toolchain"]) write(`${part}/Config.in`, "");
	write(
		"package/dropbear/Config.in",
		'config BR2_PACKAGE_DROPBEAR\n\tbool "dropbear"\n\tdepends on BR2_USE_MMU # fork()\n\thelp\n\t  A server.\n',
	);
	write("Config.in", "");
	write(
		"package/nano/Config.in",
		'if BR2_PACKAGE_BUSYBOX_SHOW_OTHERS\nconfig BR2_PACKAGE_NANO\n\tbool "nano"\n\tdepends on BR2_USE_WCHAR\n\nendif\n',
	);
	write("all.sh", `set -e\n${all}\n`);
	write(
		"linux.sh",
		`set -e
echo ">>> linux custom Configuring"
read -r _ digest name <"$E/patches/linux/linux.hash"
echo "$digest  $DL/linux/$name" | sha256sum --check --quiet
mkdir -p "$O/build/linux-custom"
(echo "# Linux/arm64 6.1.0 Kernel Configuration"; grep -v CONFIG_UNKNOWN "$E/linux/options") >"$O/build/linux-custom/.config"
`,
	);
	// As Kconfig does: what is unknown or ruled out goes without a word.
	write(
		"Makefile",
		`export BR2_VERSION := ${VERSION}
BR2_VERSION_EPOCH = 4073000000
defconfig:
	@mkdir -p $(O)
	@grep -v -e BR2_PACKAGE_NANO= -e BR2_PACKAGE_DROPBAER= $(BR2_DEFCONFIG) >$(O)/.config
show-info:
	@echo '{ "busybox": { "type": "target", "virtual": false, "version": "1.0", "licenses": "GPL-2.0", "dependencies": [] } }'
linux-configure:
	@E=$(BR2_EXTERNAL) O=$(O) DL=$$(sed -n 's/^BR2_DL_DIR="\\(.*\\)"/\\1/p' $(O)/.config) sh linux.sh
all:
	@O=$(O) IMAGES=$(O)/images POST_IMAGE=$(BR2_EXTERNAL)/post-image.sh sh all.sh
`,
	);
	return folder;
}

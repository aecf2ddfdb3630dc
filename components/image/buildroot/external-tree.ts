// SPDX-License-Identifier: Apache-2.0
// The tree of ours that Buildroot takes beside its own (BR2_EXTERNAL): it is generated for a build, and Buildroot itself stays as it is.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ccacheScript, type HostTool, overrides } from "./host-tools.ts";
import type { LinuxSources } from "./linux-sources.ts";

/** What a tree is generated from. */
export interface ExternalSpec {
	/** Where it will be: Buildroot wants absolute paths. */
	folder: string;
	/** Lines of the configuration that say what is built. */
	config: readonly string[];
	/** Further lines, which hold on this machine alone. */
	machine: readonly string[];
	/** Tools of the machine's that stand in. */
	tools: readonly HostTool[];
	/** Veil is built too, for a board, from the sources in a folder, with further variables for its makefile. */
	veil?: { board: string; sources: string; options: readonly string[] };
	/** A kernel is built too, from an archive in the folder of downloads, with these lines on top of `make allnoconfig`. */
	linux?: { sources: LinuxSources; options: readonly string[] };
}

/** A file of the tree. */
export interface TreeFile {
	text: string;
	executable?: true;
}

// Busybox's init runs this; then what /etc/init.d has. devtmpfs is not mounted by the kernel where the root is an initial filesystem.
const INITTAB = `# What busybox's init runs: the file systems, the scripts of /etc/init.d, then a shell on the console.
::sysinit:/bin/mount -t devtmpfs devtmpfs /dev
::sysinit:/bin/mount -t proc proc /proc
::sysinit:/bin/mkdir -p /dev/pts /dev/shm
::sysinit:/bin/mount -a
::sysinit:/bin/mkdir -p /run/lock/subsys
null::sysinit:/bin/ln -sf /proc/self/fd /dev/fd
null::sysinit:/bin/ln -sf /proc/self/fd/0 /dev/stdin
null::sysinit:/bin/ln -sf /proc/self/fd/1 /dev/stdout
null::sysinit:/bin/ln -sf /proc/self/fd/2 /dev/stderr
::sysinit:/bin/hostname -F /etc/hostname
::sysinit:/etc/init.d/rcS
ttyAMA0::respawn:-/bin/sh
::ctrlaltdel:/sbin/reboot
::shutdown:/etc/init.d/rcK
::shutdown:/bin/umount -a -r
`;

const READY = `#!/bin/sh
# The last of the scripts: this persona is up.
[ "$1" = start ] && echo 'persona: READY' >/dev/console
`;

/** What the images are, so that what is taken is what was built: an image of an earlier run is not in it. */
const POST_IMAGE = `#!/bin/sh
# Called by Buildroot after all images; $1 is their folder.
set -e
cd "$1"
rm -f SHA256SUMS
find . -type f ! -name SHA256SUMS | LC_ALL=C sort | while read -r image; do sha256sum "$image"; done >SHA256SUMS
`;

// Debian's compiler makes position-independent programs unless it is told.
const VEIL_MK = ({
	board,
	sources,
	options,
}: NonNullable<ExternalSpec["veil"]>) => `################################################################################
#
# veil
#
################################################################################

VEIL_VERSION = local
VEIL_SITE = ${sources}
VEIL_SITE_METHOD = local
VEIL_LICENSE = Apache-2.0
VEIL_INSTALL_IMAGES = YES
VEIL_INSTALL_TARGET = NO

define VEIL_BUILD_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D) BOARD=${board} CROSS=$(TARGET_CROSS) BUILD=$(@D)/build${options.map((option) => ` ${option}`).join("")}
endef

define VEIL_INSTALL_IMAGES_CMDS
	$(INSTALL) -D -m 0644 $(@D)/build/veil.bin $(BINARIES_DIR)/veil.bin
endef

$(eval $(generic-package))
`;

const VEIL_CONFIG = `config BR2_PACKAGE_VEIL
	bool "veil"
	help
	  The hypervisor that runs the personas of a phone.
`;

// Read behind Buildroot's own makefile of Linux. Name, host and time are those of the kernels that we build without it; nor does it look for what
// Debian's sources export although it is local to a file, and where in which macro a word of a message comes from: that is most of the compiler's time.
const LINUX_MK = (options: string) => `LINUX_KCONFIG_DEFCONFIG = KCONFIG_ALLCONFIG=${options} allnoconfig
LINUX_CFLAGS += -ftrack-macro-expansion=0
LINUX_MAKE_FLAGS += cmd_check_local_export= KBUILD_BUILD_USER=persona KBUILD_BUILD_HOST=persona KBUILD_BUILD_VERSION=1 \
	KBUILD_BUILD_TIMESTAMP="Thu Jan  1 00:00:00 UTC 1970"
`;

/** The files of a tree by their paths in it. */
export function externalTree(spec: ExternalSpec): Record<string, TreeFile> {
	const { folder, config, machine, tools, veil, linux } = spec;
	const ccache = tools.find(({ name }) => name === "ccache");
	const own = [
		`BR2_ROOTFS_OVERLAY="${join(folder, "overlay")}"`,
		`BR2_ROOTFS_POST_IMAGE_SCRIPT="${join(folder, "post-image.sh")}"`,
		`BR2_PACKAGE_OVERRIDE_FILE="${join(folder, "local.mk")}"`,
		...(linux === undefined
			? []
			: [
					// Nothing is ever fetched from there: the archive lies in the folder of downloads.
					`BR2_LINUX_KERNEL_CUSTOM_TARBALL_LOCATION="file:///nowhere/${linux.sources.name}"`,
					`BR2_GLOBAL_PATCH_DIR="${join(folder, "patches")}"`,
				]),
	];
	return {
		"external.desc": { text: "name: PERSONA\ndesc: What pulumi-persona builds\n" },
		"Config.in": { text: veil === undefined ? "" : 'source "$BR2_EXTERNAL_PERSONA_PATH/package/veil/Config.in"\n' },
		"external.mk": {
			text: `include $(sort $(wildcard $(BR2_EXTERNAL_PERSONA_PATH)/package/*/*.mk))\n${linux === undefined ? "" : LINUX_MK(join(folder, "linux/options"))}`,
		},
		"configs/persona_defconfig": { text: lines([...own, ...machine, ...config]) },
		"local.mk": {
			text: overrides(tools, { empty: join(folder, "empty"), ccache: join(folder, "host-tools/ccache") }),
		},
		"empty/.keep": { text: "" },
		...(ccache === undefined ? {} : { "host-tools/ccache": { text: ccacheScript(ccache.path), executable: true as const } }),
		"overlay/etc/inittab": { text: INITTAB },
		"overlay/etc/init.d/S99persona-ready": { text: READY, executable: true },
		"post-image.sh": { text: POST_IMAGE, executable: true },
		...(linux === undefined
			? {}
			: {
					"linux/options": { text: lines(linux.options) },
					"patches/linux/linux.hash": { text: `sha256  ${linux.sources.sha256}  ${linux.sources.name}\n` },
				}),
		...(veil === undefined
			? {}
			: {
					"package/veil/Config.in": { text: VEIL_CONFIG },
					"package/veil/veil.mk": { text: VEIL_MK(veil) },
				}),
	};
}

/** Writes a tree to where its spec says. */
export async function writeExternalTree(spec: ExternalSpec): Promise<void> {
	for (const [path, { text, executable }] of Object.entries(externalTree(spec))) {
		const full = join(spec.folder, path);
		await mkdir(dirname(full), { recursive: true });
		await writeFile(full, text, { mode: executable ? 0o755 : 0o644 });
	}
}

function lines(all: readonly string[]): string {
	return all.map((line) => `${line}\n`).join("");
}

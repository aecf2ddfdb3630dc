// SPDX-License-Identifier: Apache-2.0
// Tools that Buildroot would compile for the build machine although it has them. Where the machine's own serve, packages that only link to
// them stand in, by a file of overrides that Buildroot reads before its packages (BR2_PACKAGE_OVERRIDE_FILE). They pack and look at files;
// none of them makes code of the target's.
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";

/** Buildroot's package of a tool, and what it is called. */
const TOOLS = ["ccache", "cpio", "fakeroot", "kmod", "lzip", "patchelf", "tar"] as const;

/** A tool of the machine's. */
export interface HostTool {
	name: (typeof TOOLS)[number];
	path: string;
}

/** Which of the tools this machine has. */
export async function hostTools(folders: readonly string[] = ["/usr/bin", "/bin"]): Promise<HostTool[]> {
	const found: HostTool[] = [];
	for (const name of TOOLS) {
		for (const folder of folders) {
			const path = join(folder, name);
			if (!(await isProgram(path))) continue;
			found.push({ name, path });
			break;
		}
	}
	return found;
}

async function isProgram(path: string): Promise<boolean> {
	try {
		await access(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

/** The file of overrides. `empty` is an empty folder, taken for the tools' sources; `ccache` the script that stands for it. */
export function overrides(tools: readonly HostTool[], { empty, ccache }: { empty: string; ccache: string }): string {
	return tools
		.map(({ name, path }) => {
			const prefix = `HOST_${name.toUpperCase()}`;
			const target = name === "ccache" ? ccache : path;
			return `${prefix}_OVERRIDE_SRCDIR = ${empty}
override ${prefix}_DEPENDENCIES :=
override ${prefix}_AUTORECONF := NO
override ${prefix}_POST_PATCH_HOOKS :=
override ${prefix}_POST_INSTALL_HOOKS :=
define ${prefix}_CONFIGURE_CMDS
	@true
endef
define ${prefix}_BUILD_CMDS
	@true
endef
define ${prefix}_INSTALL_CMDS
	mkdir -p $(HOST_DIR)/bin $(HOST_DIR)/sbin
	ln -sf ${target} $(HOST_DIR)/bin/${name}
${name === "kmod" ? "\tln -sf /sbin/depmod $(HOST_DIR)/sbin/depmod\n" : ""}endef
`;
		})
		.join("\n");
}

/** Buildroot's own ccache is compiled to look into its folder; the machine's is told. */
export function ccacheScript(path: string): string {
	return `#!/bin/sh\nCCACHE_DIR="$BR_CACHE_DIR" exec ${path} "$@"\n`;
}

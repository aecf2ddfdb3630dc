// SPDX-License-Identifier: Apache-2.0
// Where Buildroot works on this machine: a folder of the cache that all projects share.
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { cacheDir } from "../../util/paths.ts";

/** The folder of all that Buildroot keeps. Its makefiles take neither blanks nor colons in a path. */
export function buildrootFolder(cache = cacheDir()): string {
	const usual = join(cache, "buildroot");
	return /[\s:@]/.test(usual) ? join(tmpdir(), `persona-buildroot-${userInfo().uid}`) : usual;
}

/** What of it is kept from build to build, and what is of one. */
export function buildFolders(
	key: string,
	parent = buildrootFolder(),
): Record<"downloads" | "ccache" | "toolchains" | "work", string> {
	const name = key.slice("sha256:".length, "sha256:".length + 16);
	return {
		downloads: join(parent, "downloads"),
		ccache: join(parent, "ccache"),
		toolchains: join(parent, "toolchains"),
		work: join(parent, "work", name),
	};
}

// SPDX-License-Identifier: Apache-2.0
// The sources of Linux that the lock pins, where Buildroot looks for downloads: it finds them there, and compares them with the digest it is given.
import { mkdir, mkdtemp, rename, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { sha256File } from "../../util/digest.ts";
import { run } from "../../util/process.ts";

/** An archive of sources. */
export interface LinuxSources {
	/** Of the file in the folder of downloads. */
	name: string;
	/** SHA-256 in hexadecimal. */
	sha256: string;
}

/** Takes the archive out of Debian's package of sources at `path`. Its name holds its digest, since that of the package is the same for every version. */
export async function provideLinuxSources(path: string, downloads: string, signal?: AbortSignal): Promise<LinuxSources> {
	const folder = join(downloads, "linux");
	await mkdir(folder, { recursive: true });
	const scratch = await mkdtemp(join(downloads, "unpacking-"));
	try {
		await run("dpkg-deb", ["--extract", path, scratch], { signal, killAfterMs: 400 });
		const { stdout } = await run("find", [scratch, "-name", "linux-source-*.tar.xz"], { signal });
		const [archive] = stdout.trimEnd().split("\n");
		if (archive === undefined || archive === "") throw new Error("the package of sources holds no linux-source-*.tar.xz");
		const sha256 = (await sha256File(archive)).slice("sha256:".length);
		const name = `linux-source-${sha256.slice(0, 16)}.tar.xz`;
		// In the package it has the time at which that was made; for the garbage collection it counts when it was used.
		await utimes(archive, new Date(), new Date());
		await rename(archive, join(folder, name));
		return { name, sha256 };
	} finally {
		await rm(scratch, { recursive: true, force: true });
	}
}

// SPDX-License-Identifier: Apache-2.0
// The Linux guest of the comparisons: built like any persona by the debian builder, with one program more that says "up".
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BuildContext } from "../components/image/index.ts";
import { buildDevGuest } from "../tools/dev-guest.ts";
import type { LinuxImages } from "./boot.ts";
import { buildMarker } from "./build.ts";

/** Builds the guest and gives its kernel and initial filesystem. */
export async function buildLinux(folder: string, context: BuildContext): Promise<LinuxImages> {
	const overlay = join(folder, "overlay");
	await mkdir(join(overlay, "etc"), { recursive: true });
	// The start script runs this just before it says READY.
	const hook = join(overlay, "etc/rc.local");
	await buildMarker(hook);
	await chmod(hook, 0o755);
	const guest = { os: "linux", builder: "debian", overlay: "./overlay" } as const;
	return buildDevGuest({ name: "bench", guest }, folder, context);
}

// SPDX-License-Identifier: Apache-2.0
// The Linux guest of the comparisons: built like any persona by the debian builder, with one program more that says "up".
import { chmod, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type BuildContext, buildGuest, guestInputs, guestSources } from "../components/image/index.ts";
import { phoneFromParts, renderProblems } from "../components/manifest/index.ts";
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
	const { resolved, problems } = await phoneFromParts(
		{
			name: "bench",
			board: "qemu-virt",
			personas: [
				{
					name: "bench",
					indicator: { label: "Bench", colour: "#808080" },
					guest: { os: "linux", builder: "debian", overlay: "./overlay" },
				},
			],
		},
		folder,
	);
	const persona = resolved?.personas[0];
	if (resolved === undefined || persona === undefined) throw new Error(renderProblems(problems));
	const inputs = await guestInputs(persona, resolved.board.document, context.lock);
	const artifact = await buildGuest(inputs, guestSources(persona), context);
	const guest = JSON.parse(await readFile(artifact.path, "utf8")) as { kernel: { digest: string }; initramfs: { digest: string } };
	const file = async (digest: string) => {
		const blob = await context.store.get(digest);
		if (blob === undefined) throw new Error(`the store lost ${digest}`);
		return blob.path;
	};
	return { kernel: await file(guest.kernel.digest), initramfs: await file(guest.initramfs.digest) };
}

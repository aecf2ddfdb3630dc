// SPDX-License-Identifier: Apache-2.0
// A temporary folder with all that measuring needs in it: plugin, small guests, Veil.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BuildContext, loadLock, openStore } from "../components/image/index.ts";
import { packageRoot } from "../components/util/paths.ts";
import type { Progress } from "../components/util/progress.ts";
import { buildArmv6Guests, buildGuests, buildPlugin, buildVeil } from "./build.ts";

export interface Setting {
	folder: string;
	context: BuildContext;
	/** The counting plugin. */
	plugin: string;
	/** Folder of the images of bench/guests, or of the programs of bench/guests/armv6. */
	guests: string;
	/** Veil's file. */
	veil: string;
}

/** Prepares everything for a board; `close` removes it. */
export async function openSetting(
	progress: Progress,
	board: "qemu-virt" | "n800" = "qemu-virt",
): Promise<Setting & { close(): Promise<void> }> {
	const folder = await mkdtemp(join(tmpdir(), "persona-bench-"));
	const close = () => rm(folder, { recursive: true, force: true });
	try {
		const projectDir = packageRoot();
		const context = { store: await openStore(), lock: await loadLock(projectDir), progress, projectDir };
		const plugin = await buildPlugin(folder);
		const guests = await (board === "n800" ? buildArmv6Guests(folder) : buildGuests("bench/guests", folder));
		return { folder, context, plugin, guests, veil: await buildVeil(context, board), close };
	} catch (error) {
		await close();
		throw error;
	}
}

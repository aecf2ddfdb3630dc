// SPDX-License-Identifier: Apache-2.0
// A temporary folder with all that measuring needs in it: plugin, small guests, Veil.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BuildContext, loadLock, openStore } from "../components/image/index.ts";
import { packageRoot } from "../components/util/paths.ts";
import type { Progress } from "../components/util/progress.ts";
import { buildGuests, buildPlugin, buildVeil } from "./build.ts";

export interface Setting {
	folder: string;
	context: BuildContext;
	/** The counting plugin. */
	plugin: string;
	/** Folder of the images of bench/guests. */
	guests: string;
	/** Veil's file. */
	veil: string;
}

/** Prepares everything, hands it to `work`, and removes the folder. */
export async function withSetting<T>(progress: Progress, work: (setting: Setting) => Promise<T>): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), "persona-bench-"));
	try {
		const projectDir = packageRoot();
		const context = { store: await openStore(), lock: await loadLock(projectDir), progress, projectDir };
		const plugin = await buildPlugin(folder);
		const guests = await buildGuests("bench/guests", folder);
		return await work({ folder, context, plugin, guests, veil: await buildVeil(context) });
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

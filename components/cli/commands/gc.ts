// SPDX-License-Identifier: Apache-2.0
// `persona gc`: removes from the store, and from what Buildroot keeps, what was not used for a while; all of it can be had again.
import { collectBuildroot, type GcReport, openStore } from "../../image/index.ts";
import { bytes } from "../../util/bytes.ts";
import { print, printJson, type Terminal } from "../terminal.ts";

export async function gc(
	terminal: Terminal,
	options: { readonly keepDays: number; readonly dryRun: boolean; readonly json: boolean },
): Promise<void> {
	const { keepDays, dryRun, json } = options;
	const store = await openStore();
	const report = await store.gc({ keepDays, dryRun });
	const buildroot = await collectBuildroot(store.dir, { keepDays, dryRun });
	if (json) return printJson(terminal, { store: store.dir, ...report, buildroot });
	const verb = dryRun ? "would remove" : "removed";
	const line = (dir: string, { removed, freed, kept, keptSize }: GcReport) =>
		print(terminal, `${dir}: ${verb} ${removed} entries (${bytes(freed)}), kept ${kept} (${bytes(keptSize)})`);
	line(store.dir, report);
	for (const [part, one] of Object.entries(buildroot.parts)) if (one.removed + one.kept > 0) line(`${buildroot.dir}/${part}`, one);
	if (buildroot.isBusy) terminal.err.write(`Buildroot is at work: nothing in ${buildroot.dir} was removed\n`);
}

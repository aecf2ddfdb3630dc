// SPDX-License-Identifier: Apache-2.0
// `persona gc`: removes from the store what was not used for a while; all of it can be had again.
import { openStore } from "../../image/index.ts";
import { bytes } from "../../util/bytes.ts";
import { print, printJson, type Terminal } from "../terminal.ts";

export async function gc(
	terminal: Terminal,
	options: { readonly keepDays: number; readonly dryRun: boolean; readonly json: boolean },
): Promise<void> {
	const store = await openStore();
	const report = await store.gc({ keepDays: options.keepDays, dryRun: options.dryRun });
	if (options.json) return printJson(terminal, { store: store.dir, ...report });
	const verb = options.dryRun ? "would remove" : "removed";
	print(
		terminal,
		`${store.dir}: ${verb} ${report.removed} entries (${bytes(report.freed)}), kept ${report.kept} (${bytes(report.keptSize)})`,
	);
}

// SPDX-License-Identifier: Apache-2.0
// An overlay folder as the image stage describes it, in a few lines.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { sha256 } from "../../components/util/digest.ts";

/** Path → `mode:digest` of every file under a folder. */
export function overlayOf(folder: string): Record<string, string> {
	const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
	const entries = files.map((entry) => {
		const path = join(entry.parentPath, entry.name);
		return [relative(folder, path), `${(statSync(path).mode & 0o777).toString(8)}:${sha256(readFileSync(path))}`] as const;
	});
	return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

// SPDX-License-Identifier: Apache-2.0
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keptBetweenRuns } from "../../tools/kept.mjs";
import { temporaryFolder } from "../temporary-folder.ts";

test("marks of clean files are kept for a season", () => {
	const variables = { XDG_CACHE_HOME: temporaryFolder() };
	const folder = keptBetweenRuns(variables).TIDY_SEEN ?? "";
	const days = 24 * 3600;
	for (const [name, age] of [
		["new", 80],
		["old", 100],
	] as const) {
		const made = Date.now() / 1000 - age * days;
		writeFileSync(join(folder, name), "");
		utimesSync(join(folder, name), made, made);
	}
	keptBetweenRuns(variables);
	expect(readdirSync(folder)).toEqual(["new"]);
});

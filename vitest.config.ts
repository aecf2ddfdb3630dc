// SPDX-License-Identifier: Apache-2.0
// How the tests are run: `unit` needs nothing but Node, `system` starts real engines, QEMUs and guests. Four files at a time, of both kinds: each
// has state of its own, and most of the time is spent waiting.
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/longest-first.ts";

export default defineConfig({
	test: {
		maxWorkers: 4,
		// A process for each file would cost a tenth of the run: half a second to start it and to load what most files use.
		isolate: false,
		setupFiles: ["tests/own-environment.ts"],
		sequence: { sequencer: LongestFirst },
		projects: [
			{
				extends: true,
				test: {
					name: "unit",
					include: ["tests/**/*.test.ts"],
					exclude: ["tests/system/**", "tests/setup/**"],
					testTimeout: 30_000,
					hookTimeout: 60_000,
				},
			},
			{
				extends: true,
				test: {
					name: "system",
					include: ["tests/system/**/*.test.ts", "tests/setup/**/*.test.ts"],
					globalSetup: ["tests/system/before-all.ts"],
					testTimeout: 300_000,
					hookTimeout: 300_000,
				},
			},
		],
	},
});

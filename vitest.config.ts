// SPDX-License-Identifier: Apache-2.0
// How the tests are run: `unit` needs nothing but Node, `system` starts real engines, QEMUs and guests, three files at a time:
// each has state of its own, and most of the time is spent waiting.
import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		projects: [
			{
				extends: true,
				test: {
					name: "unit",
					include: ["tests/**/*.test.ts"],
					exclude: ["tests/system/**", "tests/setup/**"],
					testTimeout: 30_000,
					hookTimeout: 60_000,
					maxWorkers: 2,
				},
			},
			{
				extends: true,
				test: {
					name: "system",
					include: ["tests/system/**/*.test.ts", "tests/setup/**/*.test.ts"],
					globalSetup: ["tests/system/locked-inputs.ts"],
					testTimeout: 300_000,
					hookTimeout: 300_000,
					maxWorkers: 3,
					sequence: { groupOrder: 1 },
				},
			},
		],
	},
});

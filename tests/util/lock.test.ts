// SPDX-License-Identifier: Apache-2.0
// package-lock.json is complete, so that `npm ci` works with every registry and on every platform.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { missingEntries } from "../../tools/complete-lock.mjs";

test("every optional dependency has an entry (else run `node tools/complete-lock.mjs`)", () => {
	const lock = JSON.parse(readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8"));
	expect(Object.keys(missingEntries(lock.packages))).toEqual([]);
});

test("a missing entry gets the platform its name tells", () => {
	const packages = { "node_modules/tool": { dev: true, optionalDependencies: { "@tool/cli-linux-x64-musl": "1.0.0" } } };
	expect(missingEntries(packages)).toEqual({
		"node_modules/@tool/cli-linux-x64-musl": {
			version: "1.0.0",
			cpu: ["x64"],
			dev: true,
			libc: ["musl"],
			optional: true,
			os: ["linux"],
		},
	});
});

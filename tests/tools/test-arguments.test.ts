// SPDX-License-Identifier: Apache-2.0
// `npm test` starts what it was asked for, and nothing where it was asked for what there is not.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../components/util/paths.ts";
import { testArguments } from "../../tools/test-arguments.mjs";

test.each([
	[[], { tests: [] }],
	[["tests/util", "account"], { tests: ["tests/util", "account"] }],
	[["tests/util", "-t", "names"], { tests: ["tests/util", "--testNamePattern=names"] }],
	[["-t", "--flag"], { tests: ["--testNamePattern=--flag"] }],
	[["--help", "--other"], { help: true }],
	[["--version"], { unknown: "--version" }],
	[["tests/util", "-u"], { unknown: "-u" }],
	[["-t"], { unknown: "-t" }],
	[[""], { unknown: "" }],
])("%j", (args, asked) => {
	expect(testArguments(args)).toEqual(asked);
});

const npmTest = (...args: string[]) => {
	const { status, stdout, stderr } = spawnSync(process.execPath, [join(packageRoot(), "tools/test.mjs"), ...args], {
		encoding: "utf8",
		timeout: 20_000,
	});
	return { status, stdout, stderr };
};

test("an option that there is not is refused before anything is started, with the usage", () => {
	const said = npmTest("--version");
	expect(said).toMatchObject({ status: 2, stdout: "" });
	expect(said.stderr).toMatch(/^npm test has no option "--version"\nusage: npm test /);
	expect(npmTest("--help")).toMatchObject({ status: 0, stderr: "", stdout: expect.stringMatching(/^usage: /) });
});

// SPDX-License-Identifier: Apache-2.0
// The folders a project uses are found from anywhere inside it and can be moved by the usual variables.
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cacheDir, packageRoot, packageVersion, projectRoot, runRoot, stateDir, UserError } from "../../components/util/index.ts";

test("the project is found from a folder below it", async () => {
	const folder = await realpath(await mkdtemp(join(tmpdir(), "persona paths-")));
	try {
		await mkdir(join(folder, "a/b"), { recursive: true });
		await writeFile(join(folder, "Pulumi.yaml"), "name: x\n");
		expect(projectRoot(join(folder, "a/b"), {})).toBe(folder);
		expect(projectRoot("/", { PERSONA_PROJECT: folder })).toBe(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
});

test("no project is a fault of the user's with a remedy", () => {
	expect(() => projectRoot("/", {})).toThrow(UserError);
});

test("XDG variables move the folders, relative ones are ignored", () => {
	expect(cacheDir({ HOME: "/home/ada" })).toBe("/home/ada/.cache/persona");
	expect(cacheDir({ HOME: "/home/ada", XDG_CACHE_HOME: "/c" })).toBe("/c/persona");
	expect(stateDir({ HOME: "/home/ada", XDG_STATE_HOME: "s" })).toBe("/home/ada/.local/state/persona");
	expect(runRoot({ HOME: "/home/ada", XDG_STATE_HOME: "/s" })).toBe("/s/persona/run");
	expect(stateDir({ PERSONA_STATE_DIR: "/p" })).toBe("/p");
});

test("the package knows its own folder and version", () => {
	expect(packageRoot()).toBe(fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, ""));
	expect(packageVersion()).toMatch(/^\d+\.\d+\.\d+/);
});

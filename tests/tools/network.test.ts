// SPDX-License-Identifier: Apache-2.0
// What set-up and the engine are told of proxies, and what set-up does offline.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packageRoot } from "../../components/util/paths.ts";
import { engineEnvironment } from "../../tools/environment.mjs";
import { isOffline, proxyAssignments, withoutProxyHere } from "../../tools/network.mjs";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "persona-network-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
	[undefined, false],
	["", false],
	["0", false],
	["False", false],
	["true", true],
	["1", true],
])("PERSONA_OFFLINE=%s means offline: %s", (value, offline) => expect(isOffline({ PERSONA_OFFLINE: value })).toBe(offline));

test("behind a proxy, what runs on this machine is asked without it", () => {
	expect(withoutProxyHere({})).toEqual({});
	expect(withoutProxyHere({ no_proxy: "intern.example" })).toEqual({});
	const proxy = "http://proxy.example:3128";
	const hosts = "intern.example,localhost,127.0.0.1,::1";
	expect(withoutProxyHere({ HTTPS_PROXY: proxy, NO_PROXY: "intern.example" })).toEqual({ no_proxy: hosts, NO_PROXY: hosts });
	expect(withoutProxyHere({ http_proxy: proxy, no_proxy: hosts })).toEqual({});
	expect(withoutProxyHere({ http_proxy: proxy, no_proxy: "*" })).toEqual({});
	expect(engineEnvironment(packageRoot(), { ...process.env, http_proxy: proxy, no_proxy: "" }).variables).toMatchObject({
		no_proxy: "localhost,127.0.0.1,::1",
	});
	expect(proxyAssignments({ http_proxy: proxy, NO_PROXY: "x", PATH: "/bin" })).toEqual([`http_proxy=${proxy}`, "NO_PROXY=x"]);
});

test("set-up offline lists all that is missing at once and fetches nothing", () => {
	// A project of its own in which nothing was set up, on a machine with Node and nothing else.
	const project = join(folder, "project");
	mkdirSync(project);
	writeFileSync(join(project, "Pulumi.yaml"), "name: x\nruntime: nodejs\n");
	const lock = { packages: { "": {}, "node_modules/yaml": { version: "1.0.0", integrity: "sha512-x" } } };
	writeFileSync(join(project, "package-lock.json"), JSON.stringify(lock));
	const bin = join(folder, "bin");
	mkdirSync(bin);
	for (const name of ["sudo", "apt-get", "npm"]) {
		writeFileSync(join(bin, name), `#!/bin/sh\necho "$0" >>"${folder}/called"\nexit 1\n`, { mode: 0o755 });
	}
	symlinkSync(execFileSync("sh", ["-c", "command -v sh"], { encoding: "utf8" }).trim(), join(bin, "sh"));
	const env = { PATH: bin, HOME: folder, PERSONA_PROJECT: project };
	const up = [join(packageRoot(), "tools/up.mjs"), "--offline"];
	const { status, stderr } = spawnSync(process.execPath, up, { cwd: project, env, encoding: "utf8" });
	expect(status).toBe(1);
	expect(stderr).toMatch(/^✗ not on this machine, and nothing may be fetched offline:\n {2}Debian package qemu-system-arm: /);
	expect(stderr).toContain("  1 npm packages that package-lock.json names, node_modules/yaml first\n  Pulumi's engine\n");
	expect(stderr).toContain("Run `npm run up` once while there is a network");
	expect(spawnSync("ls", [folder], { encoding: "utf8" }).stdout).not.toContain("called");
});

// SPDX-License-Identifier: Apache-2.0
// What set-up and the engine are told of proxies, and what set-up does offline.
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packageRoot } from "../../components/util/paths.ts";
import { engineEnvironment } from "../../tools/environment.mjs";
import { isOffline, proxyAssignments, withoutProxyHere } from "../../tools/network.mjs";
import { faultyServer } from "../image/faulty-server.ts";

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

test("set-up asks for the engine's release through the proxy that is named", async () => {
	const proxy = await faultyServer();
	try {
		const program = `import { getEngine } from ${JSON.stringify(join(packageRoot(), "tools/engine.mjs"))};
			await getEngine(${JSON.stringify(folder)}, async () => {}).catch((error) => console.log(error.message));`;
		const env = { PATH: process.env.PATH, HOME: folder, PERSONA_ENGINE: "release", https_proxy: proxy.url };
		const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], { env });
		expect(stdout).toContain("cannot be reached");
		expect(proxy.asked).toEqual([expect.stringMatching(/^CONNECT \S+:443$/)]);
	} finally {
		await proxy.close();
	}
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

// SPDX-License-Identifier: Apache-2.0
// `npm run up -- --offline` where there is no network at all: a network namespace with nothing but a loopback in it, and a proxy named that is not there.
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../components/util/paths.ts";
import { persona } from "../cli/run.ts";
import { readWholeStore } from "../image/faulty-server.ts";
import { CliProject, PHONE_PROGRAM } from "./cli-project.ts";

const alone = ["--user", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
/** A machine that forbids user namespaces, or has no ip(8), cannot run these tests. */
const canBeAlone = spawnSync("unshare", [...alone, "true"]).status === 0;

describe.skipIf(!canBeAlone)("without a network", () => {
	let project: CliProject;
	let stick: string;
	let cache: string;
	beforeAll(async () => {
		project = new CliProject(PHONE_PROGRAM);
		project.env.PERSONA_PROJECT = project.folder;
		stick = join(project.folder, ".stick");
		cache = join(project.folder, ".cache");
		const copied = await persona(["fetch", "--to", stick], { cwd: project.folder, env: project.env });
		expect(copied).toMatchObject({ status: 0, stdout: expect.stringContaining(`copied to ${stick}`) });
	});
	afterAll(async () => {
		await project.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev");
		project.remove();
	});

	function up(env: NodeJS.ProcessEnv = {}): Promise<{ status: number; output: string }> {
		const command = [...alone, process.execPath, join(packageRoot(), "tools/up.mjs"), "--offline"];
		const proxy = "http://127.0.0.1:9";
		const all = { ...project.env, PERSONA_CACHE_DIR: cache, http_proxy: proxy, https_proxy: proxy, no_proxy: "", ...env };
		return new Promise((settle) => {
			execFile("unshare", command, { cwd: project.folder, env: all, maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
				settle({ status: error === null ? 0 : 1, output: stdout + stderr }),
			);
		});
	}

	test("what is missing is listed before anything is built", async () => {
		const { status, output } = await up();
		expect(status).toBe(1);
		expect(output).toMatch(
			/^✗ 2 files are not on this machine \(57\.\d MiB\), and nothing may be fetched offline:\n {2}linux-image-\S+ \(57\.\d MiB\)\n {2}busybox-static=\S+ \(80\d KiB\)\n {2}run `persona fetch`/m,
		);
		expect(output).not.toContain("Updating");
		expect(readWholeStore(join(cache, "store"))).toEqual({ wrong: [], blobs: 0 });
	});

	test("plain pulumi says the same of a stack that is configured so, with the log of the build", async () => {
		const { PERSONA_CACHE_DIR } = project.env;
		project.env.PERSONA_CACHE_DIR = cache;
		try {
			await project.pulumi("stack", "select", "--create", "dev");
			await project.pulumi("config", "set", "persona:offline", "true", "--stack", "dev");
			const { status, output } = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", "--non-interactive");
			expect(status).not.toBe(0);
			expect(output).toMatch(
				/2 files are not on this machine \(57\.\d MiB\), and nothing may be fetched offline:\n +linux-image-\S+ \(57\.\d MiB\)\n +busybox-static=\S+ \(80\d KiB\)\n +run `persona fetch`.*\n +log: .*\/store\/logs\/guest-(work|personal)-[0-9a-f]{12}\.log/,
			);
			expect(readWholeStore(join(cache, "store")).wrong).toEqual([]);
		} finally {
			if (PERSONA_CACHE_DIR === undefined) delete project.env.PERSONA_CACHE_DIR;
			else project.env.PERSONA_CACHE_DIR = PERSONA_CACHE_DIR;
			await project.pulumi("config", "rm", "persona:offline", "--stack", "dev");
		}
	});

	test("a folder that was carried there is enough to bring both personas up, in about the room that was said", async () => {
		const env = { ...project.env, PERSONA_CACHE_DIR: cache };
		const { build } = JSON.parse((await persona(["fetch", "--dry-run", "--json"], { cwd: project.folder, env })).stdout);
		const { status, output } = await up({ PERSONA_MIRROR: pathToFileURL(stick).href });
		expect(output).toMatch(/building 2 guests and what is made of them takes about \d+.* of disk, .*; .* are free/);
		expect(output).toMatch(/work +running, READY\n +personal +running, READY/);
		expect(status).toBe(0);
		expect(readWholeStore(join(cache, "store")).wrong).toEqual([]);
		const taken = size(join(cache, "store", "blobs"));
		expect(taken).toBeLessThan(build.kept);
		expect(taken).toBeGreaterThan(build.kept / 2);
	});
});

function size(folder: string): number {
	return Number(spawnSync("du", ["-sb", folder], { encoding: "utf8" }).stdout.split("\t")[0]);
}

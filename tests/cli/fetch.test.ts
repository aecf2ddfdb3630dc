// SPDX-License-Identifier: Apache-2.0
// `persona fetch` and `--offline` on a project of their own, whose one package and one kernel come from a server of the test's.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sha256 } from "../../components/util/digest.ts";
import { answers, type FaultyServer, faultyServer, readWholeStore } from "../image/faulty-server.ts";
import { PERSONAL, PHONE, POLICY, WORK } from "../provider/project.ts";
import { persona, type Ran } from "./run.ts";

// Every test starts several processes, and other tests run beside it.
vi.setConfig({ testTimeout: 120_000 });

const deb = Buffer.alloc(50_000, "package");
const kernel = Buffer.alloc(20_000, "kernel");
const own = Buffer.alloc(30_000, "own");
const hex = (bytes: Uint8Array) => sha256(bytes).slice(7);
let server: FaultyServer;
let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
	server = await faultyServer();
	folder = mkdtempSync(join(tmpdir(), "persona fetch "));
	env = {
		PERSONA_STATE_DIR: join(folder, "state"),
		PERSONA_CACHE_DIR: join(folder, "cache"),
		PERSONA_PROJECT: "",
		PERSONA_LOCK: "",
		PERSONA_DEBIAN_MIRROR: `${server.url}/debian`,
	};
	for (const name of ["personas/work", "stacks"]) mkdirSync(join(folder, name), { recursive: true });
	writeFileSync(join(folder, "Pulumi.yaml"), "name: x\nruntime: nodejs\n");
	writeFileSync(join(folder, "personas/policy.yaml"), POLICY);
	writeFileSync(join(folder, "personas/work.yaml"), WORK);
	const guest = `guest: { os: baremetal, builder: prebuilt, kernel: { url: "${server.url}/own", sha256: ${hex(own)} } }\n`;
	writeFileSync(join(folder, "personas/personal.yaml"), `${PERSONAL}${guest}`);
	writeFileSync(join(folder, "stacks/dev.phone.yaml"), PHONE);
	const entry = (name: string, bytes: Uint8Array) =>
		`    - { name: ${name}, version: '1', architecture: arm64, archive: debian, file: pool/${name}_1.deb, size: ${bytes.length}, sha256: ${hex(bytes)} }\n`;
	writeFileSync(
		join(folder, "persona.lock.yaml"),
		`version: 1\ndebian:\n  suite: bookworm\n  kernel: linux=1\n  guests:\n    - { base: busybox, packages: [], install: [busybox=1] }\n  packages:\n${entry("busybox", deb)}${entry("linux", kernel)}`,
	);
	server.files.set("/debian/pool/busybox_1.deb", answers.whole(deb));
	server.files.set("/debian/pool/linux_1.deb", answers.whole(kernel));
	server.files.set("/own", answers.whole(own));
});
afterEach(async () => {
	await server.close();
	rmSync(folder, { recursive: true, force: true });
});

const run = (...args: string[]): Promise<Ran> => persona(args, { cwd: folder, env });

test("says what is missing and what a build takes, fetches it once, and then nothing is missing", async () => {
	const before = await run("fetch", "--dry-run");
	expect(before.status).toBe(3);
	expect(before.stdout).toMatch(
		/^busybox=1 \(48\.8 KiB\)\nlinux=1 \(19\.5 KiB\)\nhttp:\S+\/own\n3 files are not in .*, to be fetched: 68\.4 KiB and more\nbuilding 2 guests and what is made of them takes about \d.*MiB of disk, 68\.4 KiB of it to download, \d.* of it only while it runs; .* are free\n$/,
	);
	expect(server.asked).toEqual([]);

	expect(await run("fetch")).toMatchObject({ status: 0, stderr: "", stdout: expect.stringContaining("+ busybox=1 (48.8 KiB)") });
	expect(readWholeStore(join(folder, "cache/store"))).toEqual({ wrong: [], blobs: 3 });
	const asked = server.asked.length;
	expect(await run("fetch")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^all 3 files are in .*\n$/) });
	expect(server.asked.length).toBe(asked);
	const after = JSON.parse((await run("fetch", "--dry-run", "--json", "stacks/dev.phone.yaml")).stdout);
	expect(after).toMatchObject({ missing: [], build: { missing: [] }, refused: null });
});

test("copies into a folder that is a mirror for a machine without a network", async () => {
	const stick = join(folder, "a stick");
	expect((await run("fetch", "--to", stick)).stdout).toContain(`3 copied to ${stick}; elsewhere: PERSONA_MIRROR=file:///`);
	expect((await run("fetch", "--to", stick)).stdout).toContain("0 copied to");
	const digest = hex(deb);
	expect(readFileSync(join(stick, digest.slice(0, 2), digest.slice(2))).equals(deb)).toBe(true);
	rmSync(join(folder, "cache"), { recursive: true });
	server.asked.length = 0;

	env = { ...env, PERSONA_MIRROR: pathToFileURL(stick).href };
	expect(await run("--offline", "fetch")).toMatchObject({ status: 0, stderr: "" });
	expect(server.asked).toEqual([]);
	expect(readWholeStore(join(folder, "cache/store"))).toEqual({ wrong: [], blobs: 3 });
});

test("offline, all that is missing is listed at once, with sizes and the remedy, and nothing is asked for", async () => {
	for (const args of [
		["fetch", "--offline"],
		["--offline", "fetch"],
	]) {
		const { status, stderr } = await run(...args);
		expect(status).toBe(1);
		expect(stderr).toMatch(
			/^persona: 3 files are not on this machine \(68\.4 KiB and more\), and nothing may be fetched offline:\n {2}busybox=1 \(48\.8 KiB\)\n {2}linux=1 \(19\.5 KiB\)\n {2}http:\S+\/own\n {2}run `persona fetch`/,
		);
	}
	expect(JSON.parse((await run("fetch", "--offline", "--dry-run", "--json")).stdout)).toMatchObject({
		refused: expect.stringMatching(/^3 files are not on this machine/),
	});
	const work = join(folder, "personas/work.yaml");
	writeFileSync(work, readFileSync(work, "utf8").replace("commandLine: quiet", "commandLine: quiet, packages: [nano]"));
	expect(await run("lock", "--offline")).toMatchObject({
		status: 1,
		stderr: expect.stringMatching(/nothing may be fetched offline\n {2}run `persona lock` while there is a network/),
	});
	expect(server.asked).toEqual([]);
	expect(existsSync(join(folder, "persona.lock.yaml"))).toBe(true);
});

test("what cannot be had is named, and what was fetched before it stays", async () => {
	server.files.set("/debian/pool/linux_1.deb", answers.gone());
	server.files.set("/own", answers.cut(own));
	const { status, stderr } = await run("fetch");
	expect(status).toBe(1);
	expect(stderr).toMatch(/^persona: \S+ could not be fetched: \S+ (no longer has it|the connection was cut)/);
	expect(readWholeStore(join(folder, "cache/store"))).toEqual({ wrong: [], blobs: 1 });
});

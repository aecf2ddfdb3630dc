// SPDX-License-Identifier: Apache-2.0
// A lock is removed only when the process that took it is certainly gone.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../../components/util/index.ts";
import { removeBrokenAttributes, removeStaleLocks, stackLocks, stackState } from "../../tools/stack.mjs";

let backend: string;
beforeEach(async () => {
	backend = await mkdtemp(join(tmpdir(), "persona stack "));
	await mkdir(join(backend, ".pulumi/locks/organization/phone/dev"), { recursive: true });
	await mkdir(join(backend, ".pulumi/stacks/phone"), { recursive: true });
});
afterEach(() => rm(backend, { recursive: true }));

async function lock(content: object | string) {
	const file = join(backend, ".pulumi/locks/organization/phone/dev/1.json");
	await writeFile(
		file,
		typeof content === "string" ? content : JSON.stringify({ username: "ada", hostname: hostname(), ...content }),
	);
	return file;
}

async function endedProcess(): Promise<number> {
	return Number((await run("sh", ["-c", "echo $$"])).stdout);
}

test("a lock of a process that has ended is removed", async () => {
	const file = await lock({ pid: await endedProcess(), timestamp: new Date().toISOString() });
	expect(removeStaleLocks(stackLocks(backend, "phone", "dev"))).toBe(1);
	expect(existsSync(file)).toBe(false);
});

test("a lock of a process that runs is kept", async () => {
	const file = await lock({ pid: process.pid, timestamp: new Date().toISOString() });
	expect(stackLocks(backend, "phone", "dev")).toMatchObject([{ pid: process.pid, stale: false }]);
	expect(removeStaleLocks(stackLocks(backend, "phone", "dev"))).toBe(0);
	expect(existsSync(file)).toBe(true);
});

test("a lock older than the process that has its number now is removed", async () => {
	await lock({ pid: process.pid, timestamp: "2001-01-01T00:00:00Z" });
	expect(stackLocks(backend, "phone", "dev")).toMatchObject([{ stale: true }]);
});

test("a lock of another host is kept", async () => {
	await lock({ pid: await endedProcess(), hostname: "elsewhere", timestamp: new Date().toISOString() });
	expect(stackLocks(backend, "phone", "dev")).toMatchObject([{ host: "elsewhere", stale: false }]);
});

test("a lock half written just now is kept", async () => {
	await lock('{"pid": 1');
	expect(stackLocks(backend, "phone", "dev")).toMatchObject([{ stale: false }]);
});

test("operations left unfinished are counted", async () => {
	expect(stackState(backend, "phone", "dev")).toEqual({ exists: false, pending: 0 });
	const state = { version: 3, checkpoint: { stack: "dev", latest: { pending_operations: [{ type: "creating" }] } } };
	await writeFile(join(backend, ".pulumi/stacks/phone/dev.json"), JSON.stringify(state));
	expect(stackState(backend, "phone", "dev")).toEqual({ exists: true, pending: 1 });
});

test("descriptions half written are removed, whole ones and the files are kept", async () => {
	await mkdir(join(backend, ".pulumi/history/phone/dev"), { recursive: true });
	const file = (path: string) => join(backend, ".pulumi", path);
	const broken = [file("stacks/phone/dev.json.attrs"), file("history/phone/dev/dev-1.history.json.attrs")];
	const whole = [file("stacks/phone/dev.json.bak.attrs"), file("history/phone/dev/dev-2.history.json.attrs")];
	const others = [file("stacks/phone/dev.json"), file("stacks/phone/other.json.attrs")];
	for (const path of [...broken, ...others]) await writeFile(path, "");
	for (const path of whole) await writeFile(path, '{"user.content_type":"text/plain"}');
	expect(removeBrokenAttributes(backend, "phone", "dev")).toBe(broken.length);
	expect(broken.map((path) => existsSync(path))).toEqual([false, false]);
	expect([...whole, ...others].map((path) => existsSync(path))).toEqual([true, true, true, true]);
});

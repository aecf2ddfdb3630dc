// SPDX-License-Identifier: Apache-2.0
// What the store promises: equal bytes once, nothing damaged given out, several processes at once, nothing lost or left behind.
import { execFile, spawn } from "node:child_process";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test, vi } from "vitest";
import { openStore } from "../../components/image/store.ts";
import { sha256 } from "../../components/util/digest.ts";
import { silent } from "../../components/util/progress.ts";
import { AT_ONCE } from "../at-once.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const worker = fileURLToPath(new URL("store-worker.ts", import.meta.url));
const key = sha256("a key");
const run = promisify(execFile);

function job(dir: string, ...args: string[]): Promise<{ stdout: string }> {
	return run(process.execPath, [worker, dir, ...args]);
}

describe("blobs", () => {
	test("are found by their digest", async () => {
		const store = await openStore(temporaryFolder());
		const { digest, size, path } = await store.put(Buffer.from("kernel"));
		expect(digest).toBe(sha256("kernel"));
		expect(await store.get(digest)).toEqual({ digest, size, path });
		expect(readFileSync(path, "utf8")).toBe("kernel");
		expect(statSync(path).mode & 0o777).toBe(0o400);
	});

	test("that are equal are kept once", async () => {
		const store = await openStore(temporaryFolder());
		const one = await store.put(Buffer.from("same"));
		const two = await store.put(
			(async function* () {
				yield Buffer.from("sa");
				yield Buffer.from("me");
			})(),
		);
		expect(two).toEqual(one);
	});

	test.each([
		["flipped", (path: string) => writeFileSync(path, "kernex")],
		["cut", (path: string) => truncateSync(path, 3)],
		["emptied", (path: string) => truncateSync(path, 0)],
	])("that were %s are not given out, and can be put again", async (_, damage) => {
		const store = await openStore(temporaryFolder());
		const { digest, path } = await store.put(Buffer.from("kernel"));
		chmodSync(path, 0o600);
		damage(path);

		expect(await store.get(digest)).toBeUndefined();
		expect(existsSync(path)).toBe(false);

		await store.put(Buffer.from("kernel"));
		expect(await store.get(digest)).toBeDefined();
	});

	test("appear whole or not at all: an abort leaves nothing", async () => {
		const dir = temporaryFolder();
		const store = await openStore(dir);
		const stop = new AbortController();
		const endless = (async function* () {
			for (;;) {
				yield Buffer.alloc(1000);
				stop.abort();
			}
		})();
		await expect(store.put(endless, stop.signal)).rejects.toThrow(/abort/i);
		expect(readdirSync(join(dir, "tmp"))).toEqual([]);
		expect(readdirSync(join(dir, "blobs"))).toEqual([]);
	});

	test("from two processes at once are all whole", async () => {
		const dir = temporaryFolder();
		await Promise.all([job(dir, "put"), job(dir, "put"), job(dir, "put")]);
		const store = await openStore(dir);
		for (let count = 0; count < 20; count++) {
			expect(await store.get(sha256(Buffer.alloc(100_000, count)))).toBeDefined();
		}
		expect(readdirSync(join(dir, "tmp"))).toEqual([]);
	});
});

describe("records", () => {
	test("are found by their key; unknown and damaged ones are not there", async () => {
		const dir = temporaryFolder();
		const store = await openStore(dir);
		expect(await store.getKeyed(key)).toBeUndefined();
		await store.putKeyed(key, { kind: "guest", digest: "x" });
		expect(await store.getKeyed(key)).toEqual({ kind: "guest", digest: "x" });

		const path = join(dir, "keys", key.slice(7, 9), key.slice(9));
		writeFileSync(path, readFileSync(path, "utf8").slice(0, -4));
		expect(await store.getKeyed(key)).toBeUndefined();
		writeFileSync(path, "");
		expect(await store.getKeyed(key)).toBeUndefined();
	});

	test("refuse a key that is no digest, so that none can name another file", async () => {
		const store = await openStore(temporaryFolder());
		await expect(store.getKeyed("../../x")).rejects.toThrow(/no digest/);
		await expect(store.get("sha256:abc")).rejects.toThrow(/no digest/);
	});
});

describe("work on one key", () => {
	test("is done by one process at a time", async () => {
		const dir = temporaryFolder();
		await openStore(dir);
		await Promise.all([job(dir, "count"), job(dir, "count")]);
		expect(await (await openStore(dir)).getKeyed(`sha256:${"0".repeat(64)}`)).toBe(20);
	});

	test("goes on after its holder was killed, and says what it waits for", { timeout: 40_000 }, async () => {
		const dir = temporaryFolder();
		const store = await openStore(dir);
		const holder = spawn(process.execPath, [worker, dir, "hold"]);
		await vi.waitUntil(() => existsSync(join(dir, "held")), { timeout: 20_000 });
		holder.kill("SIGKILL");

		const messages: string[] = [];
		const progress = (message: string) => messages.push(message);
		const result = await store.exclusively(`sha256:${"0".repeat(64)}`, { progress }, async () => "done");

		expect(result).toBe("done");
		expect(messages).toEqual(["waiting: another process builds the same"]);
	});

	test("can be waited for no longer than one wants", AT_ONCE, async () => {
		const store = await openStore(temporaryFolder());
		const stop = new AbortController();
		let [finish, begun] = [() => {}, () => {}];
		const begins = new Promise<void>((settle) => (begun = settle));
		const work = () => {
			begun();
			return new Promise<void>((settle) => (finish = settle));
		};
		const held = store.exclusively(key, { progress: silent }, work);
		await begins;
		const waiting = store.exclusively(key, { signal: stop.signal, progress: () => stop.abort() }, async () => "never");
		const start = Date.now();
		await expect(waiting).rejects.toThrow(/abort/i);
		expect(Date.now() - start).toBeLessThan(1000);
		finish();
		await held;
	});

	test("frees the key when it fails", async () => {
		const store = await openStore(temporaryFolder());
		const failing = store.exclusively(key, { progress: silent }, async () => Promise.reject(new Error("no")));
		await expect(failing).rejects.toThrow("no");
		expect(await store.exclusively(key, { progress: silent }, async () => 1)).toBe(1);
	});
});

describe("garbage collection", () => {
	const days = (count: number) => new Date(Date.now() - count * 24 * 3600 * 1000);

	test("removes what was not used for the given days, and what a killed process left", async () => {
		const dir = temporaryFolder();
		const store = await openStore(dir);
		const old = await store.put(Buffer.from("old"));
		const fresh = await store.put(Buffer.from("fresh"));
		await store.putKeyed(key, 1);
		utimesSync(old.path, days(40), days(40));
		mkdirSync(join(dir, "tmp", "999999999.0"));
		const scratch = await store.scratch();

		const dry = await store.gc({ dryRun: true });
		expect(existsSync(old.path)).toBe(true);
		const report = await store.gc();

		expect(dry).toEqual(report);
		expect(report).toEqual({ removed: 2, freed: 3, kept: 2, keptSize: expect.any(Number) });
		expect(await store.get(old.digest)).toBeUndefined();
		expect(await store.get(fresh.digest)).toBeDefined();
		expect(readdirSync(join(dir, "tmp")).map((name) => join(dir, "tmp", name))).toEqual([scratch]);
	});

	test("removes beginnings of files that nobody went on with for so long", async () => {
		const dir = temporaryFolder();
		const store = await openStore(dir);
		const hex = sha256("file").slice(7);
		const written = `${hex}.${process.pid}.0`;
		for (const name of [hex, `${hex}.apt`, `${hex}.999999999.0`, written]) {
			writeFileSync(join(dir, "partial", name), "beginning");
			utimesSync(join(dir, "partial", name), days(40), days(40));
		}
		writeFileSync(join(dir, "partial", sha256("other").slice(7)), "fresh");
		expect(await store.gc()).toEqual({ removed: 3, freed: 27, kept: 2, keptSize: 14 });
		expect(readdirSync(join(dir, "partial")).sort()).toEqual([written, sha256("other").slice(7)].sort());
	});

	test("counts reading as use", async () => {
		const store = await openStore(temporaryFolder());
		const { digest, path } = await store.put(Buffer.from("used"));
		utimesSync(path, days(40), days(40));
		await store.get(digest);
		expect((await store.gc()).removed).toBe(0);
	});

	test("spares what is in use right now even with keepDays 0", async () => {
		const store = await openStore(temporaryFolder());
		const { path } = await store.put(Buffer.from("x"));
		expect((await store.gc({ keepDays: 0 })).removed).toBe(0);
		utimesSync(path, days(1), days(1));
		expect((await store.gc({ keepDays: 0 })).removed).toBe(1);
	});
});

test("a full disk is told as such, and leaves what was there", async () => {
	const dir = temporaryFolder();
	const script = `mount -t tmpfs -o size=2m,mode=700 tmpfs "$1" && "$2" "$3" "$1" fill 1000000 && "$2" "$3" "$1" fill 4000000; find "$1" -type f | wc -l`;
	const { stdout } = await run("unshare", [
		"--user",
		"--map-root-user",
		"--mount",
		"sh",
		"-c",
		script,
		"sh",
		dir,
		process.execPath,
		worker,
	]);
	expect(stdout).toMatch(/^done\nno space left in .*\n {2}free some, .*persona gc.*\n/);
	expect(stdout.trim().split("\n").at(-1)).toBe("1");
});

test("a store that may not be written is told as such", async () => {
	const script = `mount -t tmpfs -o ro tmpfs "$1" && "$2" "$3" "$1/store" put; true`;
	const args = ["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", temporaryFolder(), process.execPath, worker];
	const { stdout } = await run("unshare", args);
	expect(stdout).toMatch(/store cannot be written\n {2}make it writable, or set XDG_CACHE_HOME/);
});

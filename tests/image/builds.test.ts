// SPDX-License-Identifier: Apache-2.0
// Builds in processes of their own: two at once, one that is killed, and on a disk that is too small or becomes full. The store is read as a whole afterwards.
import { execFile, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { LockEntry } from "../../components/image/lock.ts";
import type { GuestInputs } from "../../components/image/types.ts";
import { sha256 } from "../../components/util/digest.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import type { Job } from "./build-worker.ts";
import { answers, type FaultyServer, faultyServer, readWholeStore } from "./faulty-server.ts";
import { kernelImage, prebuilt } from "./support.ts";

// Every test starts several processes, and other tests run beside it.
vi.setConfig({ testTimeout: 120_000 });

const worker = fileURLToPath(new URL("build-worker.ts", import.meta.url));
const kernel = kernelImage(3_000_000);
let server: FaultyServer;
let dir: string;
beforeAll(async () => {
	server = await faultyServer();
});
afterAll(() => server.close());
beforeEach(() => {
	dir = join(temporaryFolder(), "store");
});
afterEach(() => {
	server.files.clear();
	server.asked.length = 0;
	vi.unstubAllEnvs();
});

function guest(): GuestInputs {
	return prebuilt({ url: `${server.url}/kernel`, sha256: sha256(kernel).slice(7) });
}

/** A builder that runs, and what it has said so far. */
function builder(): { pid: number; said: () => string; kill(): void; ended: Promise<number | null> } {
	const child = spawn(process.execPath, [worker, dir, JSON.stringify({ guest: guest() } satisfies Job)]);
	let output = "";
	for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (output += text.toString()));
	const ended = new Promise<number | null>((settle) => child.once("close", settle));
	return { pid: child.pid ?? 0, said: () => output, kill: () => child.kill("SIGKILL"), ended };
}

/** Lets the first download hang till it is told to go on; later ones are whole. */
function hanging(): { goOn: () => void } {
	let release = () => {};
	const held = new Promise<void>((settle) => {
		release = settle;
	});
	let count = 0;
	server.files.set("/kernel", (response) => {
		response.setHeader("content-length", kernel.length);
		if (count++ > 0) return void response.end(kernel);
		response.write(kernel.subarray(0, kernel.length / 2));
		held.then(() => response.end(kernel.subarray(kernel.length / 2)));
	});
	return { goOn: release };
}

describe("two builds of the same at once", () => {
	test("are one: the other waits, and both have it", async () => {
		const { goOn } = hanging();
		const first = builder();
		await vi.waitUntil(() => server.asked.length === 1, { timeout: 20_000 });
		const second = builder();
		await vi.waitUntil(() => second.said().includes("waiting: another process builds the same"), { timeout: 20_000 });
		goOn();

		expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0]);
		const built = /built sha256:[0-9a-f]{64}/;
		expect(built.exec(second.said())?.[0]).toBe(built.exec(first.said())?.[0]);
		expect(server.asked).toEqual(["/kernel"]);
		expect(readWholeStore(dir)).toEqual({ wrong: [], blobs: 2 });
	});

	test("become one when the first is killed in the middle: the other goes on by itself", async () => {
		hanging();
		const first = builder();
		await vi.waitUntil(() => server.asked.length === 1, { timeout: 20_000 });
		const second = builder();
		await vi.waitUntil(() => second.said().includes("waiting: another process builds the same"), { timeout: 20_000 });
		first.kill();
		await first.ended;

		expect(await second.ended).toBe(0);
		// What the killed one had begun is asked for the rest; this server gives no parts, so that it begins anew, and nothing of it stays.
		expect(server.asked).toEqual(["/kernel", "/kernel", "/kernel"]);
		expect(readdirSync(join(dir, "partial"))).toEqual([]);
		expect(readWholeStore(dir)).toEqual({ wrong: [], blobs: 2 });
	});
});

// A file system of 2 MB, made by a user namespace; a machine that forbids these cannot run the tests.
const namespace = ["--user", "--map-root-user", "--mount"];
const canMount = spawnSync("unshare", [...namespace, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

describe.skipIf(!canMount)("on a disk of 2 MB", () => {
	/** Does jobs one after the other on it; then tells what the store is like. */
	async function onSmallDisk(...jobs: Job[]): Promise<string> {
		mkdirSync(dir, { recursive: true });
		const reader = fileURLToPath(new URL("faulty-server.ts", import.meta.url));
		const look = `import(${JSON.stringify(reader)}).then(({ readWholeStore }) => console.log(JSON.stringify(readWholeStore(process.argv[1]))))`;
		const script = `mount -t tmpfs -o size=2m,mode=700 tmpfs "$1"; store=$1 node=$2 worker=$3 look=$4; shift 4
			for job; do "$node" "$worker" "$store" "$job"; done; "$node" -e "$look" "$store"`;
		const args = [
			...namespace,
			"sh",
			"-c",
			script,
			"sh",
			dir,
			process.execPath,
			worker,
			look,
			...jobs.map((job) => JSON.stringify(job)),
		];
		return (await promisify(execFile)("unshare", args)).stdout;
	}

	test("what is known to be too large is not begun, and it is said what would be freed", async () => {
		const said = await onSmallDisk(
			{ room: { kept: 1_000_000, scratch: 500_000 } },
			{ room: { kept: 1_000_000, scratch: 2_000_000 } },
		);
		expect(said).toMatch(/^takes about 1\.4 MiB of disk, 488 KiB of it only while it runs; 2\.0 MiB are free\ndone\n/);
		expect(said).toMatch(
			/too little room in .*store: this build takes about 2\.9 MiB of disk, .* and 2\.0 MiB are free\n {2}`persona gc` would free 0 B, with --keep-days 0 0 B; or set XDG_CACHE_HOME/,
		);
	});

	test("a download that fills it is told so, and the store is as it was", async () => {
		server.files.set("/kernel", answers.whole(kernel));
		const small = { ...guest(), kernel: { url: `${server.url}/small`, sha256: sha256("small").slice(7) } } as GuestInputs;
		server.files.set("/small", answers.whole(Buffer.from("small")));
		const said = await onSmallDisk({ guest: small }, { guest: guest() }, { guest: small });
		expect(said).toMatch(
			/no space left in .*store\n {2}free some, for instance with `persona gc`, and run the same command again\n/,
		);
		expect(said.match(/^done$/gm)).toHaveLength(2);
		expect(said.trim().split("\n").at(-1)).toBe(JSON.stringify({ wrong: [], blobs: 2 }));
	});

	test.each(["here", "command"] as const)(
		"what a build writes meanwhile and fills it (%s) is told so, with the log",
		async (fill) => {
			const said = await onSmallDisk({ fill });
			expect(said).toMatch(
				/no space left in .*store.*\n {2}free some, .*`persona gc`.*\n {2}log: .*store\/logs\/filler-[0-9a-f]{12}\.log\n/,
			);
			expect(said.trim().split("\n").at(-1)).toBe(JSON.stringify({ wrong: [], blobs: 0 }));
		},
	);

	test("a package that fills it is told so, and the store is as it was", async () => {
		const entry: LockEntry = {
			name: "big",
			version: "1",
			architecture: "arm64",
			archive: "debian",
			file: "pool/big_1_arm64.deb",
			size: kernel.length,
			sha256: sha256(kernel).slice(7),
		};
		server.files.set("/debian/pool/big_1_arm64.deb", answers.whole(kernel));
		vi.stubEnv("PERSONA_DEBIAN_MIRROR", `${server.url}/debian`);
		vi.stubEnv("PERSONA_CACHE_DIR", temporaryFolder());
		const said = await onSmallDisk({ entry });
		expect(said).toMatch(/no space left in .*store\n {2}free some, for instance with `persona gc`/);
		expect(said.trim().split("\n").at(-1)).toBe(JSON.stringify({ wrong: [], blobs: 0 }));
	});
});

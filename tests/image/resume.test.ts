// SPDX-License-Identifier: Apache-2.0
// Downloads that break off go on where they were, in the same command or the next, and what comes together is the file that was wanted or is not stored.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { fetchUrl } from "../../components/image/fetch-file.ts";
import { openStore, type Store } from "../../components/image/store.ts";
import { sha256 } from "../../components/util/digest.ts";
import { isAbort } from "../../components/util/errors.ts";
import { silent } from "../../components/util/progress.ts";
import { AT_ONCE } from "../at-once.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type Answer, answers, type FaultyServer, faultyServer, readWholeStore } from "./faulty-server.ts";

const file = Buffer.from(Array.from({ length: 400_000 }, (_, at) => (at * at) >> 8));
const other = Buffer.from(file).reverse();
const digest = sha256(file);
const tag = '"one"';
let server: FaultyServer;
let store: Store;
beforeAll(async () => {
	server = await faultyServer();
});
afterAll(() => server.close());
beforeEach(async () => {
	vi.stubEnv("PERSONA_NETWORK_TIMEOUT", "1");
	store = await openStore(temporaryFolder());
});
afterEach(() => {
	vi.unstubAllEnvs();
	server.files.clear();
	server.asked.length = 0;
	server.ranges.length = 0;
});

const fetch = (context: Partial<Parameters<typeof fetchUrl>[2]> = {}) =>
	fetchUrl(`${server.url}/file`, digest, { store, progress: silent, ...context });
const sound = (blobs: number) => expect(readWholeStore(store.dir)).toEqual({ wrong: [], blobs });
const { inParts, inTurn, whole, cut, refused, gone, stalled } = answers;

test("each time it is cut the rest of that very file is asked for, and it is said", async () => {
	server.files.set("/file", inParts(file, [100_000, 150_000], { tag }));
	const messages: string[] = [];
	expect(await fetch({ progress: (message) => messages.push(message) })).toMatchObject({ digest, size: file.length });
	sound(1);
	expect(server.asked).toHaveLength(3);
	expect(server.ranges).toEqual([expect.stringMatching(/^bytes=\d+- "one"$/), expect.stringMatching(/^bytes=\d+- "one"$/)]);
	const [first, second] = server.ranges.map((range) => Number(/\d+/.exec(range)?.[0]));
	expect(first).toBeLessThan(second ?? 0);
	expect(
		messages.filter((message) => /\/file the connection was cut after .* KiB; asking for the rest$/.test(message)),
	).toHaveLength(2);
});

test("wherever it is cut, and however often, it is whole in the end", async () => {
	const cuts = fc.array(fc.integer({ min: 65_536, max: 200_000 }), { minLength: 1, maxLength: 3 });
	await fc.assert(
		fc.asyncProperty(cuts, fc.boolean(), async (parts, tagged) => {
			const here = await openStore(temporaryFolder());
			server.files.set("/file", inParts(file, [...parts], tagged ? { tag } : {}));
			expect(await fetch({ store: here })).toMatchObject({ digest, size: file.length });
		}),
		{ numRuns: 12 },
	);
});

test.each([
	["stalls", inTurn(stalled(file), inParts(file, []))],
	["is refused for a moment", inTurn(inParts(file, [150_000], { tag }), refused(), refused(), inParts(file, [], { tag }))],
])("one that %s in the middle goes on, too", async (_, answer) => {
	server.files.set("/file", answer);
	expect(await fetch()).toMatchObject({ digest });
	sound(1);
});

describe("it is fetched from its beginning again", () => {
	test.each([
		["gives no parts", inParts(file, [150_000], { ranges: false })],
		["gives other parts than it is asked for", inTurn(inParts(file, [150_000]), inParts(file, [], { shift: 1 }), whole(file))],
		["has another file by that name now", inTurn(inParts(other, [150_000], { tag: '"old"' }), inParts(file, [], { tag }))],
		["has another one and does not say so", inTurn(inParts(other, [150_000]), inParts(file, []), whole(file))],
		["has a shorter one now", inTurn(inParts(Buffer.concat([file, file]), [500_000]), inParts(file, []), whole(file))],
		["calls different files by one weak tag", inTurn(inParts(other, [150_000], { tag: 'W/"x"' }), inParts(file, [], { tag }))],
	])("when the server %s", async (_, answer) => {
		server.files.set("/file", answer);
		const messages: string[] = [];
		expect(await fetch({ progress: (message) => messages.push(message) })).toMatchObject({ digest, size: file.length });
		expect(messages.at(-1)).toMatch(/\/file is fetched from its beginning again$/);
		sound(1);
	});
});

describe("it is given up, with the reason it broke off for,", () => {
	test("when the server always cuts it and gives no parts", async () => {
		server.files.set("/file", cut(file));
		await expect(fetch()).rejects.toThrow(/the connection was cut after [\d.]+ KiB$/);
		expect(server.asked.length).toBeLessThanOrEqual(6);
		sound(0);
	});

	test("when the server gives next to nothing each time", async () => {
		server.files.set("/file", inParts(file, Array(1000).fill(100), { tag }));
		await expect(fetch()).rejects.toThrow(/the connection was cut after \d+ B$/);
		expect(server.asked.length).toBeLessThanOrEqual(6);
		sound(0);
	});

	test("when the server is gone, or refuses from then on", async () => {
		const hangsUp: Answer = (response) => void response.destroy();
		for (const then of [refused(), hangsUp]) {
			server.asked.length = 0;
			server.files.set("/file", inTurn(inParts(file, [150_000], { tag }), then));
			await expect(fetch()).rejects.toThrow(/the connection was cut after [\d.]+ KiB$/);
			expect(server.asked.length).toBeLessThanOrEqual(7);
			sound(0);
		}
	});

	test("or at once, when the server no longer has it", async () => {
		server.files.set("/file", inTurn(inParts(file, [150_000], { tag }), gone()));
		await expect(fetch()).rejects.toThrow(/no longer has it/);
		expect(server.asked).toHaveLength(2);
		sound(0);
	});

	test("or when it is another file, from its beginning as well", async () => {
		server.files.set("/file", inParts(other, [150_000], { tag }));
		await expect(fetch()).rejects.toThrow(/has another file: sha256:/);
		sound(0);
	});
});

test("it stops at once when it is aborted between two connections", AT_ONCE, async () => {
	vi.stubEnv("PERSONA_NETWORK_TIMEOUT", "600");
	server.files.set("/file", inParts(file, [150_000], { tag }));
	const stop = new AbortController();
	const start = Date.now();
	const fetching = fetch({
		signal: stop.signal,
		progress: (message) => {
			if (message.endsWith("asking for the rest")) setTimeout(() => stop.abort(), 10);
		},
	}).catch((error: unknown) => error);
	expect(isAbort(await fetching)).toBe(true);
	expect(Date.now() - start).toBeLessThan(3000);
	expect(server.asked).toHaveLength(1);
	sound(0);
});

describe("what came before the command ended", () => {
	const worker = fileURLToPath(new URL("fetch-worker.ts", import.meta.url));
	const folder = () => join(store.dir, "partial");
	const left = () => readdirSync(folder()).map((name) => ({ name, size: statSync(join(folder(), name)).size }));
	const hex = digest.slice("sha256:".length);
	/** Cuts a download by the end of the command, when this many bytes or more are there. */
	const abortedAfter = async (size: number, answer = inParts(file, [size], { tag })) => {
		server.files.set("/file", answer);
		const stop = new AbortController();
		const progress = (message: string) => void (message.endsWith("asking for the rest") && stop.abort(new Error("Ctrl-C")));
		await expect(fetch({ signal: stop.signal, progress })).rejects.toThrow("Ctrl-C");
	};
	/** The first byte that the server was asked for last. */
	const askedFrom = () => Number(/^bytes=(\d+)-$/.exec(server.ranges.at(-1) ?? "")?.[1]);

	test("is kept, the next one asks for the rest, and says so", async () => {
		await abortedAfter(150_000);
		sound(0);
		expect(left()).toEqual([{ name: hex, size: expect.any(Number) }]);
		const size = left()[0]?.size;
		server.files.set("/file", inParts(file, []));
		const messages: string[] = [];
		expect(await fetch({ progress: (message) => messages.push(message) })).toMatchObject({ digest, size: file.length });
		expect(askedFrom()).toBe(size);
		expect(messages.at(-1)).toMatch(/\/file is asked for the rest after [\d.]+ KiB$/);
		sound(1);
		expect(left()).toEqual([]);
	});

	test("is kept when the process is killed", async () => {
		server.files.set("/file", stalled(file));
		vi.stubEnv("PERSONA_NETWORK_TIMEOUT", "60");
		const killed = spawn(process.execPath, [worker, `${server.url}/file`, digest, store.dir]);
		await vi.waitUntil(() => left().some(({ size }) => size > 0), { timeout: 20_000 });
		killed.kill("SIGKILL");
		await once(killed, "exit");
		const size = left()[0]?.size;
		server.files.set("/file", inParts(file, []));
		await fetch();
		expect(askedFrom()).toBe(size);
		sound(1);
		expect(left()).toEqual([]);
	});

	test("is of use to one process while another still adds to it", async () => {
		server.files.set("/file", stalled(file));
		vi.stubEnv("PERSONA_NETWORK_TIMEOUT", "60");
		const other = spawn(process.execPath, [worker, `${server.url}/file`, digest, store.dir]);
		await vi.waitUntil(() => left().some(({ size }) => size > 0), { timeout: 20_000 });
		server.files.set("/file", inParts(file, []));
		await fetch();
		expect(askedFrom()).toBeGreaterThan(0);
		sound(1);
		expect(left()).toHaveLength(1);
		other.kill("SIGKILL");
		await once(other, "exit");
	});

	test("is kept over a try that brought less", async () => {
		await abortedAfter(200_000);
		const size = left()[0]?.size ?? 0;
		const stop = new AbortController();
		server.files.set("/file", () => stop.abort(new Error("Ctrl-C")));
		await expect(fetch({ signal: stop.signal })).rejects.toThrow("Ctrl-C");
		expect(left()).toEqual([{ name: hex, size }]);
	});

	test("is kept when the server is gone in the meantime, which is told at once", async () => {
		vi.stubEnv("PERSONA_NETWORK_TIMEOUT", "600");
		await abortedAfter(150_000);
		server.asked.length = 0;
		server.files.set("/file", refused());
		await expect(fetch()).rejects.toThrow(/answers 503 Service Unavailable$/);
		expect(server.asked).toHaveLength(1);
		expect(left()).toHaveLength(1);
	});

	test.each([
		["is of another file", () => writeFileSync(join(folder(), hex), other.subarray(0, 100_000)), inParts(file, [])],
		["is longer than the file", () => writeFileSync(join(folder(), hex), Buffer.concat([file, file])), inParts(file, [])],
		["is all of another file", () => writeFileSync(join(folder(), hex), other), inParts(file, [])],
		["is empty", () => writeFileSync(join(folder(), hex), ""), inParts(file, [])],
		[
			"is of a server that gives no parts",
			() => writeFileSync(join(folder(), hex), file.subarray(0, 9)),
			inParts(file, [], { ranges: false }),
		],
	])("is given up when it %s", async (_, write, answer) => {
		write();
		server.files.set("/file", answer);
		expect(await fetch()).toMatchObject({ digest, size: file.length });
		sound(1);
		expect(left()).toEqual([]);
	});

	test("is not kept of a place that has another file", async () => {
		server.files.set("/file", whole(other));
		await expect(fetch()).rejects.toThrow(/has another file/);
		expect(existsSync(folder())).toBe(true);
		expect(left()).toEqual([]);
	});
});

// SPDX-License-Identifier: Apache-2.0
// Downloads that go wrong in every way: the error names the place and the remedy, and the store holds nothing it should not.
import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { fetchUrl, packageFetcher } from "../../components/image/fetch-file.ts";
import type { LockEntry } from "../../components/image/lock.ts";
import { openStore, type Store } from "../../components/image/store.ts";
import { sha256 } from "../../components/util/digest.ts";
import { isAbort } from "../../components/util/errors.ts";
import { silent } from "../../components/util/progress.ts";
import { AT_ONCE } from "../at-once.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type Answer, answers, type FaultyServer, faultyServer, readWholeStore } from "./faulty-server.ts";

const file = Buffer.alloc(300_000, "kernel ");
const digest = sha256(file);
const byDigest = `/${digest.slice(7, 9)}/${digest.slice(9)}`;
let server: FaultyServer;
let mirror: FaultyServer;
let store: Store;
beforeAll(async () => {
	server = await faultyServer();
	mirror = await faultyServer();
});
afterAll(() => Promise.all([server.close(), mirror.close()]));
beforeEach(async () => {
	vi.stubEnv("PERSONA_NETWORK_TIMEOUT", "1");
	store = await openStore(temporaryFolder());
});
afterEach(() => {
	vi.unstubAllEnvs();
	for (const { files, asked } of [server, mirror]) {
		files.clear();
		asked.length = 0;
	}
});

const fetch = (context: Partial<Parameters<typeof fetchUrl>[2]> = {}) =>
	fetchUrl(`${server.url}/file`, digest, { store, progress: silent, ...context });
const sound = (blobs: number) => expect(readWholeStore(store.dir)).toEqual({ wrong: [], blobs });

describe("a file by URL", () => {
	test.each<[string, Answer, RegExp, RegExp]>([
		[
			"is gone",
			answers.gone(),
			/\/file no longer has it \(answers 404 Not Found\)$/,
			/correct the URL in the document, or name a mirror/,
		],
		["is another", answers.whole(Buffer.from("other")), /has another file: sha256:[0-9a-f]{64}$/, /find out why it changed/],
		["is refused", answers.refused(), /answers 503 Service Unavailable$/, /check the network and its proxy/],
		["is cut", answers.cut(file), /the connection was cut( after [\d.]+ KiB)?$/, /run the same command again/],
		["is cut and called whole", answers.short(file), /has another file/, /find out why it changed/],
		["stalls in the middle", answers.stalled(file), /sent nothing for 1 s after [\d.]+ KiB$/, /run the same command again/],
		["never begins", answers.silent(), /sent nothing for 1 s$/, /run the same command again/],
		["is elsewhere, in circles", answers.to("/file"), /redirects more than 5 times$/, /check the network/],
		["is said to be here", answers.to("file:///etc/passwd"), /redirects to a file of this machine$/, /check the network/],
	])("that %s is told so, with the remedy, and can be fetched afterwards", async (_, answer, message, remedy) => {
		server.files.set("/file", answer);
		await expect(fetch()).rejects.toMatchObject({
			name: "UserError",
			message: expect.stringMatching(message),
			remedy: expect.stringMatching(remedy),
		});
		sound(0);

		server.files.set("/file", answers.whole(file));
		expect(await fetch()).toMatchObject({ digest, size: file.length });
		sound(1);
	});

	test("of a server that is not there is told so", async () => {
		const fetching = fetchUrl("http://127.0.0.1:9/file", digest, { store, progress: silent });
		await expect(fetching).rejects.toThrow(/127\.0\.0\.1:9\/file cannot be reached: .*ECONNREFUSED/);
		sound(0);
	});

	test("stops at once when it is aborted, whatever the server does", AT_ONCE, async () => {
		vi.stubEnv("PERSONA_NETWORK_TIMEOUT", "60");
		server.files.set("/file", answers.stalled(file));
		const stop = new AbortController();
		const fetching = fetch({ signal: stop.signal }).catch((error: unknown) => error);
		await vi.waitUntil(() => server.asked.length > 0);
		const start = Date.now();
		stop.abort();
		expect(isAbort(await fetching)).toBe(true);
		expect(Date.now() - start).toBeLessThan(1000);
		sound(0);
	});

	test("is asked for with the name and password of its address, which no message has", async () => {
		let asked: string | undefined;
		server.files.set("/file", (response, { headers }) => {
			asked = headers.authorization;
			response.writeHead(404).end();
		});
		const messages: string[] = [];
		const progress = (message: string) => void messages.push(message);
		const fetching = fetchUrl(server.url.replace("//", "//me:secret@") + "/file", digest, { store, progress });
		messages.push(String(await fetching.catch((error: unknown) => error)));
		expect(asked).toBe(`Basic ${Buffer.from("me:secret").toString("base64")}`);
		expect(messages.join("\n")).toContain(`${server.url}/file no longer has it`);
		expect(messages.join("\n")).not.toMatch(/secret/);
	});

	test("comes from elsewhere where the server says so", async () => {
		server.files.set("/file", answers.to(`${mirror.url}/there`));
		mirror.files.set("/there", answers.whole(file));
		expect(await fetch()).toMatchObject({ digest });
	});

	test("comes from the first mirror that has it, by its digest, before its own server is asked", async () => {
		mirror.files.set(byDigest, answers.whole(file));
		const messages: string[] = [];
		vi.stubEnv("PERSONA_MIRROR", `${server.url}/first/ ${mirror.url}`);
		await fetch({ progress: (message) => messages.push(message) });
		expect(server.asked).toEqual([`/first${byDigest}`]);
		expect(mirror.asked).toEqual([byDigest]);
		expect(messages).toEqual([
			`fetching ${server.url}/file`,
			`${server.url}/first${byDigest} no longer has it (answers 404 Not Found)`,
			`fetching ${server.url}/file from ${mirror.url}${byDigest}`,
		]);
	});

	test("is asked for everywhere, and each place's fault is told", async () => {
		mirror.files.set(`/a${byDigest}`, answers.cut(file));
		mirror.files.set(`/b${byDigest}`, answers.whole(Buffer.from("other")));
		const mirrors = { files: [`${mirror.url}/a`, `${mirror.url}/b`] };
		await expect(fetch({ mirrors })).rejects.toMatchObject({
			message: expect.stringMatching(
				/file could not be fetched from any of 3 places\n {2}\S+\/a\/\S+ the connection was cut .*\n {2}\S+\/b\/\S+ has another file: .*\n {2}\S+\/file no longer has it/,
			),
			remedy: expect.stringContaining("find out why it changed"),
		});
		sound(0);
	});

	test("comes from a folder of this machine", async () => {
		const folder = temporaryFolder();
		mkdirSync(dirname(join(folder, byDigest)), { recursive: true });
		writeFileSync(join(folder, byDigest), file);
		const mirrors = { files: [pathToFileURL(folder).href] };
		vi.stubEnv("PERSONA_OFFLINE", "true");
		expect(await fetch({ mirrors })).toMatchObject({ digest });
		expect(server.asked).toEqual([]);
	});

	test("is not fetched offline", async () => {
		server.files.set("/file", answers.whole(file));
		vi.stubEnv("PERSONA_OFFLINE", "true");
		await expect(fetch()).rejects.toMatchObject({
			message: expect.stringMatching(/^a file is not on this machine .*offline:\n {2}http\S+\/file$/),
			remedy: expect.stringContaining("persona fetch"),
		});
		expect(server.asked).toEqual([]);
	});
});

describe("through a proxy", () => {
	test("http is asked for there, https is tunnelled, and no_proxy is honoured", async () => {
		mirror.files.set("http://files.example/file", answers.whole(file));
		server.files.set("/file", answers.whole(file));
		vi.stubEnv("http_proxy", mirror.url);
		vi.stubEnv("https_proxy", mirror.url);
		vi.stubEnv("no_proxy", "127.0.0.1");

		const other = sha256("what is on no server");
		const one = fetchUrl("https://files.example/file", other, { store, progress: silent });
		await expect(one).rejects.toThrow(/files\.example\/file cannot be reached: .*403/);
		expect(mirror.asked).toEqual(["CONNECT files.example:443"]);
		await fetchUrl("http://files.example/file", digest, { store, progress: silent });
		expect(mirror.asked.slice(1)).toEqual(["http://files.example/file"]);

		const here = await openStore(temporaryFolder());
		await fetch({ store: here });
		expect(server.asked).toEqual(["/file"]);
		expect(mirror.asked.length).toBe(2);
	});
});

describe("a package of the lock", () => {
	const path = "pool/main/b/busy box/busybox_1.0+b1_arm64.deb";
	const entry: LockEntry = {
		name: "busybox",
		version: "1.0+b1",
		architecture: "arm64",
		archive: "debian",
		file: path,
		size: file.length,
		sha256: digest.slice(7),
	};
	beforeEach(() => {
		vi.stubEnv("PERSONA_CACHE_DIR", temporaryFolder());
		vi.stubEnv("PERSONA_DEBIAN_MIRROR", `${server.url}/debian`);
		const config = join(temporaryFolder(), "apt.conf");
		writeFileSync(config, 'Acquire::Retries "0";\n');
		vi.stubEnv("APT_CONFIG", config);
	});
	const fetchPackage = (changes: Partial<LockEntry> = {}, mirrors = {}) =>
		packageFetcher({ store, progress: silent, mirrors })({ ...entry, ...changes });

	test.each<[string, Answer, RegExp, RegExp]>([
		["is gone", answers.gone(), /no longer has it$/, /run `persona lock --update`.*or name a mirror that keeps old versions/],
		["is another", answers.whole(Buffer.alloc(file.length, "x")), /has another file$/, /find out why it differs/],
		["is refused", answers.refused(), /cannot be reached: .*503/, /check the network and its proxy/],
		["is cut", answers.cut(file), /gave no whole answer: /, /run the same command again/],
		["is cut and called whole", answers.short(file), /has another file$/, /find out why it differs/],
		["stalls in the middle", answers.stalled(file), /sent nothing for too long: /, /run the same command again/],
		["never begins", answers.silent(), /gave no whole answer: .*Connection failed/, /run the same command again/],
	])("that %s is told so, with the remedy, and can be fetched afterwards", async (_, answer, message, remedy) => {
		server.files.set(`/debian/${path}`, answer);
		await expect(fetchPackage()).rejects.toMatchObject({
			name: "UserError",
			message: expect.stringMatching(message),
			remedy: expect.stringMatching(remedy),
		});
		sound(0);

		server.files.set(`/debian/${path}`, answers.whole(file));
		expect(await fetchPackage()).toMatchObject({ digest, size: file.length });
		sound(1);
	});

	test.each(["cut", "stopped"])("that was %s is asked for the rest of by the next command", async (how) => {
		const date = "Mon, 02 Mar 2026 10:00:00 GMT";
		const dated =
			(answer: Answer): Answer =>
			(response, request) =>
				answer(response.setHeader("last-modified", date), request);
		const partial = () => readdirSync(join(store.dir, "partial")).map((name) => join(store.dir, "partial", name));
		if (how === "cut") {
			server.files.set(`/debian/${path}`, dated(answers.cut(file)));
			await expect(fetchPackage()).rejects.toThrow(/gave no whole answer/);
		} else {
			const stop = new AbortController();
			vi.stubEnv("PERSONA_NETWORK_TIMEOUT", "60");
			const stalled = answers.stalled(file);
			server.files.set(
				`/debian/${path}`,
				dated((response, request) => {
					stalled(response, request);
					// apt has to have read some of it.
					setTimeout(() => stop.abort(new Error("Ctrl-C")), 500);
				}),
			);
			const fetching = packageFetcher({ store, progress: silent, signal: stop.signal })(entry);
			await expect(fetching).rejects.toThrow();
		}
		const [size, ...others] = partial().map((name) => statSync(name).size);
		expect(others).toEqual([]);
		server.files.set(`/debian/${path}`, dated(answers.inParts(file, [], { tag: date })));
		server.ranges.length = 0;
		expect(await fetchPackage()).toMatchObject({ digest, size: file.length });
		expect(server.ranges).toEqual([`bytes=${size}- ${date}`]);
		expect(partial()).toEqual([]);
		sound(1);
	});

	test("whose beginning is of another file is fetched whole", async () => {
		const date = "Mon, 02 Mar 2026 10:00:00 GMT";
		const beginning = join(store.dir, "partial", `${digest.slice(7)}.apt`);
		writeFileSync(beginning, Buffer.alloc(100_000, "other"));
		utimesSync(beginning, new Date(date), new Date(date));
		server.files.set(`/debian/${path}`, answers.inParts(file, [], { tag: date }));
		expect(await fetchPackage()).toMatchObject({ digest, size: file.length });
		sound(1);
	});

	test("comes from its own sources, then the lock's archives, then mirrors of the machine, in this order", async () => {
		vi.stubEnv("PERSONA_DEBIAN_MIRROR", `${server.url}/debian ${server.url}/second`);
		server.files.set(`/second/${path}`, answers.whole(file));
		const mirrors = { debian: [`${mirror.url}/archive/20260901T000000Z/`], files: [`${mirror.url}/files`] };
		await fetchPackage({ sources: [`${mirror.url}/own.deb`] }, mirrors);
		expect(mirror.asked).toEqual([`/files${byDigest}`, "/own.deb", `/archive/20260901T000000Z/${path}`]);
		expect(server.asked).toEqual([`/debian/${path}`, `/second/${path}`]);
		sound(1);
	});

	test("that the archive has dropped comes from one that keeps it, and the lock need not change", async () => {
		mirror.files.set(`/archive/${path}`, answers.whole(file));
		expect(await fetchPackage({}, { debian: [`${mirror.url}/archive`] })).toMatchObject({ digest });
		expect(server.asked).toEqual([]);
	});

	test("is asked for through the proxy of the environment", async () => {
		vi.stubEnv("http_proxy", mirror.url);
		vi.stubEnv("PERSONA_DEBIAN_MIRROR", "http://archive.example/debian");
		mirror.files.set(`http://archive.example/debian/${path}`, answers.whole(file));
		expect(await fetchPackage()).toMatchObject({ digest });
	});

	test("is not fetched offline", async () => {
		vi.stubEnv("PERSONA_OFFLINE", "true");
		await expect(fetchPackage()).rejects.toThrow(/busybox=1\.0\+b1 \(293 KiB\)$/);
		expect(server.asked).toEqual([]);
	});
});

// SPDX-License-Identifier: Apache-2.0
// Guests are built once, found again, and built anew when something of them is damaged.
import { chmodSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findArtifact } from "../../components/image/find.ts";
import { buildGuest, findGuest } from "../../components/image/guest.ts";
import { guestKey } from "../../components/image/guest-inputs.ts";
import { emptyLock } from "../../components/image/lock.ts";
import { openStore } from "../../components/image/store.ts";
import type { BuildContext, PinnedFile } from "../../components/image/types.ts";
import { sha256 } from "../../components/util/digest.ts";
import { silent } from "../../components/util/progress.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { kernelImage, prebuilt } from "./support.ts";

const kernel = kernelImage(5000, 9000);
let server: Server;
let address: string;

beforeAll(async () => {
	server = createServer((request, response) => {
		if (request.url === "/kernel") response.end(kernel);
		else if (request.url === "/other") response.end("other");
		else response.writeHead(404, "Not Found").end();
	});
	await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
	address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise((settle) => server.close(settle)));

async function context(): Promise<BuildContext> {
	return { store: await openStore(temporaryFolder()), lock: emptyLock(), progress: silent, projectDir: "/" };
}

const digest = (bytes: Uint8Array) => sha256(bytes).slice(7);

function fileWith(bytes: Uint8Array): { baseDir: string; file: PinnedFile } {
	const baseDir = temporaryFolder();
	writeFileSync(join(baseDir, "kernel"), bytes);
	return { baseDir, file: { path: "kernel", sha256: digest(bytes) } };
}

test("a kernel is known by its header, and one that is compressed is unpacked", async () => {
	const work = await context();
	const plain = fileWith(kernel);
	const packed = fileWith(gzipSync(kernel));
	const flat = fileWith(Buffer.from("code"));

	const records = [];
	for (const { baseDir, file } of [plain, packed, flat]) {
		const { key } = await buildGuest(prebuilt(file), { baseDir }, work);
		records.push((await findGuest(key, work.store))?.record.kernel);
	}

	const image = { digest: sha256(kernel), size: 5000, format: "image", textOffset: 0, imageSize: 9000 };
	expect(records).toEqual([image, image, { digest: sha256("code"), size: 4, format: "flat" }]);
});

test("what was built is found by its key, without its files", async () => {
	const work = await context();
	const { baseDir, file } = fileWith(kernel);
	const built = await buildGuest(prebuilt(file), { baseDir }, work);
	const again = await buildGuest(prebuilt(file), { baseDir: "/nowhere" }, work);
	expect(again).toEqual(built);
	expect(await findArtifact(work.store, built.key)).toEqual(built);
	expect(await findArtifact(work.store, sha256("unknown"))).toBeUndefined();
});

test("a damaged part is noticed and made again", async () => {
	const work = await context();
	const { baseDir, file } = fileWith(kernel);
	const built = await buildGuest(prebuilt(file), { baseDir }, work);
	const path = (await work.store.get(sha256(kernel)))?.path ?? "";
	chmodSync(path, 0o600);
	truncateSync(path, 100);

	expect(await findArtifact(work.store, built.key)).toBeUndefined();
	expect(await buildGuest(prebuilt(file), { baseDir }, work)).toEqual(built);
	expect(await findArtifact(work.store, built.key)).toEqual(built);
});

test("a file by URL is fetched once and must be what was pinned", async () => {
	const work = await context();
	const inputs = prebuilt({ url: `${address}/kernel`, sha256: digest(kernel) });
	const messages: string[] = [];
	const built = await buildGuest(inputs, { baseDir: "/" }, { ...work, progress: (message) => messages.push(message) });
	expect(built.key).toBe(guestKey(inputs));
	expect(messages).toEqual([`probe: fetching ${address}/kernel`]);

	const wrong = prebuilt({ url: `${address}/other`, sha256: digest(Buffer.from("expected")) });
	await expect(buildGuest(wrong, { baseDir: "/" }, work)).rejects.toThrow(/other has another file/);
	const missing = prebuilt({ url: `${address}/missing`, sha256: digest(Buffer.from("x")) });
	await expect(buildGuest(missing, { baseDir: "/" }, work)).rejects.toThrow(/missing no longer has it/);
});

test("two builds of the same at once give the same", async () => {
	const work = await context();
	const { baseDir, file } = fileWith(kernel);
	const [one, two] = await Promise.all([
		buildGuest(prebuilt(file), { baseDir }, work),
		buildGuest(prebuilt(file), { baseDir }, work),
	]);
	expect(one).toEqual(two);
});

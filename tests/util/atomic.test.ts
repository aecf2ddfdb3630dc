// SPDX-License-Identifier: Apache-2.0
// A file written atomically is whole, has the mode asked for, and leaves nothing beside it.
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeFileAtomic } from "../../components/util/index.ts";

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "persona atomic-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("many writers of one file leave one whole content", async () => {
	const contents = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(10_000));
	await Promise.all(contents.map((content) => writeFileAtomic(join(folder, "state"), content)));
	expect(contents).toContain(await readFile(join(folder, "state"), "utf8"));
	expect(await readdir(folder)).toEqual(["state"]);
});

test("a secret has its mode whatever the umask", async () => {
	const before = process.umask(0);
	try {
		await writeFileAtomic(join(folder, "passphrase"), "secret", 0o600);
	} finally {
		process.umask(before);
	}
	expect((await stat(join(folder, "passphrase"))).mode & 0o777).toBe(0o600);
});

test("a write that fails leaves nothing", async () => {
	await expect(writeFileAtomic(join(folder, "missing", "file"), "x")).rejects.toThrow("ENOENT");
	expect(await readdir(folder)).toEqual([]);
});

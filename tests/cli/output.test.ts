// SPDX-License-Identifier: Apache-2.0
// A place for a report that is of no use is told as such, with what to do.
import { mkdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writingTo } from "../../components/util/writing.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const folder = temporaryFolder();
mkdirSync(join(folder, "folder"));
writeFileSync(join(folder, "file"), "");

test.each([
	["none/report", "its folder is not there", /make that folder/],
	["folder", "is a folder", /name a file in it/],
	["file/report", "part of its path is a file", /name another place/],
	["/dev/full", "its disk is full", /make room there/],
])("%s: %s", async (name, message, remedy) => {
	const path = name.startsWith("/") ? name : join(folder, name);
	await expect(writingTo(path, () => writeFile(path, "x"))).rejects.toMatchObject({
		name: "UserError",
		message,
		where: path,
		remedy: expect.stringMatching(remedy),
	});
});

test("what is written is written, and a fault of another kind stays what it is", async () => {
	expect(await writingTo(folder, async () => 3)).toBe(3);
	const fault = new TypeError("a fault of the program");
	await expect(writingTo(folder, () => Promise.reject(fault))).rejects.toBe(fault);
});

// SPDX-License-Identifier: Apache-2.0
// What is said of artifacts that came out different.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { compareArtifacts } from "../../components/account/rebuild.ts";
import { compose } from "../../components/image/compose.ts";
import { cpioChunks } from "../../components/image/cpio.ts";
import { addFile, addLink, type FileTree } from "../../components/image/file-tree.ts";
import { readDeviceImage } from "../../components/image/index.ts";
import { sha256, sha256File } from "../../components/util/digest.ts";
import { composeSpec, smallPersona, temporaryFolder } from "../image/support.ts";
import { standInForDiffoscope } from "./stand-in.ts";

beforeEach(() => standInForDiffoscope("exit 0"));
afterEach(() => vi.unstubAllEnvs());

async function artifact(name: string, path: string) {
	return { name, path, digest: await sha256File(path) };
}

function cpio(path: string, files: Record<string, string>, mode = 0o644): string {
	const tree: FileTree = new Map();
	for (const [name, text] of Object.entries(files)) addFile(tree, name, text, mode);
	addLink(tree, "bin/sh", "busybox");
	writeFileSync(path, Buffer.concat([...cpioChunks(tree)]));
	return path;
}

test("the same artifacts are the same", async () => {
	const path = cpio(join(temporaryFolder(), "a"), { init: "x" });
	const one = await artifact("initramfs", path);
	expect(await compareArtifacts([one], [{ ...one, path: "/nowhere" }])).toEqual([
		{ name: "initramfs", first: one.digest, second: one.digest },
	]);
});

test("of a root filesystem the files are named that differ, and how", async () => {
	const folder = temporaryFolder();
	const first = cpio(join(folder, "a"), { "etc/motd": "Monday", "etc/same": "same", gone: "" });
	const second = cpio(join(folder, "b"), { "etc/motd": "Friday", "etc/same": "same", "usr/new": "" });

	const [compared] = await compareArtifacts([await artifact("x", first)], [await artifact("x", second)]);

	expect(compared?.difference?.explanation).toEqual(
		expect.arrayContaining(["etc/motd: contents", "gone: removed", "usr: added", "usr/new: added"]),
	);
	expect(compared?.difference?.explanation.join("\n")).not.toMatch(/same/);
	expect(compared?.difference?.offset).toBe(readFileSync(first).findIndex((byte, at) => byte !== readFileSync(second)[at]));
	const executable = cpio(join(folder, "c"), { "etc/motd": "Monday", "etc/same": "same", gone: "" }, 0o755);
	const [other] = await compareArtifacts([await artifact("x", first)], [await artifact("x", executable)]);
	expect(other?.difference?.explanation).toContain("etc/motd: mode");
});

test("of a device image it is said what lies where the first byte differs", async () => {
	const folder = temporaryFolder();
	const first = join(folder, "first.img");
	await compose(composeSpec([smallPersona("work"), smallPersona("personal")]), first);
	const image = await readDeviceImage(first);
	const initramfs = image.payloads.findIndex(({ usedBy, size }) => usedBy.join() === "personal" && size === 70_000);
	const places: [number, RegExp][] = [
		[100, /at 100 \(0x64\), in Veil$/],
		[
			Number(image.payloads[initramfs]?.offset) + 5,
			new RegExp(`in payload ${initramfs} \\(of personal\\), 5 bytes from its start$`),
		],
		[Number(image.payloads[0]?.offset) - 1, /in room that belongs to nothing$/],
		[image.hypervisor.memorySize + 8, /in the manifest, 8 bytes from its start$/],
	];
	for (const [offset, words] of places) {
		const second = join(folder, `second-${offset}.img`);
		copyFileSync(first, second);
		const bytes = readFileSync(second);
		bytes[offset] = (bytes[offset] ?? 0) ^ 0x80;
		writeFileSync(second, bytes);
		const [compared] = await compareArtifacts([await artifact("device image", first)], [await artifact("device image", second)]);
		expect(compared?.difference).toMatchObject({ offset, explanation: [expect.stringMatching(words)] });
	}
});

test("what was made only once is no match, and one that goes on after the end of the other neither", async () => {
	const folder = temporaryFolder();
	const [short, long] = [join(folder, "short"), join(folder, "long")];
	writeFileSync(short, "abc");
	writeFileSync(long, "abcd");
	const compared = await compareArtifacts(
		[await artifact("only first", short), await artifact("both", short)],
		[await artifact("both", long), await artifact("only second", long)],
	);
	expect(compared).toEqual([
		{
			name: "only first",
			first: sha256("abc"),
			second: null,
			difference: { offset: null, explanation: ["it was made only the first time"] },
		},
		{
			name: "both",
			first: sha256("abc"),
			second: sha256("abcd"),
			difference: { offset: null, explanation: ["3 bytes the first time, 4 the second"] },
		},
		{
			name: "only second",
			first: null,
			second: sha256("abcd"),
			difference: { offset: null, explanation: ["it was made only the second time"] },
		},
	]);
});

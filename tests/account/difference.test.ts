// SPDX-License-Identifier: Apache-2.0
// What is said of artifacts that came out different.
import { copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { compareArtifacts } from "../../components/account/rebuild.ts";
import { compose } from "../../components/image/compose.ts";
import { cpioChunks } from "../../components/image/cpio.ts";
import { addFile, addLink, type FileTree } from "../../components/image/file-tree.ts";
import { readDeviceImage, readImageParts } from "../../components/image/index.ts";
import { payloadOf } from "../../components/image/payload.ts";
import { sha256, sha256File } from "../../components/util/digest.ts";
import { composeSpec, smallPersona } from "../image/support.ts";
import { temporaryFolder } from "../temporary-folder.ts";
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
	const manifest = image.hypervisor.memorySize;
	const places: [number, string, string][] = [
		[20, "Veil's header, 20 bytes from its start", "Veil's header differs"],
		[200, "Veil, 88 bytes from its start", "Veil differs: see veil"],
		[manifest + 24, "the manifest's header, 24 bytes from its start", "the manifest's header differs"],
		[manifest + 96, "the signature, 36 bytes from its start", "the signature differs"],
		[manifest + 136, "the signature, 0 bytes from its start", "the signature differs"],
		[manifest + 110, "the digest of the image, 6 bytes from its start", "the digest of the image differs"],
		[
			Number(image.payloads[initramfs]?.offset) + 5,
			"the initial filesystem of personal, 5 bytes from its start",
			"the initial filesystem of personal differs: see personal/initramfs",
		],
		[
			Number(image.payloads[0]?.offset) - 1,
			expect.stringMatching(/^room that belongs to nothing, \d+ bytes from its start$/),
			"room that belongs to nothing differs",
		],
	];
	const others = [
		{ name: "veil", digest: "", path: "" },
		{ name: "personal/initramfs", digest: `sha256:${image.payloads[initramfs]?.sha256}`, path: "" },
	];
	for (const [offset, place, line] of places) {
		const difference = await changed(offset, others);
		const [first, ...parts] = difference?.explanation ?? [];
		expect(difference?.offset).toBe(offset);
		expect(first?.replace(/^.*?, in /, "")).toEqual(place);
		expect(parts).toEqual([line]);
	}
	const { explanation } = (await changed(100)) ?? {};
	expect(explanation?.at(-1)).toBe("its parts cannot be compared: the manifest lies outside the file");

	async function changed(offset: number, others: Awaited<ReturnType<typeof artifact>>[] = []) {
		const second = join(folder, `second-${offset}.img`);
		copyFileSync(first, second);
		const bytes = readFileSync(second);
		bytes[offset] = (bytes[offset] ?? 0) ^ 0x80;
		writeFileSync(second, bytes);
		const one = [...others, await artifact("device image", first)];
		const compared = await compareArtifacts(one, [...others, await artifact("device image", second)]);
		return compared.find(({ name }) => name === "device image")?.difference;
	}
});

test("of two device images all parts are named that differ, and what two personas share is of each", async () => {
	const folder = temporaryFolder();
	const images = ["a", "b"].map((text) => {
		const kernel = smallPersona("x").kernel;
		const path = join(folder, text);
		const personas = [
			smallPersona("work", { kernel }),
			smallPersona("personal", { kernel, initramfs: payloadOf(Buffer.alloc(70_000, text)) }),
		];
		return { path, made: compose(composeSpec(personas), path) };
	});
	for (const { made } of images) await made;
	const [first, second] = images.map(({ path }) => path) as [string, string];
	const [compared] = await compareArtifacts([await artifact("device image", first)], [await artifact("device image", second)]);
	expect(compared?.difference?.explanation.slice(1)).toEqual([
		"the digest of the image differs",
		"the manifest's list of payloads differs",
		"the initial filesystem of personal differs",
	]);
	expect((await readImageParts(first)).map(({ name }) => name)).toEqual(
		expect.arrayContaining([
			"the kernel of work",
			"the kernel of personal",
			"the device tree of work",
			"the initial filesystem of work",
			"the policy",
			"the manifest's regions of memory",
		]),
	);
});

test("the parts of an image are all of it, end to end", async () => {
	const path = join(temporaryFolder(), "image");
	await compose(composeSpec([smallPersona("work"), smallPersona("personal")]), path);
	let end = 0;
	for (const { from, size, name } of await readImageParts(path)) {
		expect(from, name).toBeLessThanOrEqual(end);
		end = Math.max(end, from + size);
	}
	expect(end).toBe(statSync(path).size);
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

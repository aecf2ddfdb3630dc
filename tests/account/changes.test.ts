// SPDX-License-Identifier: Apache-2.0
// Differences of fields, packages and archives of files.
import fc from "fast-check";
import { expect, test } from "vitest";
import { fieldChanges } from "../../components/account/field-changes.ts";
import { fileChanges, filesOf } from "../../components/account/file-changes.ts";
import { packageChanges } from "../../components/account/package-changes.ts";
import { cpioChunks } from "../../components/image/cpio.ts";
import { cpioEntries } from "../../components/image/cpio-read.ts";
import { addDevice, addFile, addFolder, addLink, type FileTree } from "../../components/image/file-tree.ts";

test("fields are compared by their names, lists by what is in them", () => {
	expect(fieldChanges({ a: 1, b: { c: [1, 2], d: "x" } }, { a: 1, b: { c: [2, 3], d: "y" }, e: true })).toEqual([
		{ field: "b.c", old: 1 },
		{ field: "b.c", new: 3 },
		{ field: "b.d", old: "x", new: "y" },
		{ field: "e", new: true },
	]);
	expect(fieldChanges({ list: ["a", "b"] }, { list: ["b", "a"] })).toEqual([{ field: "list", old: ["a", "b"], new: ["b", "a"] }]);
	expect(fieldChanges({ list: ["a", "a"] }, { list: ["a"] })).toEqual([{ field: "list", old: "a" }]);
});

test("a field may be called like what every object has", () => {
	expect(fieldChanges({ toString: {} }, {})).toEqual([{ field: "toString", old: {} }]);
});

test("a field that is null is there", () => {
	expect(fieldChanges({ a: null }, {})).toEqual([{ field: "a", old: null }]);
	expect(fieldChanges({}, { a: null })).toEqual([{ field: "a", new: null }]);
});

test("nothing differs from itself, and what differs shows", () => {
	fc.assert(
		fc.property(fc.jsonValue({ noUnicodeString: false }), fc.jsonValue({ noUnicodeString: false }), (one, other) => {
			expect(fieldChanges(one, one)).toEqual([]);
			// As JSON, where -0 is 0.
			const same = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
			expect(fieldChanges({ it: one }, { it: other }).length > 0).toBe(!same);
		}),
		{ numRuns: 200 },
	);
});

function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.sort(([a], [b]) => (a < b ? -1 : 1))
			.map(([name, member]) => [name, sorted(member)]),
	);
}

test("packages are added, removed, upgraded, downgraded in Debian's order of versions, or rebuilt", async () => {
	const at = (name: string, version: string, sha256 = "0") => ({ name, version, sha256 });
	const old = [at("gone", "1"), at("up", "1.0~rc1"), at("down", "1:0.1"), at("again", "1", "a"), at("same", "2")];
	const now = [at("new", "3"), at("up", "1.0"), at("down", "9.9"), at("again", "1", "b"), at("same", "2")];
	expect(await packageChanges(old, now)).toEqual([
		{ name: "again", change: "rebuilt", old: "1", new: "1" },
		{ name: "down", change: "downgraded", old: "1:0.1", new: "9.9" },
		{ name: "gone", change: "removed", old: "1" },
		{ name: "new", change: "added", new: "3" },
		{ name: "up", change: "upgraded", old: "1.0~rc1", new: "1.0" },
	]);
	expect(await packageChanges([at("x", "a")], [at("x", "b")], async () => undefined)).toEqual([
		{ name: "x", change: "changed", old: "a", new: "b" },
	]);
});

test.each([
	["v1.9", "v1.10", "upgraded"],
	["7c1e0a1f".padEnd(40, "0"), "9c1e0a1f".padEnd(40, "0"), "changed"],
	["custom", "1.0", "changed"],
])("versions of Buildroot's packages have an order where they are numbers: %s, then %s", async (old, now, change) => {
	expect(await packageChanges([{ name: "x", version: old }], [{ name: "x", version: now }])).toEqual([
		{ name: "x", change, old, new: now },
	]);
});

function archive(): { tree: FileTree; bytes: Buffer } {
	const tree: FileTree = new Map();
	addFile(tree, "etc/motd", "Hello, Grüße", 0o600);
	addLink(tree, "bin/sh", "busybox");
	addFolder(tree, "tmp", 0o1777);
	addDevice(tree, "dev/console", 5, 1);
	return { tree, bytes: Buffer.concat([...cpioChunks(tree)]) };
}

test("an initial filesystem is read as it was written, and by its last words where there are several in a row", () => {
	const { tree, bytes } = archive();
	expect(fileChanges(cpioEntries(bytes), tree)).toEqual([]);
	const later: FileTree = new Map();
	addFile(later, "etc/motd", "later");
	const both = cpioEntries(Buffer.concat([bytes, Buffer.alloc(512), ...cpioChunks(later)]));
	expect(fileChanges(tree, both)).toEqual(
		[
			{ path: "etc", change: "changed", what: expect.any(Array) },
			{ path: "etc/motd", change: "changed", what: ["mode", "contents"] },
		].filter(({ path }) => path !== "etc"),
	);
});

test("bytes that are no archive, or a torn one, are refused and nothing else happens", () => {
	const { bytes } = archive();
	expect(filesOf(Buffer.from("not an archive"))).toBeUndefined();
	expect(filesOf(Buffer.concat([Buffer.from([0x1f, 0x8b]), bytes]))).toBeUndefined();
	fc.assert(
		fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
			const damaged = Buffer.from(bytes);
			damaged[at] = value;
			// It may still be an archive, of other files; it never throws nor reads outside.
			filesOf(damaged);
			filesOf(bytes.subarray(0, at));
		}),
	);
});

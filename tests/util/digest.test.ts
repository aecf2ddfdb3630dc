// SPDX-License-Identifier: Apache-2.0
// Digests are the same for equal values, whatever order their members came in.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, sha256, sha256File } from "../../components/util/index.ts";

test("the digest of a text is the published one", () => {
	expect(sha256("abc")).toBe("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("a file has the digest of its bytes", async () => {
	const folder = await mkdtemp(join(tmpdir(), "persona-digest-"));
	try {
		await writeFile(join(folder, "a"), Buffer.alloc(3_000_000, 7));
		expect(await sha256File(join(folder, "a"))).toBe(sha256(Buffer.alloc(3_000_000, 7)));
	} finally {
		await rm(folder, { recursive: true });
	}
});

test("canonical JSON reads back as the same value and does not depend on member order", () => {
	fc.assert(
		fc.property(fc.jsonValue(), (value) => {
			const text = canonicalJson(value);
			expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
			if (typeof value === "object" && value !== null && !Array.isArray(value)) {
				expect(canonicalJson(Object.fromEntries(Object.entries(value).reverse()))).toBe(text);
			}
		}),
	);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, undefined])("%s has no canonical form", (value) => {
	expect(() => canonicalJson(value)).toThrow(TypeError);
});

test("members that are undefined are left out", () => {
	expect(canonicalJson({ b: 1, a: undefined })).toBe('{"b":1}');
});

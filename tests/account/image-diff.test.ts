// SPDX-License-Identifier: Apache-2.0
// Two images compared as a reviewer sees them.
import { join } from "node:path";
import { expect, test } from "vitest";
import { diffImages, imageContents, renderDiff } from "../../components/account/index.ts";
import { type ComposeSpec, compose } from "../../components/image/compose.ts";
import { cpioChunks } from "../../components/image/cpio.ts";
import { addFile, type FileTree } from "../../components/image/file-tree.ts";
import type { Composition } from "../../components/image/index.ts";
import { payloadOf } from "../../components/image/payload.ts";
import { sha256 } from "../../components/util/digest.ts";
import { composeSpec, smallPersona, veilBinary } from "../image/support.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { composition, guestOf, lockEntry } from "./composition.ts";

const AGENT = 32;

function archive(files: Record<string, string>) {
	const tree: FileTree = new Map();
	for (const [path, text] of Object.entries(files)) addFile(tree, path, text);
	return payloadOf(Buffer.concat([...cpioChunks(tree)]));
}

async function contents(name: string, spec: ComposeSpec, from?: Composition) {
	const path = join(temporaryFolder(), "image");
	await compose(spec, path);
	const packages = new Map(Object.entries(from?.guests ?? {}).map(([persona, { inputs }]) => [persona, inputs?.lock ?? []]));
	return imageContents(name, path, from, packages);
}

const sharing = (maxKiB: number) => ({
	networks: {},
	ownerAccess: { off: [] },
	channels: [{ from: "work", to: "home", carries: "clipboard" as const, maxKiB, maxPerMinute: 30 }],
});
const home = () => smallPersona("home", { devices: 7 | AGENT });
const work = (changes = {}) =>
	smallPersona("work", { devices: 7 | AGENT, initramfs: archive({ init: "1", "etc/motd": "old" }), ...changes });

test("an image does not differ from itself", async () => {
	const one = await contents("one", composeSpec([work()]));
	const diff = await diffImages(one, { ...one, name: "two" });
	expect(diff).toMatchObject({
		same: true,
		veil: null,
		policy: [],
		phone: [],
		personas: { added: [], removed: [], changed: [] },
		parts: [],
	});
	expect(renderDiff(diff, "text")).toContain("The images are the same, byte for byte.");
});

test("policy, settings, files, Veil and personas are told apart, each by what changed of it", async () => {
	const old = await contents("old", composeSpec([work(), home(), smallPersona("gone")], { policy: sharing(64) }));
	const now = await contents(
		"new",
		composeSpec(
			[
				work({ cpuShare: 50, initramfs: archive({ init: "1", "etc/motd": "new", "etc/extra": "" }) }),
				home(),
				smallPersona("fresh"),
			],
			{
				policy: sharing(128),
				veil: veilBinary(5000),
				initialForeground: 1,
			},
		),
	);

	const diff = await diffImages(old, now);

	expect(diff.same).toBe(false);
	expect(diff.veil).toMatchObject({ old: old.enforced.veil, new: now.enforced.veil });
	expect(diff.policy).toEqual([{ field: "channels.work to home, clipboard.maxBytes", old: 65_536, new: 131_072 }]);
	expect(diff.phone).toEqual([{ field: "initialForeground", old: "work", new: "home" }]);
	expect(diff.personas).toEqual({
		added: ["fresh"],
		removed: ["gone"],
		changed: [
			{
				name: "work",
				settings: [{ field: "cpuShare", old: 100, new: 50 }],
				packages: null,
				files: [
					{ path: "etc/extra", change: "added" },
					{ path: "etc/motd", change: "changed", what: ["contents"] },
				],
				otherPayloads: false,
				deviceTree: false,
			},
		],
	});
	expect(diff.parts).toEqual(
		expect.arrayContaining(["Veil", "the policy", "the manifest's list of personas", "the initial filesystem of work"]),
	);
	expect(diff.parts).not.toContain("the kernel of work");
	const text = renderDiff(diff, "text");
	expect(text).toContain("Parts of the file that differ\n  Veil");
	expect(text).toContain("What old and new was composed from is not known here: nothing can be said of packages.");
	expect(text).toContain("  ~ channels.work to home, clipboard.maxBytes: 65536 → 131072");
	expect(text).toContain("  + /etc/extra\n  ~ /etc/motd\n");
	expect(renderDiff(diff, "markdown")).toContain("- `+` /etc/extra\n- `~` /etc/motd\n");
});

test("packages are compared where it is known what both images were composed from", async () => {
	const known = composition();
	const with_ = (version: string) => {
		const inputs = guestOf("work", { lock: [lockEntry("linux-image-6.1", "6.1.192-2"), lockEntry("busybox-static", version)] });
		return { ...known, guests: { work: { key: "", digest: "", inputs } } };
	};
	const old = await contents("old", composeSpec([work()]), with_("1:1.35.0-4"));
	const now = await contents("new", composeSpec([work({ initramfs: archive({ init: "2" }) })]), with_("1:1.36.0-1"));
	const diff = await diffImages(old, now);
	expect(diff.personas.changed[0]?.packages).toEqual([
		{ name: "busybox-static", change: "upgraded", old: "1:1.35.0-4", new: "1:1.36.0-1" },
	]);
	expect(renderDiff(diff, "text")).toContain("~ package busybox-static upgraded: 1:1.35.0-4 → 1:1.36.0-1");
});

test("what is loaded and cannot be read into is compared by digest", async () => {
	const old = await contents("old", composeSpec([smallPersona("work")]));
	const now = await contents("new", composeSpec([smallPersona("work", { initramfs: payloadOf(Buffer.alloc(70_000, "x")) })]));
	const diff = await diffImages(old, now);
	expect(diff.personas.changed).toEqual([
		{ name: "work", settings: [], packages: null, files: null, otherPayloads: true, deviceTree: false },
	]);
	expect(renderDiff(diff, "text")).toContain("files: not compared");
});

test("names of hostile files do nothing to a terminal or to a review", async () => {
	const old = await contents("old", composeSpec([work()]));
	const evil = archive({ init: "1", "etc/motd": "old", "a\x1b[2J\n## Approved <img src=x>": "" });
	const now = await contents("new", composeSpec([work({ initramfs: evil })]));
	const diff = await diffImages(old, now);
	expect(renderDiff(diff, "text")).not.toContain("\x1b");
	expect(renderDiff(diff, "text")).not.toContain("\n## ");
	expect(renderDiff(diff, "markdown")).toContain("- `+` /a\\\\x1b\\[2J\\\\x0a\\#\\# Approved \\<img src=x\\>");
});

test("the digest of Veil in an image is that of its binary", async () => {
	const { enforced } = await contents("one", composeSpec([work()], { veil: veilBinary(4096) }));
	expect(enforced.veil).toBe(sha256(veilBinary(4096)));
	expect(enforced.personas.work).toEqual({ devices: ["pl011", "pl031", "pvpanic", "agent"], flags: expect.any(Array) });
});

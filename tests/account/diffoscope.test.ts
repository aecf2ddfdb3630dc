// SPDX-License-Identifier: Apache-2.0
// What diffoscope is asked about, and how what it says is shown: by a stand-in for it that says what it was given.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { diffoscope } from "../../components/account/diffoscope.ts";
import { compareArtifacts } from "../../components/account/rebuild.ts";
import { cpioChunks } from "../../components/image/cpio.ts";
import { addFile, addLink, type FileTree } from "../../components/image/file-tree.ts";
import { sha256File } from "../../components/util/digest.ts";
import { isAbort } from "../../components/util/errors.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { standInForDiffoscope } from "./stand-in.ts";

afterEach(() => vi.unstubAllEnvs());

const pair = (name: string, first = "one", second = "two") => ({ name, first: Buffer.from(first), second: Buffer.from(second) });

async function artifact(name: string, files: Record<string, string>) {
	const tree: FileTree = new Map();
	const { link = "same", ...others } = files;
	for (const [name, text] of Object.entries(others)) addFile(tree, name, text);
	addLink(tree, "link", link);
	const folder = temporaryFolder();
	const path = join(folder, "artifact");
	writeFileSync(path, Buffer.concat([...cpioChunks(tree)]));
	return { name, path, digest: await sha256File(path) };
}

test("it is asked about both contents of each file, by paths that say which is which, and they go afterwards", async () => {
	standInForDiffoscope('echo "$@"; shift 3; cat "$@"; exit 1');
	const temporary = temporaryFolder();
	vi.stubEnv("TMPDIR", temporary);
	expect(await diffoscope([pair("etc/motd"), pair("../../a b//./c")])).toEqual([
		"diffoscope:",
		"--text - --no-progress first/etc/motd second/etc/motd",
		"onetwo",
		"--text - --no-progress first/a b/c second/a b/c",
		"onetwo",
	]);
	expect(readdirSync(temporary)).toEqual([]);
});

test("of a root filesystem only files whose contents differ are looked into, and of an image nothing", async () => {
	standInForDiffoscope('echo "$4 $5"; exit 1');
	const first = await artifact("work/initramfs", { same: "x", "etc/motd": "Monday", gone: "", link: "old" });
	const second = await artifact("work/initramfs", { same: "x", "etc/motd": "Friday", new: "", link: "new" });
	const [compared] = await compareArtifacts([first], [second]);
	const lines = compared?.difference?.explanation ?? [];
	expect(lines.slice(lines.indexOf("diffoscope:"))).toEqual([
		"diffoscope:",
		"first/etc/motd second/etc/motd",
		"first/link second/link",
	]);
	const image = { ...first, name: "device image" };
	const [composed] = await compareArtifacts([image], [{ ...second, name: "device image" }]);
	expect(composed?.difference?.explanation.join("\n")).not.toMatch(/diffoscope/);
});

test("what it says does nothing to a terminal, and the beginning of it is shown", async () => {
	standInForDiffoscope('printf "\\033]0;title\\007a\\302\\233b\\n\\n"; seq 100; exit 1');
	const lines = await diffoscope([pair("a"), pair("b")]);
	expect(lines.slice(0, 3)).toEqual(["diffoscope:", "a\\x9bb", "1"]);
	expect(lines.at(-1)).toBe("and more: run it yourself on what --keep keeps");
	expect(lines).toHaveLength(62);
});

test.each([
	["fails", "echo trouble >&2; exit 2", ["diffoscope:", "it failed (exit status 2): trouble"]],
	["fails without a word", "exit 1", ["diffoscope:", "it failed (exit status 1)"]],
	["is killed", "kill -9 $$", ["diffoscope:", "it failed (SIGKILL)"]],
	["takes too long", "sleep 60", ["diffoscope:", "it had not ended after 0.3 s: run it yourself on what --keep keeps"]],
	["finds no difference", "exit 0", []],
])("when it %s, that is said", async (_, script, said) => {
	standInForDiffoscope(script);
	expect(await diffoscope([pair("a")], undefined, script.startsWith("sleep") ? 300 : 20_000)).toEqual(said);
});

test("it is not asked about what is large, which is said, nor where it is not installed", async () => {
	standInForDiffoscope("find first -type f; exit 1");
	const large = { name: "large\x1b", first: Buffer.alloc(33 << 20), second: Buffer.from("x") };
	const said = "diffoscope was not asked about large\\x1b, which is large: run it yourself on what --keep keeps";
	expect(await diffoscope([large, pair("a")])).toEqual([said, "diffoscope:", "first/a"]);
	expect(await diffoscope([large])).toEqual([said]);
	vi.stubEnv("PATH", temporaryFolder());
	expect(await diffoscope([pair("a")])).toEqual([]);
});

test("it ends when the work is aborted", async () => {
	standInForDiffoscope("sleep 60");
	const stop = new AbortController();
	setTimeout(() => stop.abort(), 100);
	expect(isAbort(await diffoscope([pair("a")], stop.signal).catch((error: unknown) => error))).toBe(true);
});

test("an archive whose files are all the same differs in how it is packed, and nobody is asked", async () => {
	standInForDiffoscope("echo asked; exit 1");
	const first = await artifact("x", { a: "" });
	const path = join(temporaryFolder(), "padded");
	writeFileSync(path, Buffer.concat([readFileSync(first.path), Buffer.alloc(512)]));
	const [compared] = await compareArtifacts([first], [{ ...first, path, digest: await sha256File(path) }]);
	expect(compared?.difference?.explanation.slice(1)).toEqual(["all files in it are the same: it differs in how they are packed"]);
});

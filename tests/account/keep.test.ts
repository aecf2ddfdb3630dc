// SPDX-License-Identifier: Apache-2.0
// What came out different is kept as far as it can be, and what cannot is told.
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { keep } from "../../components/account/keep.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const run = promisify(execFile);
const folder = temporaryFolder();

function artifact(name: string, contents: string | Buffer) {
	const path = join(folder, `${Math.random()}`);
	writeFileSync(path, contents);
	return { name, path, digest: "" };
}

const built = {
	first: [artifact("same", "x"), artifact("work/kernel", "one")],
	second: [artifact("same", "x"), artifact("work/kernel", "two"), artifact("device image", Buffer.alloc(3 << 20, 1))],
};

test("both of each are kept, and of what was made once that one", async () => {
	const target = join(temporaryFolder(), "kept");
	expect(await keep(["work/kernel", "device image"], built, target)).toBeUndefined();
	expect(readFileSync(join(target, "first/work-kernel"), "utf8")).toBe("one");
	expect(readFileSync(join(target, "second/work-kernel"), "utf8")).toBe("two");
	expect(readFileSync(join(target, "second/device-image"))).toHaveLength(3 << 20);
});

test("a folder that cannot be written to is told, and nothing is thrown", async () => {
	const target = temporaryFolder();
	writeFileSync(join(target, "first"), "");
	expect(await keep(["work/kernel"], built, target)).toBe(
		`${join(target, "first/work-kernel")}: is a file, and no folder\n  name another place`,
	);
});

test("a full disk is told, what had room stays, and nothing is there by half", async () => {
	const module = fileURLToPath(new URL("../../components/account/keep.ts", import.meta.url));
	const code = `import { keep } from "${module}";
console.log(await keep(["work/kernel", "device image"], ${JSON.stringify(built)}, process.argv[1]));`;
	const script =
		'mount -t tmpfs -o size=2m,mode=700 tmpfs "$1" && "$2" --input-type=module --eval "$3" "$1" && cd "$1" && find . -type f | sort';
	const args = ["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", temporaryFolder(), process.execPath, code];
	const { stdout } = await run("unshare", args);
	expect(stdout).toMatch(/second\/device-image: its disk is full\n {2}make room there, or name another place\n/);
	expect(stdout.trim().split("\n").slice(2)).toEqual(["./first/work-kernel", "./second/work-kernel"]);
});

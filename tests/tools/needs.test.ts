// SPDX-License-Identifier: Apache-2.0
// What is missing is found without changing anything, and each need names its reason and its remedy.
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packageRoot } from "../../components/util/index.ts";
import { boardsOf, flashesTablet, ownOccasions } from "../../tools/declared.mjs";
import {
	aptLine,
	checkNeeds,
	checkTabletAccess,
	compareVersions,
	findCommand,
	missingPackages,
	staleModules,
} from "../../tools/needs.mjs";

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "persona needs "));
});
afterEach(() => rm(folder, { recursive: true }));

test.each([
	["18.20.4", "22.13.0", -1],
	["v22.13.0", "22.13.0", 0],
	["3.200.0-dev+abc", "3.200.0", 0],
	["3.1000.0", "3.200.0", 1],
	["1.24", "1.24.0", 0],
])("version %s against %s", (a, b, expected) => expect(Math.sign(compareVersions(a, b))).toBe(expected));

test("a command is found in the folders of PATH, in order, executables only", async () => {
	await mkdir(join(folder, "a"));
	await mkdir(join(folder, "b"));
	await writeFile(join(folder, "a/tool"), "");
	await writeFile(join(folder, "b/tool"), "");
	await chmod(join(folder, "b/tool"), 0o755);
	expect(findCommand("tool", { PATH: `${folder}/a:${folder}/b` })).toBe(`${folder}/b/tool`);
	expect(findCommand("tool", { PATH: `${folder}/a:${folder}/b` }, [`${folder}/b`])).toBeUndefined();
});

test("on a machine with nothing, everything with a command is missing, with a reason", () => {
	const missing = missingPackages(["run", "test", "engine"], { PATH: folder });
	expect(missing.map((need) => need.package)).toEqual(
		expect.arrayContaining(["qemu-system-arm", "gcc-aarch64-linux-gnu", "clang-tidy", "golang-go"]),
	);
	expect(missing.every((need) => need.why.length > 10)).toBe(true);
	expect(aptLine(["a", "b"])).toBe("apt-get install -y --no-install-recommends a b");
});

test("a need is met by what does as well", async () => {
	const chromiumIsMissing = () => missingPackages(["test"], { PATH: folder }).some((need) => need.package === "chromium");
	expect(chromiumIsMissing()).toBe(true);
	await writeFile(join(folder, "google-chrome"), "");
	await chmod(join(folder, "google-chrome"), 0o755);
	expect(chromiumIsMissing()).toBe(false);
});

test("node_modules that differ from the lock are named, those for tests only where there are to be any", async () => {
	const lock = (version: string, others = {}) =>
		JSON.stringify({
			packages: { "": {}, "node_modules/a": { version }, "node_modules/b": { version: "1.0.0", optional: true }, ...others },
		});
	const forTests = { "node_modules/c": { version: "1.0.0", dev: true } };
	await writeFile(join(folder, "package-lock.json"), lock("2.0.0", forTests));
	expect(staleModules(folder, { tests: false })).toEqual(["node_modules/a"]);
	expect(staleModules(folder, { tests: true })).toEqual(["node_modules/a", "node_modules/c"]);
	await mkdir(join(folder, "node_modules"));
	await writeFile(join(folder, "node_modules/.package-lock.json"), lock("1.0.0"));
	expect(staleModules(folder, { tests: false })).toEqual(["node_modules/a"]);
	await writeFile(join(folder, "node_modules/.package-lock.json"), lock("2.0.0"));
	expect(staleModules(folder, { tests: false })).toEqual([]);
	expect(staleModules(folder, { tests: true })).toEqual(["node_modules/c"]);
	await writeFile(join(folder, "node_modules/.package-lock.json"), lock("2.0.0", forTests));
	expect(staleModules(folder, { tests: true })).toEqual([]);
});

test("what a board needs is asked for where a phone of it is declared", async () => {
	await mkdir(join(folder, "stacks"));
	await writeFile(join(folder, "stacks/dev.phone.yaml"), "kind: Phone\nboard: qemu-virt\n");
	const names = () => checkNeeds(folder, { PATH: folder }).map((check) => check.name);
	expect(names()).not.toContain("gcc-arm-linux-gnueabi");
	await writeFile(join(folder, "stacks/old.phone.yaml"), 'kind: Phone\nboard: "n800"\n');
	expect(names()).toEqual(expect.arrayContaining(["gcc-arm-linux-gnueabi", "flex", "qemu machine n800"]));
	expect([...boardsOf(folder, "dev"), ...boardsOf(folder, "old"), ...boardsOf(folder, "none")]).toEqual(["qemu-virt", "n800"]);
});

test("what Buildroot needs is asked for where a persona or Veil is built by it, or BUILDROOT_DIR names one", async () => {
	await mkdir(join(folder, "stacks"));
	await mkdir(join(folder, "personas"));
	const own = (stack?: string, variables = {}) => ownOccasions(folder, stack, variables);
	await writeFile(join(folder, "stacks/dev.phone.yaml"), "personas:\n  - ../personas/work.yaml\n  - ../personas/none.yaml\n");
	await writeFile(join(folder, "personas/work.yaml"), "guest:\n  builder: debian # not builder: buildroot\n");
	expect(own()).toEqual([]);
	expect(own("dev", { BUILDROOT_DIR: "/br" })).toEqual(["buildroot"]);
	await writeFile(join(folder, "personas/work.yaml"), "guest: { builder: buildroot }\n");
	expect(own("dev")).toEqual(["buildroot"]);
	await writeFile(join(folder, "stacks/old.phone.yaml"), 'board: n800\n"veil": { "builder": "buildroot" }\n');
	expect(own("old")).toEqual(["n800", "buildroot", "buildroot-n800"]);
	const checks = checkNeeds(folder, { PATH: folder });
	expect(checks.find(({ name }) => name === "rsync")).toMatchObject({
		ok: false,
		why: "is what Buildroot works with (builder buildroot only)",
	});
	expect(checks.map(({ name }) => name)).toContain("libc6-dev-armel-cross");
	// Each package once, whatever needs it.
	expect(checks.filter(({ name }) => name === "bc")).toHaveLength(1);
});

test("a QEMU without the machine of a board is found, with what to do", async () => {
	await mkdir(join(folder, "stacks"));
	await writeFile(join(folder, "stacks/old.phone.yaml"), "board: n800\n");
	const check = () => checkNeeds(folder, { PATH: folder }).find(({ name }) => name === "qemu machine n800");
	const qemu = async (machines: string) => {
		await writeFile(
			join(folder, "qemu-system-arm"),
			`#!/bin/sh\n[ "$1" = -M ] && echo '${machines}' || echo QEMU emulator version 9.2.0\n`,
		);
		await chmod(join(folder, "qemu-system-arm"), 0o755);
	};
	expect(check()).toMatchObject({ ok: false, fix: expect.stringContaining("removed in 9.2") });
	await qemu("n810                 Nokia N810");
	expect(check()).toMatchObject({ ok: false, found: "QEMU 9.2.0, which has no such machine" });
	await qemu("n800                 Nokia N800");
	expect(check()).toMatchObject({ ok: true });
});

test("each check that fails says what to do", () => {
	const checks = checkNeeds(packageRoot(), { PATH: folder });
	expect(checks.map((check) => check.name)).toEqual(expect.arrayContaining(["node", "node_modules", "pulumi", "qemu-system-arm"]));
	expect(checks.find((check) => check.name === "node")).toMatchObject({ ok: true, fix: undefined });
	for (const check of checks) expect(check.ok || (check.fix ?? "") !== "").toBe(true);
	expect(checks.find((check) => check.name === "pulumi")).toMatchObject({ ok: false, found: "not found" });
});

test.each([
	["target: { via: usb, usb: { serial: A } }", true],
	['{ "target": { "via": "usb" } }', true],
	["target:\n  via: usb", true],
	["target: { via: qemu } # not via: usb", false],
	["# target: { via: usb }", false],
])("a phone that is flashed is known by its document: %s", async (text, expected) => {
	await mkdir(join(folder, "stacks"));
	await writeFile(join(folder, "stacks", "tablet.phone.yaml"), text);
	expect(flashesTablet(folder)).toBe(expected);
	expect(flashesTablet(folder, "tablet")).toBe(expected);
	expect(flashesTablet(folder, "dev")).toBe(false);
	expect(checkNeeds(folder, { PATH: folder }).some(({ name }) => name === "access to tablets")).toBe(expected);
});

test("a tablet can be opened by root, and by others where a rule says so; where none does, the rule is told", async () => {
	expect(checkTabletAccess([folder], 0).ok).toBe(true);
	const missing = checkTabletAccess([folder, join(folder, "nowhere")], 1000);
	expect(missing).toMatchObject({ ok: false, found: "no udev rule for 0421:0105" });
	const rule = /'(SUBSYSTEM.*)'/.exec(missing.fix ?? "")?.[1] ?? "";
	await writeFile(join(folder, "60-tablet.rules"), `# ${rule}\n`);
	expect(checkTabletAccess([folder], 1000).ok).toBe(false);
	await writeFile(join(folder, "60-tablet.rules"), `${rule}\n`);
	expect(checkTabletAccess([folder], 1000)).toMatchObject({ ok: true, found: join(folder, "60-tablet.rules") });
});

// SPDX-License-Identifier: Apache-2.0
// Flashing a tablet: only the declared one, nothing before every check, and never the partition that starts the others before they are whole.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { flashTablet, readFlashJournal, type UsbImage, type UsbTarget, waysBack } from "../../components/handset/flash-usb.ts";
import type { UsbKind } from "../../components/handset/usb-device.ts";
import { sha256File } from "../../components/util/digest.ts";
import { silent } from "../../components/util/progress.ts";

const fake = fileURLToPath(new URL("fake/fake-flasher.sh", import.meta.url));
const N800: UsbKind = { product: "RX-34", hardwareRevisions: ["801", "1602"], usbVendor: 0x0421, usbProduct: 0x0105 };
const path = process.env.PATH;

let folder: string;
let sysfs: string;
let image: UsbImage;

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "persona-usb-"));
	sysfs = join(folder, "sys", "bus", "usb", "devices");
	mkdirSync(join(folder, "bin"));
	mkdirSync(join(folder, "run"));
	symlinkSync(fake, join(folder, "bin", "0xFFFF"));
	process.env.PATH = `${join(folder, "bin")}:${path}`;
	process.env.FAKE_TABLET = folder;
	process.env.SYSFS_PATH = join(folder, "sys");
	tablet({});
	plug("1-1", { serial: "N800A" });
	image = await fiasco("new");
	await fiasco("old");
});
afterEach(() => {
	process.env.PATH = path;
	delete process.env.FAKE_TABLET;
	delete process.env.SYSFS_PATH;
	rmSync(folder, { recursive: true, force: true });
});

function tablet({ product = "RX-34", revision = "1602", kernel = "nokia" }): void {
	writeFileSync(join(folder, "tablet"), `${product} ${revision} nokia ${kernel}\n`);
}

function plug(port: string, { serial = "", vendor = "0421", product = "0105" }): void {
	mkdirSync(join(sysfs, port), { recursive: true });
	for (const [name, value] of Object.entries({ serial, idVendor: vendor, idProduct: product }))
		writeFileSync(join(sysfs, port, name), `${value}\n`);
}

async function fiasco(version: string, product = "RX-34"): Promise<UsbImage> {
	const file = join(folder, `${version}.fiasco`);
	const pieces = ["kernel", "rootfs"].flatMap((piece) => {
		writeFileSync(join(folder, piece), `${piece} of ${version}`);
		return ["-m", `${product}:1602:${version}:${piece}:${join(folder, piece)}`];
	});
	execFileSync("/usr/bin/0xFFFF", [...pieces, "-g", file], { stdio: "ignore" });
	return { path: file, version, digest: await sha256File(file), content: `sha256:${version}` };
}

const target = (change: Partial<UsbTarget> = {}): UsbTarget => ({
	identity: { serial: "N800A" },
	backup: join(folder, "old.fiasco"),
	isCharged: true,
	...change,
});
const flash = (wanted = image, declared = target()) =>
	flashTablet(join(folder, "run"), N800, declared, wanted, { progress: silent });
const asked = () =>
	existsSync(join(folder, "asked.log")) ? readFileSync(join(folder, "asked.log"), "utf8").trim().split("\n") : [];
const has = (line: string, option: string) => line.split(" ").includes(option);
const written = () => asked().filter((line) => has(line, "-f") && !has(line, "-s"));

test("the declared tablet is flashed, payloads first, and started", async () => {
	const journal = await flash();
	expect(journal).toMatchObject({ phase: "done", written: ["rootfs", "kernel"], serial: "N800A" });
	expect(written().map((line) => / -t (\w+)/.exec(line)?.[1])).toEqual(["rootfs", "kernel"]);
	expect(asked().at(-1)).toBe("-r");
	const dry = asked().flatMap((line, index) => (line.endsWith("-f -s") ? [index] : []));
	expect(dry).toHaveLength(2);
	expect(Math.max(...dry)).toBeLessThan(asked().findIndex((line) => line.endsWith("-t rootfs -f")));
});

// 0xFFFF 0.9 sets the release of a FIASCO image in a dry run even: ours has none, and the release is set when everything else is done.
test("a dry run changes nothing on the tablet", async () => {
	const before = readFileSync(join(folder, "tablet"), "utf8");
	writeFileSync(join(folder, "refuse-rootfs"), "");
	await expect(flash()).rejects.toThrow(/Flashing failed/);
	expect(readFileSync(join(folder, "tablet"), "utf8")).toBe(before);
});

test("one that has the image already is left alone", async () => {
	await flash();
	const before = asked().length;
	await flash();
	expect(asked()).toHaveLength(before);
});

test.each([
	["no tablet", () => rmSync(sysfs, { recursive: true }), /no tablet waits to be flashed/],
	["another tablet", () => plug("1-1", { serial: "N800B" }), /its serial is "N800B", declared is "N800A"/],
	["two tablets", () => plug("1-2", { serial: "N800B" }), /2 tablets wait to be flashed \(ports 1-1, 1-2\)/],
	[
		"a relative of it, which 0xFFFF could take",
		() => plug("2-1", { product: "01c8" }),
		/another device of the same maker is on port 2-1/,
	],
	["another product", () => tablet({ product: "RX-44" }), /says it is a RX-44, the board is a RX-34/],
	["another revision", () => tablet({ revision: "2000" }), /has hardware revision 2000/],
	["a tablet with a hostile name", () => plug("1-1", { serial: "\u001b[2JN800A" }), /not the declared one/],
] as const)("%s is an error, and nothing is written", async (_name, given, message) => {
	given();
	await expect(flash()).rejects.toThrow(message);
	expect(written()).toEqual([]);
	expect(await readFlashJournal(join(folder, "run"))).toBeUndefined();
});

test.each([
	["an identity", { identity: {} }, /declares no USB identity/],
	["its port", { identity: { port: "3-1" } }, /its port is "1-1", declared is "3-1"/],
	["a backup", { backup: "/nowhere.fiasco" }, /there is no backup/],
	["a charged battery", { isCharged: false }, /whether the tablet's battery is charged is not known/],
] as const)("without %s nothing is written", async (_name, change, message) => {
	await expect(flash(image, target(change))).rejects.toThrow(message);
	expect(written()).toEqual([]);
});

test("a backup of another product, or without a kernel, is refused", async () => {
	await fiasco("n810", "RX-44");
	await expect(flash(image, target({ backup: join(folder, "n810.fiasco") }))).rejects.toThrow(/not of a RX-34/);
	writeFileSync(join(folder, "half"), "rootfs");
	execFileSync("/usr/bin/0xFFFF", ["-m", `RX-34:1602:1.0:rootfs:${join(folder, "half")}`, "-g", join(folder, "half.fiasco")], {
		stdio: "ignore",
	});
	await expect(flash(image, target({ backup: join(folder, "half.fiasco") }))).rejects.toThrow(/has no kernel/);
	expect(written()).toEqual([]);
});

test("an image that has changed since it was made is refused", async () => {
	writeFileSync(image.path, Buffer.concat([readFileSync(image.path), Buffer.from("x")]));
	await expect(flash()).rejects.toThrow(/has changed since it was made/);
	expect(written()).toEqual([]);
});

test.each([
	["a tablet that refuses", "refuse", /Flashing failed/],
	["a cable that is pulled", "pull", /Sending image failed/],
] as const)("after %s what is written stays written, and the rest follows", async (_name, how, message) => {
	writeFileSync(join(folder, `${how}-kernel`), "");
	await expect(flash()).rejects.toThrow(message);
	expect(await readFlashJournal(join(folder, "run"))).toMatchObject({ phase: "flashing", written: ["rootfs"] });
	plug("1-1", { serial: "N800A" });
	expect(await flash()).toMatchObject({ phase: "done" });
	expect(written().filter((line) => line.includes("-t rootfs"))).toHaveLength(1);
});

test("another image after an interruption is written whole", async () => {
	writeFileSync(join(folder, "refuse-kernel"), "");
	await expect(flash()).rejects.toThrow();
	await flash(await fiasco("third"));
	expect(written().filter((line) => line.includes("-t rootfs"))).toHaveLength(2);
});

test("another tablet is written whole, whatever the first one has", async () => {
	await flash();
	plug("1-2", { serial: "N800B" });
	await flash(image, target({ identity: { serial: "N800B" } }));
	expect(written()).toHaveLength(4);
});

test.each([
	["a release", () => writeFileSync(join(folder, "forgets"), ""), /says it has version nokia after new was written/],
	["a kernel's version", () => tablet({ kernel: "-" }), undefined],
] as const)("a tablet that does not tell %s afterwards", async (_name, given, message) => {
	given();
	if (message === undefined) expect(await flash()).toMatchObject({ phase: "done" });
	else {
		await expect(flash()).rejects.toThrow(message);
		expect(await readFlashJournal(join(folder, "run"))).toMatchObject({ phase: "flashing", written: [] });
	}
});

test("what was there before is kept to go back to", async () => {
	await flash();
	expect(readFileSync(join(folder, "run", "rollback.fiasco")).equals(readFileSync(join(folder, "old.fiasco")))).toBe(true);
	const first = readFileSync(image.path);
	plug("1-1", { serial: "N800A" });
	await flash(await fiasco("third"));
	expect(readFileSync(join(folder, "run", "rollback.fiasco")).equals(first)).toBe(true);
	expect((await readFlashJournal(join(folder, "run")))?.image.version).toBe("third");
});

test("of a tablet that is given up the ways back stay, and what is on it becomes one with the next write", async () => {
	await flash();
	const run = join(folder, "run");
	const first = readFileSync(image.path);
	expect(await waysBack(run)).toEqual(["backup.fiasco", "rollback.fiasco", "current.fiasco"]);
	rmSync(join(run, "flash.json"));
	plug("1-1", { serial: "N800A" });
	writeFileSync(join(folder, "refuse-kernel"), "");
	await expect(flash(await fiasco("third"))).rejects.toThrow();
	expect(readFileSync(join(run, "rollback.fiasco")).equals(first)).toBe(true);
	expect(await waysBack(run)).toEqual(["backup.fiasco", "rollback.fiasco"]);
});

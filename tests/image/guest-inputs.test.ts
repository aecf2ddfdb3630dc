// SPDX-License-Identifier: Apache-2.0
// What a guest is built from, and its key: everything that counts, and nothing of this machine.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { guestInputs, guestKey, guestSources } from "../../components/image/guest-inputs.ts";
import { emptyLock, type LockEntry, type LockFile } from "../../components/image/lock.ts";
import { boardByName, type Loaded, type Persona, phoneFromParts } from "../../components/manifest/index.ts";
import { sha256 } from "../../components/util/digest.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const board = (await boardByName("qemu-virt", packageRoot())).document;

function entry(name: string, version = "1"): LockEntry {
	return {
		name,
		version,
		architecture: "arm64",
		archive: "debian",
		file: `pool/${name}`,
		size: 1,
		sha256: sha256(name + version).slice(7),
	};
}

function lock(): LockFile {
	const value = emptyLock();
	value.debian.kernel = "linux=1";
	value.debian.guests = [
		{ base: "busybox", packages: [], install: ["busybox-static=1"] },
		{ base: "busybox", packages: ["dropbear-bin"], install: ["busybox-static=1", "dropbear-bin=1"] },
	];
	value.debian.packages = ["busybox-static", "dropbear-bin", "linux"].map((name) => entry(name));
	return value;
}

async function persona(guest: object, folder = temporaryFolder()): Promise<Loaded<Persona>> {
	const document = { version: 1, kind: "Persona", name: "work", indicator: { label: "Work", colour: "#c0392b" }, guest } as const;
	const parts = { name: "pocket", board: "qemu-virt", personas: [document] } as unknown as Parameters<typeof phoneFromParts>[0];
	const { draft, problems } = await phoneFromParts(parts, folder);
	expect(problems).toEqual([]);
	const [loaded] = draft.personas;
	if (loaded === undefined) throw new Error("no persona");
	return loaded;
}

function overlay(folder: string): string {
	mkdirSync(join(folder, "work/etc"), { recursive: true });
	writeFileSync(join(folder, "work/etc/motd"), "hello");
	return folder;
}

describe("a debian guest", () => {
	test("has its overlay, its own lock entries and no absolute path", async () => {
		const folder = overlay(temporaryFolder());
		const inputs = await guestInputs(await persona({ overlay: "./work" }, folder), board, lock());
		expect(inputs.overlay).toEqual({ "etc/motd": `100644:${sha256("hello")}` });
		expect(inputs.lock.map(({ name }) => name)).toEqual(["linux", "busybox-static"]);
		expect(JSON.stringify(inputs)).not.toContain(folder);
	});

	test("has the same key in another folder, and a different one after a change", async () => {
		const key = async (folder: string) => guestKey(await guestInputs(await persona({ overlay: "./work" }, folder), board, lock()));
		const [one, two] = [overlay(temporaryFolder()), overlay(temporaryFolder())];
		const before = await key(one);
		expect(await key(two)).toBe(before);
		writeFileSync(join(two, "work/etc/motd"), "changed");
		expect(await key(two)).not.toBe(before);
	});

	test("does not change when another guest's packages do", async () => {
		const key = async (locked: LockFile) => guestKey(await guestInputs(await persona({}), board, locked));
		const other = lock();
		other.debian.guests[1]!.install = ["busybox-static=1", "dropbear-bin=2"];
		other.debian.packages.push(entry("dropbear-bin", "2"));
		expect(await key(other)).toBe(await key(lock()));
	});

	test("changes with its command line, base, packages and kernel", async () => {
		const newer = lock();
		newer.debian.kernel = "linux=2";
		newer.debian.packages.push(entry("linux", "2"));
		const keys = [
			guestKey(await guestInputs(await persona({}), board, lock())),
			guestKey(await guestInputs(await persona({ commandLine: "quiet" }), board, lock())),
			guestKey(await guestInputs(await persona({ packages: ["dropbear-bin"] }), board, lock())),
			guestKey(await guestInputs(await persona({}), board, newer)),
		];
		expect(new Set(keys).size).toBe(keys.length);
	});

	test("with a package that is not locked is refused", async () => {
		await expect(persona({ packages: ["vim"] }).then((loaded) => guestInputs(loaded, board, lock()))).rejects.toMatchObject({
			name: "UserError",
			remedy: expect.stringContaining("persona lock"),
		});
	});
});

describe("a prebuilt guest", () => {
	const prebuilt = (folder: string, kernel: object) => persona({ os: "baremetal", builder: "prebuilt", kernel }, folder);

	test("is its files' digests; where they lie does not count", async () => {
		const folder = temporaryFolder();
		writeFileSync(join(folder, "a.img"), "kernel");
		const one = await guestInputs(await prebuilt(folder, { path: "./a.img" }), board, lock());
		renameSync(join(folder, "a.img"), join(folder, "b.img"));
		const two = await guestInputs(await prebuilt(folder, { path: join(folder, "b.img") }), board, lock());

		expect(one.kernel).toEqual({ path: "./a.img", sha256: sha256("kernel").slice(7) });
		expect(two.kernel).toEqual({ path: "b.img", sha256: sha256("kernel").slice(7) });
		expect(guestKey(two)).toBe(guestKey(one));
		expect(one.lock).toEqual([]);
	});

	test("with another digest than declared is refused with both", async () => {
		const folder = temporaryFolder();
		writeFileSync(join(folder, "a.img"), "kernel");
		const loaded = await prebuilt(folder, { path: "./a.img", sha256: "0".repeat(64) });
		await expect(guestInputs(loaded, board, lock())).rejects.toThrow(
			new RegExp(`${sha256("kernel").slice(7)}, the document says 0{64}`),
		);
	});
});

test("sources say where the files are on this machine", async () => {
	const folder = overlay(temporaryFolder());
	const sources = guestSources(await persona({ overlay: "./work" }, folder));
	expect(sources.overlayDir).toBe(join(folder, "work"));
});

// SPDX-License-Identifier: Apache-2.0
// The lock file: canonical, strict, and closed to what it does not name.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { type Apt, parseUris } from "../../components/image/apt.ts";
import { lockedFiles } from "../../components/image/fetch-locked.ts";
import { guestKey } from "../../components/image/guest-inputs.ts";
import {
	emptyLock,
	type GuestRequest,
	type LockEntry,
	loadLock,
	lockedEntries,
	readLock,
	referenceOf,
	renderLock,
	saveLock,
} from "../../components/image/lock.ts";
import { checkLock, updateLock } from "../../components/image/lock-update.ts";
import { openStore } from "../../components/image/store.ts";
import type { GuestInputs } from "../../components/image/types.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const busybox: GuestRequest = { base: "busybox", packages: [] };
const ssh: GuestRequest = { base: "busybox", packages: ["dropbear-bin"] };

function entry(name: string, version: string): LockEntry {
	const sha256 = Buffer.from(`${name} ${version}`).toString("hex").padEnd(64, "0").slice(0, 64);
	return { name, version, architecture: "arm64", archive: "debian", file: `pool/main/${name}_${version}.deb`, size: 10, sha256 };
}

/** apt with a mirror that has these versions of everything. */
function fakeApt(version: string): Apt & { updates: number } {
	const apt = {
		updates: 0,
		update: async () => void apt.updates++,
		kernel: async () => entry("linux-image", version),
		kernelSource: async () => entry("linux-source", version),
		resolve: async ({ packages }: GuestRequest) => ["busybox-static", ...packages].map((name) => entry(name, version)),
		download: async () => Promise.reject(new Error("not asked for")),
	};
	return apt;
}

async function lockIn(folder: string, requests: GuestRequest[], mode: "missing" | "all", apt: Apt) {
	return updateLock(folder, { requests, mode, apt: async () => apt, store: await openStore(join(folder, "store")) });
}

test("what is written is read back, and the same whatever the order", async () => {
	const folder = temporaryFolder();
	const { lock } = await lockIn(folder, [ssh, busybox], "all", fakeApt("1"));
	const text = readFileSync(join(folder, "persona.lock.yaml"), "utf8");

	expect(renderLock(readLock(text, "x"))).toBe(text);
	const shuffled = {
		...lock,
		debian: { ...lock.debian, packages: [...lock.debian.packages].reverse(), guests: [...lock.debian.guests].reverse() },
	};
	expect(renderLock(shuffled)).toBe(text);
});

test("a release of Buildroot is fetched with all that is locked, and missed where a persona needs one", () => {
	vi.stubEnv("BUILDROOT_DIR", "");
	const lock = emptyLock();
	lock.debian.kernelSource = "linux-source=1";
	const compiled = { base: "kernel" as const, packages: [] };
	expect(checkLock(lock, [compiled])).toEqual([expect.stringContaining("no release of Buildroot is pinned")]);
	const url = "https://example.org/buildroot-2026.08.tar.xz";
	const pinned = { ...lock, buildroot: { version: "2026.08", url, sha256: "7".repeat(64) } };
	expect(checkLock(pinned, [compiled])).toEqual([]);
	vi.stubEnv("BUILDROOT_DIR", "/buildroot");
	expect(checkLock(lock, [compiled])).toEqual([]);
	vi.unstubAllEnvs();
	expect(lockedFiles(pinned).map(({ what, digest }) => [what, digest])).toEqual([[url, `sha256:${"7".repeat(64)}`]]);
});

test("a guest gets its own entries, kernel first, and no others", async () => {
	const folder = temporaryFolder();
	const { lock } = await lockIn(folder, [busybox, ssh], "all", fakeApt("1"));
	expect(lockedEntries(lock, busybox, "x").map(referenceOf)).toEqual(["linux-image=1", "busybox-static=1"]);
	expect(lockedEntries(lock, ssh, "x").map(referenceOf)).toEqual(["linux-image=1", "busybox-static=1", "dropbear-bin=1"]);
});

test("who builds a kernel gets its sources, whatever the board, and Debian's kernel is locked only for who takes it", async () => {
	const folder = temporaryFolder();
	const built: GuestRequest = { base: "kernel", packages: [] };
	const armel: GuestRequest = { architecture: "armel", base: "busybox", packages: [] };
	const { lock } = await lockIn(folder, [built, armel], "all", fakeApt("1"));
	expect(lockedEntries(lock, built, "x").map(referenceOf)).toEqual(["linux-source=1"]);
	expect(lockedEntries(lock, { ...built, architecture: "armel" }, "x").map(referenceOf)).toEqual(["linux-source=1"]);
	expect(lockedEntries(lock, armel, "x").map(referenceOf)).toEqual(["linux-source=1", "busybox-static=1"]);
	expect(lock.debian.kernel).toBeNull();
	expect(checkLock(lock, [armel, busybox])).toEqual(["no kernel is locked", "nothing is locked for base busybox"]);
	const { lock: taken } = await lockIn(folder, [busybox], "missing", fakeApt("1"));
	expect(checkLock(taken, [built])[0]).toBe("no kernel's source is locked");
});

test("what is not locked is refused with the remedy", async () => {
	const lock = await loadLock(temporaryFolder());
	expect(() => lockedEntries(lock, ssh, "personas/work.yaml")).toThrow(
		expect.objectContaining({
			where: "personas/work.yaml",
			remedy: expect.stringContaining("persona lock"),
			message: expect.stringContaining("dropbear-bin"),
		}),
	);
	expect(checkLock(lock, [busybox, ssh])).toEqual([
		"no kernel is locked",
		"nothing is locked for base busybox",
		"nothing is locked for base busybox with dropbear-bin",
	]);
});

test("adding what is missing keeps the versions that are locked", async () => {
	const folder = temporaryFolder();
	await lockIn(folder, [busybox], "missing", fakeApt("1"));

	const report = await lockIn(folder, [busybox, ssh], "missing", fakeApt("2"));

	expect(report.added).toEqual(["busybox-static=2", "dropbear-bin=2"]);
	expect(report.removed).toEqual([]);
	expect(lockedEntries(report.lock, busybox, "x").map(referenceOf)).toEqual(["linux-image=1", "busybox-static=1"]);
	expect(checkLock(await loadLock(folder), [busybox, ssh])).toEqual([]);
});

test("updating takes everything as it is now, and forgets what nobody needs", async () => {
	const folder = temporaryFolder();
	await lockIn(folder, [busybox, ssh], "missing", fakeApt("1"));

	const report = await lockIn(folder, [busybox], "all", fakeApt("2"));

	expect(report.added).toEqual(["busybox-static=2", "linux-image=2"]);
	expect(report.removed).toEqual(["busybox-static=1", "dropbear-bin=1", "linux-image=1"]);
});

test("a lock that answers everything asks no mirror", async () => {
	const folder = temporaryFolder();
	await lockIn(folder, [busybox], "missing", fakeApt("1"));
	const apt = fakeApt("2");
	expect((await lockIn(folder, [busybox], "missing", apt)).added).toEqual([]);
	expect(apt.updates).toBe(0);
});

test("mirrors and sources that people have written stay, and change no key", async () => {
	const folder = temporaryFolder();
	const { lock } = await lockIn(folder, [busybox], "missing", fakeApt("1"));
	const mirrors = { files: ["file:///media/stick"], debian: ["https://archive.example/debian/20260901T000000Z"] };
	const packages = lock.debian.packages.map((one) => ({ ...one, sources: [`https://files.example/${one.name}.deb`] }));
	await saveLock({ ...lock, mirrors, debian: { ...lock.debian, packages } }, join(folder, "persona.lock.yaml"));

	const report = await lockIn(folder, [busybox, ssh], "missing", fakeApt("2"));

	const entries = lockedEntries(report.lock, busybox, "x");
	expect(report.lock.mirrors).toEqual(mirrors);
	expect(entries.map(({ sources }) => sources)).toEqual([
		["https://files.example/linux-image.deb"],
		["https://files.example/busybox-static.deb"],
	]);
	const inputs = { persona: "probe", lock: lockedEntries(lock, busybox, "x") } as unknown as GuestInputs;
	expect(guestKey({ ...inputs, lock: entries })).toBe(guestKey(inputs));
	expect((await lockIn(folder, [busybox], "all", fakeApt("2"))).lock.mirrors).toEqual(mirrors);
});

test.each([
	["no YAML", "{"],
	["mirrors of another kind", "version: 1\nmirrors: { debain: [https://x.example] }\ndebian: { suite: bookworm }\n"],
	["a mirror that is no URL", "version: 1\nmirrors: { debian: [archive.example] }\ndebian: { suite: bookworm }\n"],
	["another version", "version: 2\n"],
	["another suite", "version: 1\ndebian: { suite: sid, kernel: null, guests: [], packages: [] }\n"],
	["a reference without an entry", "version: 1\ndebian: { suite: bookworm, kernel: linux=1, guests: [], packages: [] }\n"],
	[
		"a file outside the archive",
		"version: 1\ndebian:\n  suite: bookworm\n  kernel: null\n  guests: []\n  packages:\n    - { name: x, version: '1', architecture: arm64, archive: debian, file: ../../x, size: 1, sha256: " +
			"0".repeat(64) +
			" }\n",
	],
	[
		"a digest that is none",
		"version: 1\ndebian:\n  suite: bookworm\n  kernel: null\n  guests: []\n  packages:\n    - { name: x, version: '1', architecture: arm64, archive: debian, file: x, size: 1, sha256: abc }\n",
	],
])("a lock file with %s is refused with its path", async (_, text) => {
	const folder = temporaryFolder();
	writeFileSync(join(folder, "persona.lock.yaml"), text);
	await expect(loadLock(folder)).rejects.toMatchObject({ name: "UserError", where: join(folder, "persona.lock.yaml") });
});

test("apt's answers are understood: epochs, plus signs, both archives", () => {
	const archives = { debian: "http://mirror.example/debian", "debian-security": "http://mirror.example/debian-security" };
	const digest = "a".repeat(64);
	const output = [
		"Reading package lists...",
		`'http://mirror.example/debian/pool/main/b/busybox/busybox-static_1.35.0-4%2bdeb12u1%2bb1_arm64.deb' busybox-static_1%3a1.35.0-4+deb12u1+b1_arm64.deb 822236 SHA256:${digest}`,
		`'http://mirror.example/debian-security/pool/updates/main/x/x_2_all.deb' x_2_all.deb 7 SHA256:${digest}`,
	].join("\n");
	expect(parseUris(output, archives)).toEqual([
		{
			name: "busybox-static",
			version: "1:1.35.0-4+deb12u1+b1",
			architecture: "arm64",
			archive: "debian",
			file: "pool/main/b/busybox/busybox-static_1.35.0-4+deb12u1+b1_arm64.deb",
			size: 822236,
			sha256: digest,
		},
		{
			name: "x",
			version: "2",
			architecture: "all",
			archive: "debian-security",
			file: "pool/updates/main/x/x_2_all.deb",
			size: 7,
			sha256: digest,
		},
	]);
});

// SPDX-License-Identifier: Apache-2.0
// What a build will take is known before it begins: exactly what has to be fetched, and about how much of the disk.
import { rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { buildrootRootKey } from "../../components/image/buildroot/root.ts";
import { debianKernelKey } from "../../components/image/debian-kernel.ts";
import { debianRootKey } from "../../components/image/debian-root.ts";
import { buildGuest } from "../../components/image/guest.ts";
import { guestKey } from "../../components/image/guest-inputs.ts";
import { emptyLock, type LockEntry } from "../../components/image/lock.ts";
import { checkNeeds, guestNeeds, imageNeeds, needText } from "../../components/image/needs.ts";
import { rememberBuilt } from "../../components/image/records.ts";
import { openStore, type Store } from "../../components/image/store.ts";
import type { GuestInputs } from "../../components/image/types.ts";
import { sha256 } from "../../components/util/digest.ts";
import { silent } from "../../components/util/progress.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const MIB = 1 << 20;
const package_ = (name: string, mib: number): LockEntry => ({
	name,
	version: "1",
	architecture: "arm64",
	archive: "debian",
	file: `pool/${name}.deb`,
	size: mib * MIB,
	sha256: sha256(name).slice(7),
});
const kernel = package_("linux-image", 50);
const busybox = package_("busybox", 1);
const init = package_("systemd", 20);

function guest(persona: string, changes: Partial<GuestInputs> = {}): GuestInputs {
	const common = { board: "qemu-virt", os: "linux", builder: "debian", base: "busybox", packages: [], overlay: {}, recipe: 1 };
	return { ...common, persona, commandLine: "", lock: [kernel, busybox], ...changes } as GuestInputs;
}

let store: Store;
beforeEach(async () => {
	store = await openStore(temporaryFolder());
	vi.stubEnv("PERSONA_DEBIAN_MIRROR", "http://127.0.0.1:9/debian");
});
afterEach(() => vi.unstubAllEnvs());

const missing = async (...guests: GuestInputs[]) => (await guestNeeds(guests, { store })).missing.map(({ what }) => what);

test("each file once, whoever needs it, with sizes", async () => {
	const needs = await guestNeeds([guest("work"), guest("personal")], { store });
	expect(needs.missing).toEqual([
		{ what: "linux-image=1", size: 50 * MIB },
		{ what: "busybox=1", size: MIB },
	]);
	// The downloads and the kernel once, a small root filesystem each.
	expect(needs.kept).toBeGreaterThan((50 + 1 + 25 + 2) * MIB);
	expect(needs.kept).toBeLessThan((50 + 1 + 35 + 30) * MIB);
	expect(needs.scratch).toBe(0);
	expect(needText(needs)).toMatch(/^takes about 1?\d\d MiB of disk, 51\.0 MiB of it to download$/);
});

test("what Buildroot takes, once for those who ask for the same, more with packages or a compiler of its own", async () => {
	const compiled = (...own: string[]): Partial<GuestInputs> => ({
		builder: "buildroot",
		lock: [kernel],
		buildroot: { version: "1", source: "", toolchain: [], config: ["BR2_aarch64=y", ...own], recipe: 1 },
	});
	const scratch = async (...guests: GuestInputs[]) => (await guestNeeds(guests, { store })).scratch;
	const alone = await scratch(guest("work", compiled()));
	expect(alone).toBeGreaterThan(150 * MIB);
	expect(await scratch(guest("work", compiled()), guest("personal", compiled()))).toBe(alone);
	const more = await scratch(guest("work", compiled("BR2_PACKAGE_NANO=y")));
	expect(more).toBeGreaterThan(alone);
	expect(await scratch(guest("work", compiled("BR2_TOOLCHAIN_EXTERNAL=y")))).toBeGreaterThan(more);
	expect(await scratch(guest("work", compiled("BR2_TOOLCHAIN_BUILDROOT=y")))).toBeGreaterThan(5000 * MIB);
	const release = { version: "1", url: "https://example.org/buildroot.tar.xz", sha256: "7".repeat(64) };
	const pinned = compiled();
	if (pinned.buildroot !== undefined) pinned.buildroot.source = `sha256:${release.sha256}`;
	const needs = await guestNeeds([guest("work", pinned)], { store, buildroot: release });
	expect(needs.missing.map(({ what }) => what)).toEqual(["linux-image=1", release.url]);
	const inputs = guest("work", compiled());
	const { digest } = await store.put(Buffer.from("root"));
	if (inputs.buildroot !== undefined) await store.putKeyed(buildrootRootKey(inputs.buildroot), digest);
	expect(await scratch(inputs)).toBe(0);
});

test("nothing for what the store has: a built guest, a kernel that was taken out, a root filesystem", async () => {
	const kept = async (key: string) => {
		const blob = await store.put(Buffer.from(key));
		await store.putKeyed(key, blob.digest);
		return blob;
	};
	const full = guest("full", { base: "debian", lock: [kernel, init] });
	expect(await missing(full)).toEqual(["linux-image=1", "systemd=1"]);
	const kernelBlob = await kept(debianKernelKey(kernel));
	expect(await missing(full)).toEqual(["systemd=1"]);
	await kept(debianRootKey([init]));
	expect(await missing(full)).toEqual([]);
	expect((await guestNeeds([full], { store })).scratch).toBe(0);

	const built = await store.put(Buffer.from("record"));
	await rememberBuilt(store, guestKey(full), "guest", built.digest);
	expect(await guestNeeds([full], { store })).toEqual({ missing: [], kept: 0, scratch: 0 });
	// Collected, it has to be built again.
	rmSync(built.path);
	rmSync(kernelBlob.path);
	expect(await missing(full)).toEqual(["linux-image=1"]);
	await store.put(Buffer.from("its modules are needed"));
	expect(await missing(guest("keys", { modules: ["virtio_input"] }))).toEqual(["linux-image=1", "busybox=1"]);
});

test("for a full Debian a little more than was seen", async () => {
	// systemd and jq, 29 MiB of packages: 462 MiB while the guest was built, and 132 more while its image was composed, of which it is half.
	const full = guest("full", { base: "debian", lock: [package_("linux", 57), package_("systemd and others", 29)] });
	const { kept, scratch } = await guestNeeds([full], { store });
	expect((kept + scratch) / MIB).toBeGreaterThan(462 * 1.1);
	expect((kept + scratch) / MIB).toBeLessThan(462 * 1.5);
	const image = imageNeeds([full]);
	const whole = (kept + image.kept + Math.max(scratch, image.scratch)) / MIB;
	expect(whole).toBeGreaterThan(594 * 1.1);
	expect(whole).toBeLessThan(594 * 1.5);
});

test("offline, all that is missing of a phone is told by the first of its guests, and nothing is begun", async () => {
	vi.stubEnv("PERSONA_OFFLINE", "true");
	const work = guest("work");
	const own = { url: "https://files.example/kernel", sha256: sha256("own").slice(7) };
	const personal = guest("personal", { builder: "prebuilt", lock: [], kernel: own });
	const context = { store, lock: emptyLock(), progress: silent, projectDir: "/", phone: [work, personal] };
	await expect(buildGuest(work, { baseDir: "/" }, context)).rejects.toMatchObject({
		message: expect.stringMatching(
			/^3 files are not on this machine \(51\.0 MiB and more\), and nothing may be fetched offline:\n {2}linux-image=1 \(50\.0 MiB\)\n {2}busybox=1 \(1\.0 MiB\)\n {2}https:\/\/files\.example\/kernel$/,
		),
		remedy: expect.stringContaining("persona fetch"),
		log: expect.stringContaining("guest-work-"),
	});
});

test("too little room is refused with what a collection would free", async () => {
	const needs = { missing: [], kept: 2 ** 60, scratch: 0 };
	await store.put(Buffer.alloc(1000));
	await expect(checkNeeds(needs, store, silent)).rejects.toMatchObject({
		message: expect.stringMatching(/^too little room in .*: this build takes about 1048576 TiB of disk, and .* are free$/),
		remedy: expect.stringMatching(/^`persona gc` would free 0 B, with --keep-days 0 0 B; or set XDG_CACHE_HOME/),
	});
});

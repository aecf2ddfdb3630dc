// SPDX-License-Identifier: Apache-2.0
// Kernel modules: the closure of what a persona's devices need, taken out of the kernel's package once, loaded in order at the start.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { busyboxTree } from "../../components/image/busybox.ts";
import type { FileTree } from "../../components/image/file-tree.ts";
import { VIRT } from "../../components/image/guest-machine.ts";
import { addModules, deviceModules, kernelModules, MODULE_LIST } from "../../components/image/kernel-modules.ts";
import type { LockEntry } from "../../components/image/lock.ts";
import { openStore, type Store } from "../../components/image/store.ts";
import { silent } from "../../components/util/progress.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const KERNEL = "lib/modules/6.1/kernel";
const entry = { name: "linux-image-6.1", version: "1", sha256: "5".repeat(64) } as LockEntry;

/** A package of modules: path → what it depends on. */
function packageOf(modules: Record<string, string>): string {
	const folder = temporaryFolder();
	mkdirSync(join(folder, "tree/DEBIAN"), { recursive: true });
	const control = `Package: ${entry.name}\nVersion: 1\nArchitecture: arm64\nMaintainer: nobody\nDescription: test\n`;
	writeFileSync(join(folder, "tree/DEBIAN/control"), control);
	for (const [path, depends] of Object.entries(modules)) {
		const file = join(folder, "tree", KERNEL, path);
		mkdirSync(join(file, ".."), { recursive: true });
		writeFileSync(file, `\x7fELF\0alias=x\0depends=${depends}\0retpoline=Y\0${path}`);
	}
	execFileSync("dpkg-deb", ["--root-owner-group", "-b", join(folder, "tree"), join(folder, "kernel.deb")], { stdio: "ignore" });
	return join(folder, "kernel.deb");
}

const modules = {
	"drivers/net/virtio_net.ko": "net_failover",
	"drivers/net/net_failover.ko": "failover",
	"net/core/failover.ko": "",
	"drivers/char/hw_random/virtio-rng.ko": "",
	"drivers/unrelated.ko": "failover",
	"sound/far.ko": "failover",
};

async function take(names: string[], store: Store, path = packageOf(modules)) {
	let fetched = 0;
	const fetch = async () => {
		fetched++;
		return { digest: "", size: 0, path };
	};
	const found = await kernelModules(entry, names, fetch, { store, progress: silent });
	return { found, fetched };
}

test("a module comes after all it depends on, once, by either spelling of its name", async () => {
	const { found } = await take(["virtio_rng", "virtio-net", "failover"], await openStore(temporaryFolder()));
	expect(found.map(({ path }) => path)).toEqual([
		`${KERNEL}/drivers/char/hw_random/virtio-rng.ko`,
		`${KERNEL}/net/core/failover.ko`,
		`${KERNEL}/drivers/net/net_failover.ko`,
		`${KERNEL}/drivers/net/virtio_net.ko`,
	]);
});

test("what was taken out once comes from the store", async () => {
	const store = await openStore(temporaryFolder());
	const first = await take(["virtio_net"], store);
	const again = await take(["virtio_net"], store, "/nowhere");
	expect(first.fetched).toBeGreaterThan(0);
	expect(again).toEqual({ found: first.found, fetched: 0 });
	rmSync(first.found[0]?.blob.path ?? "");
	expect((await take(["virtio_net"], store)).found).toEqual(first.found);
});

test("a module from an unexpected folder is found as well", async () => {
	const { found } = await take(["far"], await openStore(temporaryFolder()));
	expect(found.map(({ path }) => path)).toEqual([`${KERNEL}/net/core/failover.ko`, `${KERNEL}/sound/far.ko`]);
});

test("a name the package does not have is an error", async () => {
	await expect(take(["virtio_gone"], await openStore(temporaryFolder()))).rejects.toThrow(
		"linux-image-6.1 has no module virtio_gone",
	);
});

test("a guest with modules loads them before it says that it is up, and one without has none", async () => {
	const { found } = await take(["net_failover"], await openStore(temporaryFolder()));
	const withModules = await busyboxTree([], {
		hostname: "work",
		hasModules: true,
		hasAgent: false,
		hasNetwork: false,
		hasVolumes: false,
	});
	await addModules(withModules, found);
	expect(text(withModules, MODULE_LIST)).toBe(`/${KERNEL}/net/core/failover.ko\n/${KERNEL}/drivers/net/net_failover.ko\n`);
	expect(text(withModules, `${KERNEL}/net/core/failover.ko`)).toContain("net/core/failover.ko");
	const start = text(withModules, "etc/init.d/rcS");
	expect(start.indexOf(`</${MODULE_LIST}`)).toBeGreaterThan(0);
	expect(start.indexOf(`</${MODULE_LIST}`)).toBeLessThan(start.indexOf("persona: READY"));

	const without = await busyboxTree([], {
		hostname: "work",
		hasModules: false,
		hasAgent: false,
		hasNetwork: false,
		hasVolumes: false,
	});
	expect([...without.keys()].filter((path) => path.startsWith("lib"))).toEqual([]);
	expect(text(without, "etc/init.d/rcS")).toBe(start.replace(/^while read -r module.*\n/m, ""));
});

test("a watchdog is set and refreshed where it is declared, and nowhere else", async () => {
	const root = { hostname: "work", hasModules: false, hasAgent: false, hasNetwork: false };
	expect(text(await busyboxTree([], { ...root, watchdogSeconds: 30 }), "etc/init.d/rcS")).toContain(
		"watchdog -T 30 -t 10 /dev/watchdog",
	);
	expect(text(await busyboxTree([], { ...root, watchdogSeconds: 2 }), "etc/init.d/rcS")).toContain("watchdog -T 2 -t 1 ");
	expect(text(await busyboxTree([], root), "etc/init.d/rcS")).not.toContain("watchdog");
});

test("a persona without virtio devices needs no module and has no slot", () => {
	const devices = { display: true, input: false, network: "none", agent: false, audio: false };
	expect(deviceModules({ devices })).toEqual([]);
	expect(deviceModules({ devices: { ...devices, input: true } })).toEqual(["virtio_mmio", "virtio_input", "evdev"]);
	expect(deviceModules({ devices, watchdogSeconds: 30 })).toEqual(["sbsa_gwdt"]);
	expect(deviceModules({ devices, watchdogSeconds: null })).toEqual([]);
	expect(VIRT.virtioSlots(7)).toEqual([]);
	expect(VIRT.virtioSlots(15)).toEqual([0, 1]);
});

function text(tree: FileTree, path: string): string {
	return Buffer.from(tree.get(path)?.data ?? []).toString();
}

// SPDX-License-Identifier: Apache-2.0
// Guests as users get them: built from Debian's packages, the same bytes everywhere, and up in plain QEMU.
import { execFile, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { debianArchives } from "../../components/image/debian-sources.ts";
import { findGuest } from "../../components/image/guest.ts";
import {
	buildGuest,
	checkLock,
	fetchLocked,
	guestInputs,
	guestKey,
	guestSources,
	loadLock,
	openStore,
	relockForTests,
	updateLock,
} from "../../components/image/index.ts";
import { lockPath, referenceOf, saveLock } from "../../components/image/lock.ts";
import { blobPath } from "../../components/image/store.ts";
import { loadAndCheckPhone } from "../../components/policy/index.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { silent } from "../../components/util/progress.ts";
import { AT_ONCE } from "../at-once.ts";
import { warmStore } from "./warm-store.ts";

const worker = fileURLToPath(new URL("build-worker.ts", import.meta.url));
const folders: string[] = [];

function temporaryFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "persona-guest-test-"));
	folders.push(folder);
	return folder;
}

afterAll(() => {
	for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

type Built = Record<string, { key: string; digest: string; size: number }>;

/** Builds a phone's guests, and with `device` what is composed of them, in another process. */
async function build(
	store: string,
	phone: string,
	changes: { umask?: string; TZ?: string; device?: boolean } = {},
): Promise<Built> {
	const script = `umask ${changes.umask ?? "022"}; exec "$@"`;
	// Compiled anew each time, without ccache.
	const env = { ...process.env, CCACHE: undefined, TZ: changes.TZ ?? "UTC" };
	const command = [process.execPath, worker, store, phone, ...(changes.device === true ? ["device"] : [])];
	const { stdout } = await promisify(execFile)("sh", ["-c", script, "sh", ...command], { env });
	return JSON.parse(stdout) as Built;
}

/** A project with the demo's documents, in a folder of its own. */
function demoProject(): string {
	const folder = join(temporaryFolder(), "a clone");
	for (const part of ["personas", "stacks", "boards"]) cpSync(join(packageRoot(), part), join(folder, part), { recursive: true });
	cpSync(lockPath(packageRoot()), join(folder, "persona.lock.yaml"));
	return folder;
}

/** What a guest prints on plain QEMU's console until `last` shows, having been told `commands` once it was ready. */
async function consoleOf(
	digests: { kernel: string; initramfs: string },
	commandLine: string,
	memoryMiB: number,
	commands: string,
	last: RegExp,
): Promise<string> {
	const args = [
		"-M",
		"virt,gic-version=3",
		"-cpu",
		"cortex-a57",
		"-m",
		String(memoryMiB),
		"-nodefaults",
		"-display",
		"none",
		"-serial",
		"stdio",
	];
	const files = ["-kernel", digests.kernel, "-initrd", digests.initramfs, "-append", commandLine];
	const qemu = spawn("qemu-system-aarch64", [...args, ...files], { stdio: ["pipe", "pipe", "inherit"] });
	let output = "";
	let told = false;
	qemu.stdin.on("error", () => {});
	const ended = new Promise<void>((settle) => qemu.once("close", () => settle()));
	try {
		for await (const chunk of qemu.stdout) {
			output += String(chunk);
			// A shell's prompt: whatever was typed before it would be lost.
			if (!told && /persona: READY/.test(output) && /~# /.test(output)) {
				told = true;
				qemu.stdin.write(`${commands}\n`);
			}
			if (last.test(output) || /Kernel panic/.test(output)) break;
		}
	} finally {
		qemu.kill("SIGKILL");
		await ended;
	}
	return output;
}

async function boot(storeDir: string, key: string, memoryMiB: number, commands: string, last: RegExp): Promise<string> {
	const store = await openStore(storeDir);
	const found = await findGuest(key, store);
	const initramfs = found?.record.initramfs;
	if (found === undefined || initramfs === undefined) throw new Error("the guest is not in the store");
	const paths = { kernel: blobPath(storeDir, found.record.kernel.digest), initramfs: blobPath(storeDir, initramfs.digest) };
	return consoleOf(paths, found.record.commandLine, memoryMiB, commands, last);
}

/** A store of the test's own with the demo's packages in it and nothing built. */
async function freshStore(): Promise<string> {
	const dir = join(temporaryFolder(), "store");
	await warmStore(dir);
	return dir;
}

describe("the demo's guests", () => {
	let built: string; // a store with the demo's guests in it

	test("are the same bytes from two clones, umasks, time zones and stores, and so are Veil and the device image", async () => {
		const [one, two] = [await freshStore(), await freshStore()];
		const phone = () => {
			const folder = demoProject();
			// With every program of ours in them that a guest may have.
			const work = join(folder, "personas/work.yaml");
			const volume = "storage:\n  - { name: data, sizeMiB: 64, mount: /data, encrypted: true }\n";
			writeFileSync(work, `${readFileSync(work, "utf8")}${volume}`);
			return join(folder, "stacks/dev.phone.yaml");
		};

		const first = await build(one, phone(), { umask: "022", TZ: "UTC", device: true });
		const second = await build(two, phone(), { umask: "077", TZ: "Pacific/Kiritimati", device: true });

		expect(Object.keys(first)).toEqual(["work", "personal", "veil", "device"]);
		expect(second).toEqual(first);
		built = one;
	});

	test("come up with their overlay and name, and can be switched off", async () => {
		const project = demoProject();
		writeFileSync(join(project, "personas/work/etc/rc.local"), "#!/bin/sh\necho started-by-overlay\n", { mode: 0o755 });
		const { work } = await build(built, join(project, "stacks/dev.phone.yaml"));

		const output = await boot(built, work?.key ?? "", 192, "hostname; poweroff", /reboot: Power down/);

		expect(output).toMatch(/started-by-overlay\s+persona: READY/);
		expect(output).toContain("This is the work persona.");
		expect(output).toMatch(/work:~# .*hostname[\s\S]*\nwork\s/);
		expect(output).toContain("reboot: Power down");
	});

	test("stop being built within a second of an abort", AT_ONCE, async () => {
		const store = await openStore(await freshStore());
		const project = demoProject();
		const { resolved } = await loadAndCheckPhone(join(project, "stacks/dev.phone.yaml"));
		const [work] = resolved?.personas ?? [];
		if (resolved === undefined || work === undefined) throw new Error("no phone");
		const lock = await loadLock(project);
		const inputs = await guestInputs(work, resolved.board.document, lock);
		// While the kernel is taken out of its package, which takes seconds.
		const stop = new AbortController();
		const building = buildGuest(inputs, guestSources(work), {
			store,
			lock,
			signal: stop.signal,
			progress: silent,
			projectDir: project,
		});
		let aborted = 0;
		setTimeout(() => {
			aborted = Date.now();
			stop.abort();
		}, 300);
		await expect(building).rejects.toThrow(/abort/i);
		expect(Date.now() - aborted).toBeLessThan(1000);
		expect(await findGuest(guestKey(inputs), store)).toBeUndefined();
	});

	test("rebuild only the one whose overlay changed", async () => {
		const project = demoProject();
		const before = await build(built, join(project, "stacks/dev.phone.yaml"));
		writeFileSync(join(project, "personas/work/etc/motd"), "changed\n");
		const after = await build(built, join(project, "stacks/dev.phone.yaml"));
		expect(after.personal).toEqual(before.personal);
		expect(after.work?.key).not.toBe(before.work?.key);
		expect(after.work?.digest).not.toBe(before.work?.digest);
	});
});

describe("packages of the user's choice", () => {
	const persona = (name: string, colour: string, guest: string, memoryMiB: number) =>
		`version: 1\nkind: Persona\nname: ${name}\nindicator: { label: ${name}, colour: "${colour}" }\nguest: ${guest}\nresources: { memoryMiB: ${memoryMiB} }\n`;

	async function project(guest: string, memoryMiB: number): Promise<string> {
		const folder = temporaryFolder();
		mkdirSync(join(folder, "stacks"));
		writeFileSync(join(folder, "stacks/one.yaml"), persona("one", "#112233", guest, memoryMiB));
		writeFileSync(
			join(folder, "stacks/x.phone.yaml"),
			"version: 1\nkind: Phone\nname: x\nboard: qemu-virt\npersonas: [one.yaml]\n",
		);
		return folder;
	}

	/** The user's cache: what a full system takes minutes to install is kept there between runs. */
	const cache = async () => (await openStore()).dir;

	async function built(folder: string, request: Parameters<typeof updateLock>[1]["requests"][number]): Promise<string> {
		const { PERSONA_LOCK: _, ...env } = process.env;
		const path = join(folder, "persona.lock.yaml");
		const { lock } = await updateLock(folder, { requests: [request], mode: "all", path });
		expect(checkLock(lock, [request])).toEqual([]);
		const { stdout } = await promisify(execFile)(process.execPath, [worker, await cache(), join(folder, "stacks/x.phone.yaml")], {
			env,
		});
		return (JSON.parse(stdout) as Built).one?.key ?? "";
	}

	test("run on busybox with the libraries they need", async () => {
		const folder = await project("{ packages: [dropbear-bin] }", 192);
		const key = await built(folder, { base: "busybox", packages: ["dropbear-bin"] });
		const output = await boot(await cache(), key, 192, "dropbear -V; poweroff", /reboot: Power down/);
		expect(output).toMatch(/\nDropbear v2022/);
	});
});

test("a version the mirror has dropped: builds say what to do, test runs take the current one", async () => {
	const folder = temporaryFolder();
	const { PERSONA_LOCK: other } = process.env;
	const lock = await loadLock(packageRoot());
	const [first] = lock.debian.packages;
	if (first === undefined) throw new Error("nothing is locked");
	const gone = { ...first, version: "0.0-1", file: first.file.replace(/_[^_]*_/, "_0.0-1_"), sha256: "0".repeat(64) };
	const swap = (reference: string) => (reference === referenceOf(first) ? referenceOf(gone) : reference);
	const guests = lock.debian.guests.map((guest) => ({ ...guest, install: guest.install.map(swap) }));
	const packages = lock.debian.packages.map((entry) => (entry === first ? gone : entry));
	await saveLock({ ...lock, debian: { ...lock.debian, guests, packages } }, join(folder, "persona.lock.yaml"));
	const messages: string[] = [];
	delete process.env.PERSONA_LOCK;
	try {
		const store = await openStore();
		await expect(fetchLocked(await loadLock(folder), { store, progress: silent })).rejects.toMatchObject({
			name: "UserError",
			message: expect.stringMatching(/0\.0-1 could not be fetched: \S+ no longer has it/),
			remedy: expect.stringContaining("persona lock --update"),
		});
		const path = await relockForTests(folder, temporaryFolder(), (message) => messages.push(message));
		expect(path).toBeDefined();
		expect(existsSync(path ?? "")).toBe(true);
	} finally {
		if (other !== undefined) process.env.PERSONA_LOCK = other;
	}
	expect(messages.join("\n")).toContain("this test run takes what the mirror has now");
});

test("this machine's mirrors are known", () => {
	expect(debianArchives()).toMatchObject({ debian: expect.stringMatching(/^\w+:\/\/.*debian$/) });
});

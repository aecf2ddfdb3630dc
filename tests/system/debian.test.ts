// SPDX-License-Identifier: Apache-2.0
// Stock Debian as a persona: systemd, its services and a login from Debian's own packages, unchanged, on the real Veil beside a neighbour.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findGuest } from "../../components/image/guest.ts";
import { checkLock, openStore, updateLock } from "../../components/image/index.ts";
import { blobPath } from "../../components/image/store.ts";
import { type GuestPhone, openWorkshop, type Workshop } from "../guests/phone.ts";

const worker = fileURLToPath(new URL("build-worker.ts", import.meta.url));
const MEMORY_MIB = 320;

/** Builds `base: debian` with a package; the root filesystem is kept in the user's cache by the packages it is made of. */
async function build(folder: string): Promise<{ kernel: string; initramfs: string; commandLine: string }> {
	mkdirSync(join(folder, "stacks"));
	writeFileSync(
		join(folder, "stacks/one.yaml"),
		`version: 1\nkind: Persona\nname: full\nindicator: { label: full, colour: "#112233" }\nguest: { base: debian, packages: [jq], commandLine: quiet }\nresources: { memoryMiB: ${MEMORY_MIB} }\n`,
	);
	writeFileSync(join(folder, "stacks/x.phone.yaml"), "version: 1\nkind: Phone\nname: x\nboard: qemu-virt\npersonas: [one.yaml]\n");
	const request = { base: "debian" as const, packages: ["jq"] };
	const { lock } = await updateLock(folder, { requests: [request], mode: "all", path: join(folder, "persona.lock.yaml") });
	expect(checkLock(lock, [request])).toEqual([]);
	const store = await openStore();
	const { PERSONA_LOCK: _, ...env } = process.env;
	const { stdout } = await promisify(execFile)(process.execPath, [worker, store.dir, join(folder, "stacks/x.phone.yaml")], { env });
	const found = await findGuest((JSON.parse(stdout) as { full: { key: string } }).full.key, store);
	const initramfs = found?.record.initramfs;
	if (found === undefined || initramfs === undefined) throw new Error("the guest is not in the store");
	const { kernel, commandLine } = found.record;
	return { kernel: blobPath(store.dir, kernel.digest), initramfs: blobPath(store.dir, initramfs.digest), commandLine };
}

/** Without the escape sequences of bash's line editor. */
function plain(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
	return text.replaceAll(/\x1b\[\?2004[hl]/g, "");
}

describe("a full Debian system as a persona", () => {
	let folder: string;
	let workshop: Workshop;
	let phone: GuestPhone;

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "persona-debian-"));
		const { commandLine, ...files } = await build(folder);
		workshop = await openWorkshop();
		phone = await workshop.start([
			{ guest: "debian", name: "full", ...files, words: commandLine, memoryMiB: MEMORY_MIB },
			{ guest: "neighbour", words: "ms=100" },
		]);
	}, 900_000);
	afterAll(async () => {
		await phone?.stop();
		workshop?.close();
		rmSync(folder, { recursive: true, force: true });
	});

	test("comes up to its multi-user target and a login", async () => {
		await phone.says("full", "persona: READY", 240);
		await phone.says("full", "root@full:~# ", 30);
	});

	test("has all its services running", async () => {
		await phone.types(
			"full",
			"systemctl is-system-running --wait; systemctl --failed --no-legend --plain | wc -l | sed s/^/failed-units=/\n",
		);
		await phone.says("full", /\nfailed-units=0\s/, 60);
		expect(plain(phone.console("full"))).toMatch(/\nrunning\s/);
		await phone.types("full", "systemctl is-active multi-user.target systemd-journald; jq --version\n");
		await phone.says("full", /active\nactive\njq-1\.\d/);
	});

	test("switches itself off, and its neighbour goes on", async () => {
		const before = phone.progress("neighbour");
		await phone.types("full", "poweroff\n");
		await phone.until("off", async () => (await phone.control.personaStatus("full")).state === "off", 60);
		expect(await phone.control.personaStatus("full")).toMatchObject({ reason: "guestOff", restarts: 0, starts: 1 });
		await phone.until("progress", () => phone.progress("neighbour") > before + 3);
	});
});

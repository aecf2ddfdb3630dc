// SPDX-License-Identifier: Apache-2.0
// UEFI firmware as a persona: Debian's EDK II from read-only flash, its variables in a flash of their own, to its shell and off again; and
// on from there to a Debian kernel and its initial filesystem, which it reads from the persona's volume.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { volumePlace } from "../../components/handset/volumes.ts";
import { findGuest } from "../../components/image/guest.ts";
import { buildGuest, guestInputs, guestSources, loadLock, openStore } from "../../components/image/index.ts";
import { blobPath } from "../../components/image/store.ts";
import { loadAndCheckPhone } from "../../components/policy/index.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { run } from "../../components/util/process.ts";
import { silent } from "../../components/util/progress.ts";
import { type GuestPhone, openWorkshop, type Workshop } from "../guests/phone.ts";

/** Of the package qemu-efi-aarch64, which set-up for tests installs. */
const FIRMWARE = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd";

describe("a persona with UEFI firmware", () => {
	let workshop: Workshop;
	let phone: GuestPhone;

	beforeAll(async () => {
		workshop = await openWorkshop();
		phone = await workshop.start([
			{ guest: "uefi", kernel: FIRMWARE, firmware: true, memoryMiB: 128 },
			{ guest: "neighbour", words: "ms=100" },
		]);
	});
	afterAll(async () => {
		await phone?.stop();
		workshop?.close();
	});

	/** Types a command and waits for its answer; the shell moves the cursor with every character. */
	async function shell(command: string, answer: RegExp): Promise<void> {
		// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
		const said = () => phone.console("uefi").replaceAll(/\x1b\[[=\d;]*[A-Za-z]/g, "");
		await phone.types("uefi", `${command}\r`);
		await phone.until(command, () => answer.test(said().slice(said().lastIndexOf(command))), 60);
	}

	test("comes to its shell", async () => {
		await phone.says("uefi", "Press", 120);
		await phone.types("uefi", "\x1b");
		await phone.says("uefi", "Shell> ", 60);
	});

	test("keeps variables in its flash", async () => {
		await shell("setvar colour -guid 6b5cf8f5-3f0c-4c3c-9d0e-0a4a9f1c2b77 -bs -nv =0x00c0ffee", /\nShell> $/);
		await shell(
			"dmpstore -guid 6b5cf8f5-3f0c-4c3c-9d0e-0a4a9f1c2b77",
			/Variable NV\+BS '6B5CF8F5-[-0-9A-F]*:colour' DataSize = 0x04[\s\S]*EE FF C0 00/,
		);
	});

	test("switches itself off, was refused nothing, and its neighbour goes on", async () => {
		const before = phone.progress("neighbour");
		const { refusedMemory, refusedRegisters } = await phone.control.statistics("uefi");
		expect({ refusedMemory, refusedRegisters }).toEqual({ refusedMemory: 0n, refusedRegisters: 0n });
		await phone.types("uefi", "reset -s\r");
		await phone.until("off", async () => (await phone.control.personaStatus("uefi")).state === "off", 60);
		await phone.until("progress", () => phone.progress("neighbour") > before + 3);
	});
});

describe("a persona with UEFI firmware and a volume", () => {
	const VOLUME = { name: "system", sizeMiB: 64 };
	let folder: string;
	let workshop: Workshop;
	let phone: GuestPhone;

	/** A file system as firmware reads it, with a kernel, its initial filesystem and what the shell does by itself. */
	async function systemVolume(): Promise<string> {
		const { resolved } = await loadAndCheckPhone(join(packageRoot(), "stacks/dev.phone.yaml"));
		const persona = resolved?.personas[0];
		if (resolved === undefined || persona === undefined) throw new Error("the demo phone has problems");
		const [store, lock] = [await openStore(), await loadLock(packageRoot())];
		const inputs = await guestInputs(persona, resolved.board.document, lock);
		const context = { store, lock, progress: silent, projectDir: packageRoot() };
		const { key } = await buildGuest(inputs, guestSources(persona), context);
		const record = (await findGuest(key, store))?.record;
		if (record?.initramfs === undefined) throw new Error("the guest is not in the store");
		const startup = join(folder, "startup.nsh");
		writeFileSync(startup, "fs0:\r\nlinux.efi initrd=\\initrd.img console=ttyAMA0 quiet panic=-1\r\n");
		const image = join(folder, "system.img");
		await run("truncate", ["-s", `${VOLUME.sizeMiB}M`, image]);
		await run("mkfs.vfat", ["-F", "32", image], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` } });
		for (const [from, to] of [
			[blobPath(store.dir, record.kernel.digest), "linux.efi"],
			[blobPath(store.dir, record.initramfs.digest), "initrd.img"],
			[startup, "startup.nsh"],
		] as const)
			await run("mcopy", ["-i", image, from, `::${to}`]);
		return image;
	}

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "persona-uefi-"));
		const image = await systemVolume();
		workshop = await openWorkshop();
		phone = await workshop.start([{ guest: "uefi", kernel: FIRMWARE, firmware: true, memoryMiB: 320, volumes: [VOLUME] }], {
			beforeStart: async (handset) => {
				const place = await volumePlace({ handset, persona: "uefi", name: VOLUME.name });
				if (place === undefined) throw new Error("there is no volume");
				const disk = await open(place.path, "r+");
				await disk.write(await readFile(image), 0, place.size, place.offset);
				await disk.close();
			},
		});
	});
	afterAll(async () => {
		await phone?.stop();
		workshop?.close();
		rmSync(folder, { recursive: true, force: true });
	});

	test("boots Debian from it", async () => {
		await phone.says("uefi", "Press", 120);
		await phone.says("uefi", "persona: READY", 180);
		expect(await phone.control.personaStatus("uefi")).toMatchObject({ state: "running", starts: 1 });
	});

	test("is refused nothing that it did not look for", async () => {
		const { refusedMemory, refusedStorage } = await phone.control.statistics("uefi");
		expect({ refusedMemory, refusedStorage }).toEqual({ refusedMemory: 0n, refusedStorage: 0n });
	});
});

// SPDX-License-Identifier: Apache-2.0
// UEFI firmware as a persona: Debian's EDK II from read-only flash, its variables in a flash of their own, to its shell and off again.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

// SPDX-License-Identifier: Apache-2.0
// Veil's promised costs on the N800, counted in instructions as in budget.test.ts. What is promised and not yet reached says what it costs now,
// so that it can only become cheaper.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bareIntegrator } from "../../bench/bare.ts";
import { measureN800Call, measureN800Micro, measureN800Switch, type N800Micro } from "../../bench/n800-micro.ts";
import { n800Size } from "../../bench/n800-size.ts";
import { openSetting, type Setting } from "../../bench/setting.ts";
import { veilSizes, veilSystem } from "../../bench/veil.ts";
import { VEIL_KEY_BYTES } from "../../components/image/abi.ts";
import { silent } from "../../components/util/progress.ts";

let setting: Setting & { close(): Promise<void> };
beforeAll(async () => {
	setting = await openSetting(silent, "n800");
});
afterAll(() => setting.close());

const veil = () => veilSystem(setting.veil, setting.plugin, setting.folder, { board: "n800" });

describe("instructions for", () => {
	let micro: N800Micro;
	beforeAll(async () => {
		micro = await measureN800Micro(veil(), setting.guests);
	});

	it("a hypercall", async () => {
		expect(await measureN800Call(veil(), setting.guests)).toBeLessThanOrEqual(100);
	});

	it("a read of CP15", () => {
		expect(micro.p15).toBeGreaterThan(1);
		expect(micro.p15).toBeLessThanOrEqual(150);
	});

	it("a program that only computes: at most 1.005 times its native ones", async () => {
		const bare = await measureN800Micro(bareIntegrator(setting.plugin, setting.folder), setting.guests);
		expect(bare.computing).toBeGreaterThan(100_000_000);
		expect(micro.computing / bare.computing).toBeLessThanOrEqual(1.005);
	});

	it.each<[string, keyof N800Micro, number]>([
		["an emulated UART read", "deviceRead", 200],
		["an abort to the guest's handler", "abort", 250],
		["the first access to a small page", "pageFill", 400],
	])("%s", (_, what, budget) => {
		expect(micro[what]).toBeGreaterThan(1);
		expect(micro[what]).toBeLessThanOrEqual(budget);
	});

	it("an interrupt that switches to its sleeping guest", async () => {
		const instructions = await measureN800Switch(veil(), setting.guests);
		expect(instructions).toBeGreaterThan(1);
		expect(instructions).toBeLessThanOrEqual(400);
	});
});

describe("bytes of", () => {
	it("Veil in the image, and RAM that two guests cost", async () => {
		const guest = { kernel: `${setting.guests}/micro.elf`, arguments: "", memoryMiB: 40 };
		const sizes = await veilSizes(setting.veil, setting.folder, [guest, guest], { board: "n800" });
		expect(sizes.file).toBeLessThanOrEqual(64 * 1024);
		expect(sizes.ram).toBeLessThanOrEqual(4 * 1024 * 1024);
	});

	it("the code that isolates", async () => {
		expect((await n800Size(setting.folder)).isolating).toBeLessThanOrEqual(32 * 1024);
	});

	it("a Veil with four keys, and its code that isolates", async () => {
		const keys = ["1", "2", "3", "4"].map((digit) => digit.repeat(2 * VEIL_KEY_BYTES));
		const size = await n800Size(setting.folder, keys);
		expect(size.file).toBeLessThanOrEqual(64 * 1024);
		expect(size.isolating).toBeLessThanOrEqual(32 * 1024);
	});
});

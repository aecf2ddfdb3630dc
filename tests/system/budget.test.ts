// SPDX-License-Identifier: Apache-2.0
// Veil's promised costs, counted in instructions: the same on every machine and every run. `npm run bench` compares them with others'.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Micro, measureMicro, measureSwitch, measureWorstTimer } from "../../bench/micro.ts";
import { openSetting, type Setting } from "../../bench/setting.ts";
import { type VeilSizes, veilSizes, veilSystem } from "../../bench/veil.ts";
import { VEIL_KEY_BYTES } from "../../components/image/abi.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { run } from "../../components/util/process.ts";
import { silent } from "../../components/util/progress.ts";

let setting: Setting & { close(): Promise<void> };
beforeAll(async () => {
	setting = await openSetting(silent);
});
afterAll(() => setting.close());

const veil = () => veilSystem(setting.veil, setting.plugin, setting.folder);

describe("instructions for", () => {
	let micro: Micro;
	beforeAll(async () => {
		micro = await measureMicro(veil(), setting.guests);
	});

	it.each<[string, keyof Micro, number]>([
		["a hypercall", "hypercall", 120],
		["an emulated UART read", "uartRead", 150],
		["a timer interrupt to a busy guest", "timerBusy", 150],
		["a timer interrupt to a guest in WFI", "timerIdle", 250],
		["an interrupt to itself", "interruptToSelf", 400],
		["an end of interrupt, which does not trap", "endOfInterrupt", 1],
	])("%s", (_, what, budget) => {
		expect(micro[what]).toBeGreaterThan(0);
		expect(micro[what]).toBeLessThanOrEqual(budget);
	});

	it("a switch between guests with FP registers", async () => {
		expect(await measureSwitch(veil(), setting.guests)).toBeLessThanOrEqual(600);
	});

	it("a timer interrupt while the neighbour spins, at worst", async () => {
		expect(await measureWorstTimer(veil(), setting.guests, "spins", 50)).toBeLessThanOrEqual(2000);
	});

	it("a timer interrupt while the neighbour is zeroed and hashed, at worst", async () => {
		expect(await measureWorstTimer(veil(), setting.guests, "fills RAM and resets")).toBeLessThanOrEqual(10_000);
	});

	it("all of it are the same in every run", async () => {
		const again = await measureMicro(veil(), setting.guests);
		expect(again).toEqual(micro);
	});
});

describe("bytes of", () => {
	let sizes: VeilSizes;
	beforeAll(async () => {
		const guest = { kernel: `${setting.guests}/micro.img`, arguments: "", memoryMiB: 256 };
		sizes = await veilSizes(setting.veil, setting.folder, [guest, guest]);
	});

	it("Veil in the image: at most 64 KiB", () => {
		expect(sizes.file).toBeLessThanOrEqual(64 * 1024);
	});

	it("a Veil with four keys, whatever they are: at most 64 KiB", async () => {
		const build = join(setting.folder, "keyed");
		const keys = Array.from({ length: 4 }, () => "1".repeat(2 * VEIL_KEY_BYTES)).join(",");
		await run("make", ["-s", "-C", join(packageRoot(), "hypervisor"), "BOARD=qemu-virt", `BUILD=${build}`, `KEYS=${keys}`]);
		expect((await stat(join(build, "veil.bin"))).size).toBeLessThanOrEqual(64 * 1024);
	});

	it("RAM that two guests cost: at most 1 MiB", () => {
		expect(sizes.ram).toBeLessThanOrEqual(1024 * 1024);
	});
});

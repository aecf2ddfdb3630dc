// SPDX-License-Identifier: Apache-2.0
// The tablet of 2007: Linux personas on an emulated N800, from its flash to READY and beyond, with everything that a user does with them.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { controlClient, observeHandset, personaScreenshot, screenshot } from "../../components/handset/index.ts";
import { waitUntil } from "../../components/handset/processes.ts";
import { armProgram } from "../../components/image/elf-arm.ts";
import { findGuest } from "../../components/image/guest.ts";
import { guestInputs, guestKey, loadLock, openStore, readDeviceImage } from "../../components/image/index.ts";
import { linuxArmv6 } from "../../components/image/linux-armv6.ts";
import { restoreProgram } from "../../components/image/patch-arm.ts";
import { DEVELOPMENT_MARK, stripPixels } from "../../components/image/strip.ts";
import { loadAndCheckPhone } from "../../components/policy/index.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { silent } from "../../components/util/progress.ts";
import { persona } from "../cli/run.ts";
import { expectBothReady, expectCommandsWork, killQemu, type RunningPhone, runningPhone, until } from "./running-phone.ts";

const ID = "n800-test";
const FILE = join(packageRoot(), "stacks", "n800.phone.yaml");
const BUILD_MS = 1_800_000; // the first time, the guests' kernel is compiled
const [WIDTH, HEIGHT, STRIP_ROWS, EDGE_ROWS] = [800, 480, 64, 16];
const TOUCH_MAX = 0x7fff; // of both axes
const WORK = { label: "Work", colour: 0xc0392b };
const PERSONAL = { label: "Personal", colour: 0x2471a3 };
let phone: RunningPhone;

beforeAll(async () => {
	phone = await runningPhone(ID, FILE);
}, BUILD_MS);
afterAll(() => phone.close());

/** A picture as the screen's controller has it: RGB565. */
function narrow(png: Uint8Array): Uint16Array {
	const { width, height, channels, data } = decode(png);
	expect([width, height]).toEqual([WIDTH, HEIGHT]);
	const at = (index: number) => data[index] ?? 0;
	return Uint16Array.from({ length: width * height }, (_, pixel) => {
		const from = pixel * channels;
		return ((at(from) >> 3) << 11) | ((at(from + 1) >> 2) << 5) | (at(from + 2) >> 3);
	});
}

/** Rows of a picture, of some columns only. */
function part(pixels: Uint16Array, rows: readonly [number, number], columns: readonly [number, number] = [0, WIDTH]): number[] {
	const [first, end] = rows;
	return Array.from({ length: end - first }, (_, row) => [
		...pixels.subarray((first + row) * WIDTH + columns[0], (first + row) * WIDTH + columns[1]),
	]).flat();
}

const strip = (of: typeof WORK) =>
	new Uint16Array(stripPixels({ ...of, mark: DEVELOPMENT_MARK }, WIDTH, STRIP_ROWS, "rgb565").buffer);
const shown = async () => narrow(await screenshot(ID));
const foreground = async () => (await observeHandset(ID)).foreground;

/** So many of an input device's events, as persona `personal` hears them while something is done; again and again, since it may not listen yet. */
async function eventsHeard(device: number, count: number, act: () => Promise<void>): Promise<string> {
	const command = `dd if=/dev/input/event${device} bs=16 count=${count} 2>/dev/null | hexdump -v -e '8/2 "%d " "\\n"'; echo he''ard\n`;
	let isHeard = false;
	const acting = (async () => {
		while (!isHeard) {
			await act();
			await new Promise((resolve) => setTimeout(resolve, 400));
		}
	})();
	try {
		return await phone.type("personal", command, /heard/);
	} finally {
		isHeard = true;
		await acting;
	}
}

describe("the tablet", () => {
	it("starts both personas from its flash, and `persona status` says so", async () => {
		await expectBothReady({ board: "n800", digest: phone.image.digest });
	});

	it("lets personas that have nothing to do sleep", async () => {
		await until(async () => {
			const { personas } = JSON.parse((await persona(["status", "--json"])).stdout) as { personas: { cpuPercent: number }[] };
			return personas.every(({ cpuPercent }) => cpuPercent < 25);
		});
	});

	it("has what the guests see as the phone of 2007 had it: 32 MiB, one ARM1136, an Integrator/CP", async () => {
		expect(await phone.type("work", "cat /proc/cpuinfo /proc/device-tree/model; echo; echo do''ne\n", /done/)).toMatch(
			/ARMv6-compatible processor rev 2[\s\S]*0xb36[\s\S]*ARM Integrator\/CP/,
		);
		expect(await phone.type("personal", "echo $((6 * 7))-$(hostname)\n", /42-personal/)).toContain("42-personal");
		const [, total = "0"] = /MemTotal: +(\d+) kB/.exec(await phone.type("work", "grep MemTotal /proc/meminfo\n", /kB/)) ?? [];
		expect(Number(total)).toBeGreaterThan(24 * 1024);
	});

	it("computes in user mode what it should, with floating point in both personas at once", async () => {
		const sum = `awk 'BEGIN { for (i = 1; i <= 20000; i++) s += 1 / i; printf "%.6f\\n", s }'\n`;
		const [one, two] = await Promise.all([phone.type("work", sum, /10\.480\d{3}/), phone.type("personal", sum, /10\.480\d{3}/)]);
		expect(/10\.480\d{3}/.exec(one)?.[0]).toBe("10.480728");
		expect(/10\.480\d{3}/.exec(two)?.[0]).toBe("10.480728");
	});

	it("shows the persona in front under a strip that it cannot write, and what changes only there", async () => {
		const body = async () => new Set(part(await shown(), [STRIP_ROWS, HEIGHT])).size;
		const picture = await shown();
		expect(part(picture, [0, STRIP_ROWS])).toEqual([...strip(PERSONAL)]);
		await phone.type("personal", "cat /dev/urandom > /dev/fb0; cat /proc/fb\n", /0 simple/);
		await until(async () => (await body()) > 10_000);
		expect(part(await shown(), [0, STRIP_ROWS])).toEqual([...strip(PERSONAL)]);
		expect(part(narrow(await personaScreenshot(ID, "work")), [0, STRIP_ROWS])).toEqual([...strip(WORK)]);
		await persona(["switch", "work"]);
		await until(async () => (await body()) < 100);
		expect(part(await shown(), [0, STRIP_ROWS])).toEqual([...strip(WORK)]);
	});

	it("shows both side by side, each as it draws", async () => {
		await persona(["switch", "personal", "--side-by-side"]);
		const [left, right] = [
			[0, WIDTH / 2],
			[WIDTH / 2, WIDTH],
		] as const;
		const both = async () => {
			const pixels = await shown();
			const drawn = new Set(part(pixels, [STRIP_ROWS, HEIGHT], right)).size > 10_000;
			return drawn && part(pixels, [STRIP_ROWS - EDGE_ROWS, STRIP_ROWS], left).every((pixel) => pixel === 0);
		};
		await until(both);
		const pixels = await shown();
		const above = [0, STRIP_ROWS - EDGE_ROWS] as const;
		expect(part(pixels, above, left)).toEqual(part(strip(WORK), above, left));
		expect(part(pixels, [0, STRIP_ROWS], right)).toEqual(part(strip(PERSONAL), [0, STRIP_ROWS], left));
		await persona(["switch", "personal"]);
	});

	it("gives keys to the persona in front, and switches when the hotkey is pressed, but not for a part of it", async () => {
		// Twice what a press has, since it may begin in the midst of one.
		const enter = / 1 28 1 0\s/; // KEY_ENTER, pressed
		expect(await eventsHeard(0, 8, () => phone.press("ret"))).toMatch(enter);
		await phone.press("f3"); // the power key of QEMU's tablet
		await new Promise((resolve) => setTimeout(resolve, 1000)); // longer than there may be between the two
		expect(await foreground()).toBe("personal");
		await until(async () => {
			await phone.press("f3", "f3"); // again where the host was too busy for two in that time
			return waitUntil(async () => (await foreground()) === "work", { deadlineMs: 3000 });
		});
		await persona(["switch", "personal"]);
	});

	it("tells the persona in front where its screen is touched, below the strip", async () => {
		const place = / 3 0 (\d+) 0\s+[^\n]* 3 1 (\d+) 0\s/g; // ABS_X, ABS_Y
		const [x, y, above] = [16384, 20000, (STRIP_ROWS * TOUCH_MAX) / HEIGHT];
		const act = async () => {
			await phone.touch(x / 2, y + 4000); // Linux tells only what is another than before
			await phone.touch(x, y);
		};
		const heard = await eventsHeard(1, 64, act);
		const rowBelow = (row: number) => ((row - above) * TOUCH_MAX) / (TOUCH_MAX - above);
		const isNear = (one: number, other: number) => Math.abs(one - other) < TOUCH_MAX / 100;
		const places = [...heard.matchAll(place)].map(([, column, row]) => [Number(column), Number(row)] as const);
		expect(places.filter(([column, row]) => isNear(column, x) && isNear(row, rowBelow(y)))).not.toEqual([]);
		expect(heard).toMatch(/ 1 330 1 0\s/); // BTN_TOUCH: the finger comes
		expect(heard).toMatch(/ 1 330 0 0\s/); // and goes
	});

	it("carries a clipboard from one to the other, as its policy allows, and runs commands", async () => {
		expect((await persona(["exec", "work", "hostname"])).stdout).toBe("work\n");
		await phone.type("personal", "echo copied | persona-agent clip work; echo gi''ven\n", /given/);
		await until(async () => (await persona(["exec", "work", "persona-agent", "paste"])).stdout === "copied\n");
	});

	it("pauses, resumes, stops and starts personas by command, and moves the foreground", async () => {
		await persona(["pause", "work"]);
		expect(await observeHandset(ID)).toMatchObject({ personas: [{ state: "paused" }, { state: "running" }] });
		await persona(["resume", "work"]);
		await expectCommandsWork(ID);
		const client = await controlClient(ID);
		expect((await client.statistics("work")).exits).toBeGreaterThan(1000n);
		client.close();
	});

	it("lets one persona panic and come back, while the other goes on", async () => {
		const [, untouched] = (await observeHandset(ID)).personas;
		await phone.panicWork();
		const [work, personal] = (await observeHandset(ID)).personas;
		expect(work?.reason).toBe("guestCrashed");
		expect(personal).toEqual(untouched);
		const { personas } = JSON.parse((await persona(["status", "--json"])).stdout) as { personas: { lastFault: unknown }[] };
		expect(personas[0]?.lastFault).toMatchObject({ reason: "guestCrashed" });
	});

	it("lets a persona switch itself off and reboot", async () => {
		await phone.type("work", "reboot -f\n", /./);
		await until(async () => {
			const [work] = (await observeHandset(ID)).personas;
			return work?.starts === 3 && work.ready;
		});
		await phone.type("work", "poweroff -f\n", /./);
		await until(async () => (await observeHandset(ID)).personas[0]?.state === "off");
	});

	it("says in `persona explain` that the kernels run in user mode, and how much was replaced in them", async () => {
		const image = await readDeviceImage(phone.image.path);
		expect(image.problems).toEqual([]);
		for (const { patches, memory } of image.personas) {
			expect(patches?.count).toBeGreaterThan(40);
			expect(memory).toMatchObject({ guestBase: "0x0", size: 32 << 20 });
		}
		// One kernel and one table for both.
		expect(new Set(image.personas.map(({ patches }) => patches?.payload)).size).toBe(1);
	});

	it("is found dead when QEMU is killed, and the next start restores it from its flash", async () => {
		await killQemu();
		expect(await observeHandset(ID)).toMatchObject({
			alive: false,
			problem: expect.stringMatching(/^its QEMU has ended by itself/),
		});
		expect((await phone.start()).personas).toMatchObject([{ ready: true }, { ready: true }]);
	});
});

describe("the kernel of its guests", () => {
	it("is the one that was built, patched, and can be had back bit by bit", async () => {
		const { resolved } = await loadAndCheckPhone(FILE);
		const [loaded] = resolved?.personas ?? [];
		if (resolved === undefined || loaded === undefined) throw new Error("the phone has problems");
		const [store, lock] = [await openStore(), await loadLock(packageRoot())];
		const inputs = await guestInputs(loaded, resolved.board.document, lock);
		const [entry] = inputs.lock;
		const guest = await findGuest(guestKey(inputs), store);
		if (entry === undefined || inputs.kernelBuild === undefined || guest?.record.patches === undefined)
			throw new Error("not built");
		const fetch = () => Promise.reject(new Error("it is in the store"));
		const elf = await linuxArmv6(entry, inputs.kernelBuild, fetch, { store, progress: silent });
		const program = armProgram(readFileSync(elf.path), "vmlinux");
		const part = (digest: string) => readFileSync(guest.blobs.get(digest)?.path ?? "");
		const table = part(guest.record.patches.digest);
		const words = Array.from({ length: table.length / 4 }, (_, index) => table.readUInt32LE(index * 4));
		const patched = part(guest.record.kernel.digest);

		expect(Buffer.compare(patched, program.bytes)).not.toBe(0);
		expect(Buffer.compare(restoreProgram(patched, program.code, words), program.bytes)).toBe(0);
		const raw = join(phone.state, "Image");
		execFileSync("arm-linux-gnueabi-objcopy", ["-O", "binary", "-R", ".comment", "-S", elf.path, raw]);
		expect(Buffer.compare(readFileSync(raw), program.bytes)).toBe(0);
		const { report } = guest.record.patches;
		for (const kind of ["cps", "mrs cpsr", "msr cpsr"]) expect(report[kind]).toBeGreaterThan(500);
	});

	it("holds nothing of the machine it was built on", async () => {
		const shown = await phone.type("personal", "cat /proc/version\n", /PREEMPT|1970/);
		expect(shown).toMatch(/Linux version 6\.1\.\d+ \(persona@persona\) .* #1 .*1970/);
	});
});

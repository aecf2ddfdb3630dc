// SPDX-License-Identifier: Apache-2.0
// What the screen of a handset shows: the picture of the persona in front under a strip that no guest can change.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { personaScreenshot, screenshot } from "../../components/handset/index.ts";
import { DEVELOPMENT_MARK, stripPixels } from "../../components/image/strip.ts";
import { persona } from "../cli/run.ts";
import { type GuestPhone, openWorkshop, type Workshop } from "../guests/phone.ts";

const WIDTH = 800;
const HEIGHT = 480;
const STRIP_ROWS = 32;
const work = { label: "Work", colour: 0xc0392b };
const personal = { label: "Personal", colour: 0x2471a3 };
const GREEN = 0x27ae60;
const ORANGE = 0xe67e22;
const SCRIBBLE = 0xff00ff;
const BLACK = 0x000000;
const KEY_POWER = 116;

interface Picture {
	/** 0xRRGGBB, row by row. */
	pixels: Uint32Array;
}

let workshop: Workshop;
let folder: string;
beforeAll(async () => {
	workshop = await openWorkshop();
	folder = mkdtempSync(join(tmpdir(), "persona-display-"));
});
afterAll(() => {
	workshop.close();
	rmSync(folder, { recursive: true, force: true });
});

describe("a phone with a screen", () => {
	let phone: GuestPhone;
	beforeAll(async () => {
		phone = await workshop.start(
			[
				{ guest: "paint", name: "work", ...work, display: true, words: `colour=0x${ORANGE.toString(16)}` },
				{ guest: "paint", name: "personal", ...personal, display: true, words: `colour=0x${GREEN.toString(16)}` },
				{ guest: "wfi_idle", name: "watch", label: "Watch", colour: 0x8e44ad },
				{ guest: "paint", name: "hostile", label: "Hostile", colour: 0xf1c40f, display: true, words: "scribble=1" },
			],
			{ initialForeground: 1, hotkey: [KEY_POWER, KEY_POWER] },
		);
		for (const name of ["work", "personal", "hostile"]) await phone.says(name, "painted");
	});
	afterAll(() => phone.stop());

	it("shows the persona that is to be in front at boot, and its strip above", async () => {
		expectPicture(picture(await screenshot(phone.id)), personal, GREEN);
	});

	it("shows another after a switch, and that one alone", async () => {
		await phone.control.switchTo("work");
		expectPicture(picture(await screenshot(phone.id)), work, ORANGE);
		await phone.control.switchTo("personal");
		expectPicture(picture(await screenshot(phone.id)), personal, GREEN);
	});

	it("shows black under the strip of a persona without a display", async () => {
		await phone.control.switchTo("watch");
		expectPicture(picture(await screenshot(phone.id)), { label: "Watch", colour: 0x8e44ad }, BLACK);
	});

	it("shows the true strip above a guest that has written over all it can reach", async () => {
		expect(phone.console("hostile")).toContain("PASS: nothing behind the picture answers");
		expect(phone.console("hostile")).not.toContain("FAIL");
		await phone.control.switchTo("hostile");
		expectPicture(picture(await screenshot(phone.id)), { label: "Hostile", colour: 0xf1c40f }, SCRIBBLE);
		await phone.control.switchTo("work");
		expectPicture(picture(await screenshot(phone.id)), work, ORANGE);
	});

	it("brings the next persona to the front when the hotkey is pressed, and not for a part of it", async () => {
		await phone.control.switchTo("work");
		await phone.press("power");
		await phone.press("a");
		expectPicture(picture(await screenshot(phone.id)), work, ORANGE);
		await phone.until("switched by the hotkey", async () => {
			await phone.press("power");
			await phone.press("power");
			return picture(await screenshot(phone.id)).pixels.at(-1) === GREEN;
		});
		expectPicture(picture(await screenshot(phone.id)), personal, GREEN);
	});

	it("keeps a persona's picture while another is in front", async () => {
		await phone.control.switchTo("work");
		expectPicture(picture(await personaScreenshot(phone.id, "personal")), personal, GREEN);
		expectPicture(picture(await personaScreenshot(phone.id, "work")), work, ORANGE);
		expect(picture(await personaScreenshot(phone.id, "work"))).toEqual(picture(await screenshot(phone.id)));
	});

	it("shows two side by side, the strip of the one that gets keys bright", async () => {
		await phone.control.switchTo("work");
		const both = await persona(["switch", "personal", "--side-by-side"]);
		expect(both).toEqual({ status: 0, stdout: "personal is in the foreground, work beside it\n", stderr: "" });
		await untilSideBySide(phone, [work, ORANGE], [personal, GREEN], personal);
		await phone.control.switchTo("work");
		await untilSideBySide(phone, [work, ORANGE], [personal, GREEN], work);
		expect((await persona(["switch", "hostile", "--side-by-side", "work"])).status).toBe(0);
		await untilSideBySide(phone, [work, ORANGE], [{ label: "Hostile", colour: 0xf1c40f }, SCRIBBLE], { label: "Hostile" });
		expect((await persona(["switch", "work"])).stdout).toBe("work is in the foreground\n");
		expectPicture(picture(await screenshot(phone.id)), work, ORANGE);
		expect(await persona(["switch", "work", "--side-by-side", "work"])).toMatchObject({ status: 1 });
	});

	it("clears the picture of a persona that stops, under its strip", async () => {
		await phone.control.switchTo("work");
		await phone.control.stop("work");
		await phone.until("black", async () => picture(await screenshot(phone.id)).pixels.at(-1) === BLACK);
		expectPicture(picture(await screenshot(phone.id)), work, BLACK);
		await phone.control.start("work");
		await phone.until("painted", async () => picture(await screenshot(phone.id)).pixels.at(-1) === ORANGE);
		expectPicture(picture(await screenshot(phone.id)), work, ORANGE);
	});

	it("is shown by `persona screenshot`: the screen, one persona, all of them", async () => {
		await persona(["switch", "personal"]);
		expect((await persona(["status", "--text"])).stdout).toMatch(/^personal \*/m);
		expect((await persona(["screenshot", join(folder, "screen.png")])).status).toBe(0);
		expect((await persona(["screenshot", "work", join(folder, "work.png")])).status).toBe(0);
		const all = await persona(["screenshot", "--all", join(folder, "all.png"), "--json"]);

		expectPicture(picture(readFileSync(join(folder, "screen.png"))), personal, GREEN);
		expectPicture(picture(readFileSync(join(folder, "work.png"))), work, ORANGE);
		expect(JSON.parse(all.stdout).pictures[0]).toEqual({ persona: "work", file: join(folder, "all-work.png") });
		expect(readdirSync(folder).sort()).toEqual(
			["all-hostile.png", "all-personal.png", "all-watch.png", "all-work.png", "screen.png", "work.png"].sort(),
		);
		expectPicture(picture(readFileSync(join(folder, "all-personal.png"))), personal, GREEN);
	});

	it("is not shown by a `persona screenshot` that does not say where to, or names nobody", async () => {
		expect(await persona(["screenshot", "work"])).toMatchObject({
			status: 1,
			stderr: expect.stringContaining("persona screenshot work out.png"),
		});
		expect(await persona(["screenshot", "wrok", "out.png"])).toMatchObject({ status: 1, stderr: expect.stringContaining("work") });
		expect(await persona(["screenshot", "--all", "work", "out.png"])).toMatchObject({ status: 1 });
		expect(await persona(["screenshot", join(folder, "nowhere", "out.png")])).toMatchObject({
			status: 1,
			stderr: expect.stringContaining("ENOENT"),
		});
	});
});

describe("a guest that sweeps all addresses there are", () => {
	it("finds nothing beside its RAM and its own picture, and changes no other", async () => {
		const phone = await workshop.start([
			{ guest: "paint", name: "work", ...work, display: true, words: `colour=0x${ORANGE.toString(16)}` },
			{ guest: "memory_sweep", name: "sweep", ...personal, display: true },
		]);
		try {
			await phone.says("work", "painted");
			await phone.says("sweep", "SUMMARY", 120);
			expect(phone.console("sweep")).toMatch(/SUMMARY: [1-9]\d* passed, 0 failed/);
			expectPicture(picture(await screenshot(phone.id)), work, ORANGE);
			await phone.until("black", async () => picture(await personaScreenshot(phone.id, "sweep")).pixels.at(-1) === BLACK);
			expectPicture(picture(await personaScreenshot(phone.id, "sweep")), personal, BLACK);
		} finally {
			await phone.stop();
		}
	});
});

describe("a phone without a display", () => {
	it("has no screen, and says so", async () => {
		const phone = await workshop.start([{ guest: "wfi_idle" }]);
		try {
			await expect(screenshot(phone.id)).rejects.toThrow(/has no screen, because none of its personas has a display/);
		} finally {
			await phone.stop();
		}
	});
});

function picture(png: Uint8Array): Picture {
	const { width, height, channels, data } = decode(png);
	expect({ width, height }).toEqual({ width: WIDTH, height: HEIGHT });
	const pixels = new Uint32Array(width * height);
	for (let at = 0; at < pixels.length; at++) {
		const from = at * channels;
		pixels[at] = ((data[from] ?? 0) << 16) | ((data[from + 1] ?? 0) << 8) | (data[from + 2] ?? 0);
	}
	return { pixels };
}

type Half = readonly [strip: { label: string; colour: number }, body: number];

/** Waits until two pictures are drawn side by side, with both strips right to the pixel. */
async function untilSideBySide(phone: GuestPhone, left: Half, right: Half, front: { label: string }): Promise<void> {
	const wanted = new Uint32Array(WIDTH * HEIGHT);
	for (const [half, [strip, body]] of [left, right].entries()) {
		const drawn = new Uint32Array(stripPixels({ ...strip, mark: DEVELOPMENT_MARK }, WIDTH, STRIP_ROWS, "xrgb8888").buffer);
		for (let y = 0; y < HEIGHT; y++) {
			for (let x = 0; x < WIDTH / 2; x++) {
				const own = y < STRIP_ROWS ? (drawn[y * WIDTH + x] ?? 0) : body;
				const dims = y < STRIP_ROWS && strip.label !== front.label;
				wanted[y * WIDTH + half * (WIDTH / 2) + x] = dims ? (own >> 1) & 0x7f7f7f : own;
			}
		}
	}
	const shown = async () => picture(await screenshot(phone.id)).pixels;
	await phone.until(
		"both drawn",
		async () => Buffer.compare(Buffer.from((await shown()).buffer), Buffer.from(wanted.buffer)) === 0,
	);
	expect(await shown()).toEqual(wanted);
}

/** The strip is this persona's to the pixel, and below it there is one colour only. */
function expectPicture({ pixels }: Picture, strip: { label: string; colour: number }, body: number): void {
	const drawn = new Uint32Array(stripPixels({ ...strip, mark: DEVELOPMENT_MARK }, WIDTH, STRIP_ROWS, "xrgb8888").buffer);
	expect(pixels.subarray(0, WIDTH * STRIP_ROWS)).toEqual(drawn);
	expect([...new Set(pixels.subarray(WIDTH * STRIP_ROWS))]).toEqual([body]);
}

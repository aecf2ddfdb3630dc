// SPDX-License-Identifier: Apache-2.0
// What a person types and points at in the viewer reaches the Debian of the persona in front, and nobody else's.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
	HANDSET_FILES,
	handsetDir,
	handsetEndpoints,
	removeHandset,
	screenshot,
	startHandset,
} from "../../components/handset/index.ts";
import { waitUntil } from "../../components/handset/processes.ts";
import { openViewer, type Viewer } from "../../components/viewer/index.ts";
import { connection } from "../connection.ts";
import { canvasPixels, different, openBrowser, pixelsOf, typeKeys } from "./browser.ts";
import { demoPhone } from "./demo-phone.ts";

const ID = "view-input";
const WIDTH = 800;
const HEIGHT = 480;
const STRIP_ROWS = 32;
const before = process.env.PERSONA_STATE_DIR;
let state: string;
let viewer: Viewer;
let browser: Browser;
let page: Page;

beforeAll(async () => {
	state = mkdtempSync(join(tmpdir(), "persona-test-"));
	process.env.PERSONA_STATE_DIR = state;
	const { spec, image, personas } = await demoPhone(ID);
	await startHandset(spec, image, { personas });
	viewer = await openViewer({ handset: ID, port: 0 });
	browser = await openBrowser();
	page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
	await page.goto(viewer.url);
	await page.locator("#cover").waitFor({ state: "hidden" });
});
afterAll(async () => {
	await browser.close();
	await viewer.close();
	await removeHandset(ID);
	rmSync(state, { recursive: true, force: true });
	if (before === undefined) delete process.env.PERSONA_STATE_DIR;
	else process.env.PERSONA_STATE_DIR = before;
});

it("keys reach the persona in front, which shows them", async () => {
	await page.locator("#screen canvas").click();
	await hears("personal", "Typed-0n-the-screen", () => typeKeys(page, "echo Typed-0n-the-screen > /dev/ttyAMA0\n"));
	expect(said("work")).not.toContain("Typed-0n-the-screen");
	// The console of a Linux blinks its cursor, so a few pixels may differ at any moment.
	await until("the page shows what the screen does", async () => {
		return different(await canvasPixels(page, "#screen canvas"), pixelsOf(await screenshot(ID))) <= 8 * 16;
	});
});

it("no key sticks when the keyboard is taken back, or when another persona comes to the front", async () => {
	await hears("personal", "left-and-returned", async () => {
		await page.locator("#screen canvas").click();
		await typeKeys(page, "echo left-and-");
		await page.keyboard.press("Control+Alt+Home");
		await typeKeys(page, "nothing");
		await page.locator("#screen canvas").click();
		await typeKeys(page, "returned > /dev/ttyAMA0\n");
	});

	await bringToFront("work", "Control+Alt+Digit1");
	await hears("work", "Only-work-has-this", () => typeKeys(page, "echo Only-work-has-this > /dev/ttyAMA0\n"));
	expect(said("personal")).not.toContain("Only-work");
});

it("what is typed at a console reaches its persona, in front or not", async () => {
	await page.locator('button[data-console="work"]').click();
	await page.locator(".console .xterm-rows").getByText("work persona").waitFor();
	await page.keyboard.type('echo at-"the"-console\n');
	await says("work", "at-the-console");
	await page.locator(".console .xterm-rows").getByText("at-the-console").waitFor();
	await page.locator('button[data-console="work"]').click();
});

it("a click reaches the place of the screen that it was made on", async () => {
	await bringToFront("personal", "Control+Alt+Digit2");
	// An event is 24 bytes: time, type (3: absolute), code (0: x, 1: y), value up to 32767.
	// The quotes keep the words apart from the command's own echo. What happens before somebody reads is lost.
	await type("personal", '(dd if=/dev/input/event1 bs=24 count=2 2>/dev/null | xxd -p -c 24; echo mo""ved) &\n');
	await type("personal", 'until ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q event1; do :; done; echo rea""ding\n');
	await says("personal", "reading");
	const { x, y, width, height } = (await page.locator("#screen canvas").boundingBox())!;
	await page.mouse.click(x + width / 4, y + (height * 3) / 4);
	await says("personal", "moved");
	const values = [...said("personal").matchAll(/[0-9a-f]{32}0300(0[01])00([0-9a-f]{8})\s*$/gm)].map(([, axis, value = ""]) => ({
		axis,
		share: Buffer.from(value, "hex").readUInt32LE() / 32767,
	}));
	expect(values.map(({ axis }) => axis)).toEqual(["00", "01"]);
	expect(Math.abs((values[0]?.share ?? 0) - 1 / 4)).toBeLessThan(2 / WIDTH);
	// The guest's picture begins below the strip, and so does its tablet.
	expect(Math.abs((values[1]?.share ?? 0) - ((HEIGHT * 3) / 4 - STRIP_ROWS) / (HEIGHT - STRIP_ROWS))).toBeLessThan(2 / HEIGHT);
});

/** All that a persona has written to its console. */
function said(persona: string): string {
	return readFileSync(join(handsetDir(ID), HANDSET_FILES.consoleLog(persona)), "latin1").replaceAll("\r", "");
}

async function says(persona: string, text: string | RegExp): Promise<void> {
	await until(`${persona} says ${text}`, () =>
		typeof text === "string" ? said(persona).includes(text) : text.test(said(persona)),
	);
}

/** Types until a persona says the text: on a busy machine keys may get lost or come twice, and a typist who sees that types again. */
async function hears(persona: string, text: string, typing: () => Promise<void>): Promise<void> {
	await until(`${persona} says ${text}`, async () => {
		await typing();
		return waitUntil(() => said(persona).includes(text), { deadlineMs: 10_000, everyMs: 100 });
	});
}

async function bringToFront(persona: string, keys: string): Promise<void> {
	await page.keyboard.press(keys);
	await page.locator(`button[data-persona="${persona}"][aria-pressed="true"]`).waitFor();
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
	if (await waitUntil(condition, { deadlineMs: 60_000, everyMs: 100 })) return;
	throw new Error(`not within a minute: ${what}; personal's console ends with:\n${said("personal").slice(-500)}`);
}

/** Types at a persona's serial console. */
async function type(persona: string, text: string): Promise<void> {
	const socket = connection((await handsetEndpoints(ID)).consoles[persona] ?? "");
	await new Promise<void>((resolve) => socket.end(text, () => resolve()));
}

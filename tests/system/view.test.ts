// SPDX-License-Identifier: Apache-2.0
// The viewer in a real browser, before a real handset: what a person sees, presses and types.
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { pipeline } from "node:stream";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { screenshot } from "../../components/handset/index.ts";
import { openViewer, type Viewer } from "../../components/viewer/index.ts";
import { type GuestPhone, openWorkshop, type Workshop } from "../guests/phone.ts";
import { canvasPixels, complaintsOf, different, openBrowser, pixelsOf } from "./browser.ts";

const WIDTH = 800;
const HEIGHT = 480;
const GREEN = 0x27ae60;
const ORANGE = 0xe67e22;
const HOSTILE_LABEL = "<img src=x onerror=x=1>";

let workshop: Workshop;
let phone: GuestPhone;
let viewer: Viewer;
let browser: Browser;
let page: Page;
/** What the page complains about: errors, refused requests, what the policy has stopped. */
let complaints: string[];

beforeAll(async () => {
	workshop = await openWorkshop();
	phone = await workshop.start(
		[
			{ guest: "paint", name: "work", label: "Work", colour: 0xc0392b, display: true, words: `colour=0x${ORANGE.toString(16)}` },
			{
				guest: "paint",
				name: "personal",
				label: "Personal",
				colour: 0x2471a3,
				display: true,
				words: `colour=0x${GREEN.toString(16)}`,
			},
			{ guest: "console_tricks", name: "hostile", label: HOSTILE_LABEL, colour: 0xf1c40f },
		],
		{ initialForeground: 1 },
	);
	for (const name of ["work", "personal"]) await phone.says(name, "painted");
	viewer = await openViewer({ handset: phone.id, port: 0 });
	browser = await openBrowser();
	// One for all tests, loaded anew by each: a page of its own would start two processes for each.
	page = await browser.newPage({ viewport: { width: 1400, height: 860 } });
	complaints = complaintsOf(page, new URL(viewer.url).host);
});
afterAll(async () => {
	await browser.close();
	await viewer.close();
	await phone.stop();
	workshop.close();
});

beforeEach(async () => {
	await phone.control.switchTo("personal");
	await phone.control.showBeside(undefined);
	complaints.length = 0;
});

/** Opens the page and waits for its pixels. */
async function open(): Promise<void> {
	await page.goto(viewer.url);
	await page.locator("#cover").waitFor({ state: "hidden" });
}

const button = (persona: string) => page.locator(`button[data-persona="${persona}"]`);
const inFront = (persona: string) => page.locator(`button[data-persona="${persona}"][aria-pressed="true"]`);
const colour = (persona: string) =>
	button(persona).evaluate((element) => element.ownerDocument.defaultView?.getComputedStyle(element).backgroundColor);
/** What has the keyboard. */
const focused = (attribute: string) => page.locator(":focus").getAttribute(attribute);

describe("the page", () => {
	it("shows the pixels of the screen, exactly, and asks nobody else for anything", async () => {
		await open();
		await showsTheScreen();
		expect((await canvas()).at(-1)).toBe(GREEN);
		expect(complaints).toEqual([]);
	});

	it("draws them as they are where it is as large as the screen", async () => {
		await open();
		const rules = [
			"#phone { position: fixed; inset: 0 auto auto 0; padding: 0 }",
			`#screen { width: ${WIDTH}px !important; border-radius: 0 !important }`,
		];
		// The policy lets no other style sheet in; rules of the page's own can be changed.
		await page.locator("html").evaluate((html, added) => {
			const sheet = [...html.ownerDocument.styleSheets].at(-1);
			for (const rule of added) sheet?.insertRule(rule, sheet.cssRules.length);
		}, rules);
		await phone.until("as large as the screen", async () => (await page.locator("#screen canvas").boundingBox())?.width === WIDTH);
		const drawn = pixelsOf(await page.screenshot({ clip: { x: 0, y: 0, width: WIDTH, height: HEIGHT } }));
		expect(different(drawn, pixelsOf(await screenshot(phone.id)))).toBe(0);
	});

	it("has a button a persona in the colour that is declared, which brings it to the front", async () => {
		await open();
		expect(await colour("work")).toBe("rgb(192, 57, 43)");
		expect(await colour("personal")).toBe("rgb(36, 113, 163)");
		expect(await button("personal").getAttribute("aria-pressed")).toBe("true");

		await button("work").click();
		await phone.until("work in front", async () => (await canvas()).at(-1) === ORANGE);
		await showsTheScreen();
		await inFront("work").waitFor();
		expect((await phone.control.status()).personas.map(({ foreground }) => foreground)).toEqual([true, false, false]);
		expect(await page.title()).toMatch(/^Work/);
	});

	it("follows a switch that somebody else makes", async () => {
		await open();
		await phone.control.switchTo("work");
		await inFront("work").waitFor();
		await phone.until("work in front", async () => (await canvas()).at(-1) === ORANGE);
	});

	it("shows two personas side by side, both live, and one again", async () => {
		await open();
		await page.getByRole("button", { name: "Side by side" }).click();
		await page.locator('#beside[aria-pressed="true"]').waitFor();
		expect((await phone.control.systemStatus()).beside).toBeTypeOf("number");
		await page.locator("#beside").click();
		await page.locator('#beside[aria-pressed="false"]').waitFor();

		await button("work").click();
		await inFront("work").waitFor();
		await page.keyboard.press("Control+Alt+Digit0");
		await phone.until("both pictures", async () => {
			const colours = new Set(await canvas());
			return colours.has(GREEN) && colours.has(ORANGE);
		});
		await showsTheScreen();
		await button("personal").click();
		await inFront("personal").waitFor();
		expect(await button("work").locator(".front").textContent()).toBe("beside it");
		await page.keyboard.press("Control+Alt+Digit0");
		await page.locator('#beside[aria-pressed="false"]').waitFor();
		await phone.until("personal alone", async () => !new Set(await canvas()).has(ORANGE));
		await showsTheScreen();
	});

	it("can be used by keyboard alone: switch, give the keyboard to the handset and take it back", async () => {
		await open();
		await page.keyboard.press("Control+Alt+Digit1");
		await inFront("work").waitFor();
		await button("personal").focus();
		await page.keyboard.press("Enter");
		await inFront("personal").waitFor();

		await page.locator("#screen").focus();
		await page.keyboard.press("Enter");
		await page.locator("#phone.has-keyboard").waitFor();
		await page.keyboard.press("Tab");
		expect(await page.locator("#screen canvas:focus").count()).toBe(1);
		await page.keyboard.press("Control+Alt+Home");
		expect(await focused("id")).toBe("screen");
		await page.keyboard.press("Tab");
		expect(await focused("data-persona")).toBe("work");
	});

	it("meters each persona's CPU and memory", async () => {
		await open();
		const meters = page.locator("li.persona:first-child [role=meter]");
		expect(await meters.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")))).toEqual(["CPU", "Memory"]);
		const [cpu = "", memory = ""] = await meters.evaluateAll((all) => all.map((one) => one.getAttribute("aria-valuetext") ?? ""));
		expect(cpu).toMatch(/^\d+\.\d %$/);
		expect(memory).toMatch(/^\d+ of 32 MiB$/);
	});

	it("shows consoles beside each other, with their past", async () => {
		await open();
		await page.locator('button[data-console="work"]').click();
		await page.locator('button[data-console="personal"]').click();
		const rows = page.locator(".console .xterm-rows");
		await phone.until("the past of both", async () => (await rows.allInnerTexts()).every((text) => text.includes("painted")));
		expect(await page.locator('button[data-console="work"]').getAttribute("aria-pressed")).toBe("true");
		await page.getByRole("button", { name: "Close the console of Work" }).click();
		expect(await rows.count()).toBe(1);
		expect(complaints).toEqual([]);
	});

	it("takes a label for what it is: text", async () => {
		await open();
		expect(await button("hostile").locator(".label").textContent()).toBe(HOSTILE_LABEL);
		expect(await page.locator("img[src=x]").count()).toBe(0);
		await button("hostile").click();
		await phone.until("its label is the title", async () => (await page.title()).startsWith(HOSTILE_LABEL));
		expect(await page.evaluate(() => "x" in globalThis)).toBe(false);
	});

	it("lets a console drive nothing but its own terminal", async () => {
		const opened: string[] = [];
		page.on("popup", () => opened.push("a window"));
		page.on("dialog", (dialog) => {
			opened.push(dialog.message());
			void dialog.dismiss();
		});
		await open();
		await page.locator('button[data-console="hostile"]').click();
		const rows = page.locator(".console .xterm-rows");
		await phone.until("its tricks", async () => (await rows.textContent())?.includes("end of tricks") === true);
		expect(await rows.textContent()).toContain("<script>");
		const { x, y, width, height } = (await rows.getByText("a link").boundingBox())!;
		await page.mouse.move(x + width / 2, y + height / 2);
		await page.mouse.click(x + width / 2, y + height / 2);
		await phone.until("a status after that", async () => (await page.title()).startsWith("Personal"));
		expect(opened).toEqual([]);
		expect(await page.locator(".console script, .console img").count()).toBe(0);
		expect(complaints).toEqual([]);
	});

	it("works where its port is forwarded from another", async () => {
		const far = createServer((near) => {
			const there = connect(viewer.port, "127.0.0.1");
			pipeline(near, there, near, () => {});
		});
		await new Promise<void>((resolve) => far.listen(0, "127.0.0.1", resolve));
		const { port } = far.address() as AddressInfo;
		await page.goto(viewer.url.replace(`${viewer.port}`, `${port}`).replace("127.0.0.1", "localhost"));
		await page.locator("#cover").waitFor({ state: "hidden" });
		await showsTheScreen();
		await page.goto("about:blank");
		far.close();
	});

	it("pauses a persona and lets it go on, by its menu", async () => {
		await open();
		await page.getByRole("button", { name: "More for Work" }).click();
		await page.keyboard.press("Enter");
		await page.locator('li.persona:first-child[data-state="paused"]').waitFor();
		await page.getByRole("button", { name: "More for Work" }).click();
		await page.getByRole("menuitem", { name: "Resume" }).click();
		await page.locator('li.persona:first-child[data-state="ready"]').waitFor();
		expect((await phone.control.personaStatus("work")).state).toBe("running");
	});
});

describe("somebody else's page", () => {
	it("gets nothing, with the token or without", async () => {
		const { origin, port, pathname } = new URL(viewer.url);
		const evil = createHttpServer((_, answer) => answer.setHeader("content-type", "text/html").end("<p>hello</p>"));
		await new Promise<void>((resolve) => evil.listen(0, "127.0.0.1", resolve));
		await page.goto(`http://localhost:${(evil.address() as AddressInfo).port}/`);
		const tried = await page.evaluate(
			async ([port, pathname]) => {
				const open = (path: string) =>
					new Promise<string>((resolve) => {
						const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
						socket.onopen = () => resolve("open");
						socket.onclose = () => resolve("closed");
					});
				const read = (path: string) =>
					fetch(`http://127.0.0.1:${port}${path}`).then(
						() => "read",
						() => "refused",
					);
				return [await open(`${pathname}status`), await open(`${pathname}screen`), await read(pathname ?? ""), await read("/")];
			},
			[port, pathname],
		);
		expect(tried).toEqual(["closed", "closed", "refused", "refused"]);
		evil.close();
		evil.closeAllConnections();
		const answer = await page.goto(`${origin}/${"A".repeat(43)}/`);
		expect(answer?.status()).toBe(404);
		expect(await page.locator("canvas").count()).toBe(0);
	});
});

describe("the end", () => {
	it("of the command is told by the page", async () => {
		const other = await openViewer({ handset: phone.id, port: 0 });
		await page.goto(other.url);
		await page.locator("#cover").waitFor({ state: "hidden" });
		await other.close();
		await page.getByText("The viewer has been closed").waitFor();
	});
});

/** The page's picture of the screen becomes what QEMU says is on it. */
async function showsTheScreen(): Promise<void> {
	await phone.until("the screen is shown", async () => {
		const shown = await canvas();
		return shown.length === WIDTH * HEIGHT && different(shown, pixelsOf(await screenshot(phone.id))) === 0;
	});
}

function canvas(): Promise<Uint32Array> {
	return canvasPixels(page, "#screen canvas");
}

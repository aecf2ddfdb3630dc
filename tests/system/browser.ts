// SPDX-License-Identifier: Apache-2.0
// A real Chromium without a window, and what tests ask of pages in it.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { type Browser, chromium, type Page } from "playwright-core";
import { DEBIAN_NEEDS, placesOf } from "../../tools/needs.mjs";

/** Starts the browser that set-up has found. It is root's in containers, where Chromium's own sandbox cannot be. */
export function openBrowser(): Promise<Browser> {
	const need = DEBIAN_NEEDS.find((candidate) => candidate.package === "chromium");
	const [executablePath] = (need && placesOf(need)) ?? [];
	if (executablePath === undefined) throw new Error("there is no Chromium; `persona doctor` says how to get one");
	// Else it makes a folder in the user's.
	const env = { ...process.env, XDG_CONFIG_HOME: join(tmpdir(), "config") };
	return chromium.launch({ executablePath, args: ["--no-sandbox"], env });
}

/** What a page complains about from now on: errors, failed requests, what its policy has stopped, and requests to any other host. */
export function complaintsOf(page: Page, host: string): string[] {
	const complaints: string[] = [];
	page.on("pageerror", (error) => complaints.push(String(error)));
	page.on("requestfailed", (request) => complaints.push(request.url()));
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type())) complaints.push(message.text());
	});
	page.on("request", (request) => {
		const address = new URL(request.url());
		if (address.protocol !== "data:" && address.host !== host) complaints.push(`asked ${address}`);
	});
	return complaints;
}

/** A quick typist's. */
const KEY_MS = 30;

/**
 * Types as fingers do: with the Shift key where a character needs it, which matters to whoever gets keys and not characters.
 * Each key is let go at once, as a guest repeats one that it sees held: a guest that gets no CPU for a quarter of a second sees that.
 */
export async function typeKeys(page: Page, text: string): Promise<void> {
	for (const character of text) {
		await page.keyboard.press(KEYS[character] ?? keyOf(character));
		await page.waitForTimeout(KEY_MS);
	}
}

const KEYS: Readonly<Record<string, string>> = {
	"\n": "Enter",
	" ": "Space",
	"/": "Slash",
	"-": "Minus",
	"=": "Equal",
	";": "Semicolon",
	".": "Period",
	">": "Shift+Period",
	"|": "Shift+Backslash",
};

function keyOf(character: string): string {
	if (/\d/.test(character)) return `Digit${character}`;
	const key = `Key${character.toUpperCase()}`;
	return character === character.toLowerCase() ? key : `Shift+${key}`;
}

/** What a canvas shows, pixel by pixel. */
export async function canvasPixels(page: Page, selector: string): Promise<Uint32Array> {
	const data = await page.locator(selector).evaluate((element) => element.toDataURL("image/png") as string);
	return pixelsOf(Buffer.from(data.slice(data.indexOf(",") + 1), "base64"));
}

/** A picture as 0xRRGGBB, row by row. */
export function pixelsOf(png: Uint8Array): Uint32Array {
	const { width, height, channels, data } = decode(png);
	return Uint32Array.from({ length: width * height }, (_, at) => {
		const from = at * channels;
		return ((data[from] ?? 0) << 16) | ((data[from + 1] ?? 0) << 8) | (data[from + 2] ?? 0);
	});
}

/** How many pixels differ. */
export function different(some: Uint32Array, others: Uint32Array): number {
	return some.reduce((count, pixel, index) => count + (pixel === others[index] ? 0 : 1), Math.abs(some.length - others.length));
}

// SPDX-License-Identifier: Apache-2.0
// What the viewer's page is made of: our own files from `viewer/`, and noVNC and xterm.js from their packages. Nothing else is ever read.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../util/paths.ts";

export interface Asset {
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
	".html": "text/html; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8",
	".mjs": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
};

/** A name of one or more parts without dots at their beginning, so that no path leads out of its folder. */
const SAFE = /^[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)*$/;

const OWN = [
	"main.js",
	"link.js",
	"screen.js",
	"personas.js",
	"menu.js",
	"meter.js",
	"consoles.js",
	"dom.js",
	"style.css",
	"icon.svg",
];

/** The file of a path of the page, or undefined where there is none. The empty path is the page itself. */
export async function asset(path: string): Promise<Asset | undefined> {
	if (path === "") return page();
	const file = fileOf(path);
	const type = TYPES[extname(path)];
	if (file === undefined || type === undefined) return undefined;
	try {
		return { headers: { ...COMMON, "content-type": type }, body: await readFile(file) };
	} catch {
		return undefined;
	}
}

function fileOf(path: string): string | undefined {
	if (!SAFE.test(path)) return undefined;
	if (OWN.includes(path)) return join(packageRoot(), "viewer", path);
	switch (path) {
		case "xterm/xterm.mjs":
			return fileURLToPath(import.meta.resolve("@xterm/xterm/lib/xterm.mjs"));
		case "xterm/xterm.css":
			return fileURLToPath(import.meta.resolve("@xterm/xterm/css/xterm.css"));
		case "xterm/addon-fit.mjs":
			return fileURLToPath(import.meta.resolve("@xterm/addon-fit/lib/addon-fit.mjs"));
	}
	// noVNC comes as many modules, which import each other by their places.
	const [, inside] = /^novnc\/((?:core|vendor)\/.+\.js)$/.exec(path) ?? [];
	return inside === undefined ? undefined : join(dirname(fileURLToPath(import.meta.resolve("@novnc/novnc"))), "..", inside);
}

const COMMON = {
	"cache-control": "no-store",
	"cross-origin-opener-policy": "same-origin",
	"cross-origin-resource-policy": "same-origin",
	"referrer-policy": "no-referrer",
	"x-content-type-options": "nosniff",
};

/** Headers of answers that are no files. */
export const PLAIN = { ...COMMON, "content-type": "text/plain; charset=utf-8", "content-security-policy": "default-src 'none'" };

/** The page, with a nonce of its own: it lets in the import map, and the style sheets that xterm.js makes for its colours and rows. */
async function page(): Promise<Asset> {
	const nonce = randomBytes(16).toString("base64");
	const html = await readFile(join(packageRoot(), "viewer", "index.html"), "utf8");
	const policy = [
		"default-src 'none'",
		`script-src 'self' 'nonce-${nonce}'`,
		`style-src-elem 'self' 'nonce-${nonce}'`,
		// xterm.js gives single characters their colours so; it cannot load anything.
		"style-src-attr 'unsafe-inline'",
		"img-src 'self' data:",
		"connect-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
	];
	return {
		headers: { ...COMMON, "content-type": TYPES[".html"] ?? "", "content-security-policy": policy.join("; ") },
		body: Buffer.from(html.replaceAll("{{nonce}}", nonce)),
	};
}

// SPDX-License-Identifier: Apache-2.0
// The viewer's server as a browser's engine would talk to it, before a fake handset.
import { once } from "node:events";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { removeHandset, startHandset } from "../../components/handset/index.ts";
import { type FromServer, openViewer, type StatusMessage, type Viewer } from "../../components/viewer/index.ts";
import { persona, personaOnTerminal } from "../cli/run.ts";
import { type Fixture, makeFixture, type Scenario } from "../handset/fake/fixture.ts";

const scenario: Scenario = {
	guests: [
		{ name: "work", label: "<b>Work</b>", colour: 0xc0392b, says: "\x1b[6npersona: READY\n" },
		{ name: "personal", label: "Personal", colour: 0xf1c40f, says: "persona: READY\n" },
	],
};
let fixture: Fixture;
let viewer: Viewer;
beforeAll(async () => {
	fixture = makeFixture();
	await startHandset(fixture.spec("pocket"), fixture.image(scenario), { personas: fixture.expect(scenario) });
	viewer = await openViewer({ handset: "pocket", port: 0 });
});
afterAll(async () => {
	await viewer.close();
	await removeHandset("pocket");
	fixture.remove();
});

/** A WebSocket of the page, with all that it has heard. */
class Line {
	readonly socket: WebSocket;
	readonly heard: Buffer[] = [];
	/** The code it was closed with, or the status it was refused with. */
	readonly closed: Promise<number>;

	constructor(path: string, base = viewer.url, origin = new URL(base).origin) {
		this.socket = new WebSocket(new URL(path, base), { origin });
		this.socket.on("message", (data: Buffer) => this.heard.push(data));
		this.closed = new Promise((resolve) => {
			this.socket.on("unexpected-response", (_, answer) => resolve(answer.statusCode ?? 0));
			this.socket.on("close", resolve);
		});
	}

	get messages(): FromServer[] {
		return this.heard.map((data) => JSON.parse(String(data)));
	}

	get text(): string {
		return Buffer.concat(this.heard).toString();
	}

	/** Waits until what was heard is enough. */
	async until<T>(enough: (line: this) => T | undefined | false): Promise<T> {
		for (;;) {
			const found = enough(this);
			if (found !== undefined && found !== false) return found;
			await once(this.socket, "message", { signal: AbortSignal.timeout(20_000) });
		}
	}
}

const status = (line: Line) => line.messages.filter((message): message is StatusMessage => message.kind === "status").at(-1);

describe("the page", () => {
	it("comes with all it needs, and with headers that let nothing else in", async () => {
		const page = await fetch(viewer.url);
		const html = await page.text();
		const policy = page.headers.get("content-security-policy") ?? "";
		expect(page.status).toBe(200);
		expect(policy).toMatch(/^default-src 'none'; script-src 'self' 'nonce-([\w+/=]+)'; .*frame-ancestors 'none'$/);
		expect(policy.replace("style-src-attr 'unsafe-inline'", "")).not.toContain("unsafe");
		expect(Object.fromEntries(page.headers)).toMatchObject({
			"cache-control": "no-store",
			"cross-origin-opener-policy": "same-origin",
			"cross-origin-resource-policy": "same-origin",
			"referrer-policy": "no-referrer",
			"x-content-type-options": "nosniff",
		});
		const [, nonce] = /'nonce-([^']+)'/.exec(policy) ?? [];
		expect(html).toContain(`nonce="${nonce}"`);
		expect((await (await fetch(viewer.url)).text()).includes(`${nonce}`)).toBe(false);
		expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);

		const files = [...html.matchAll(/(?:src|href)="([^"]+)"|": "\.\/([^"]+)"/g)].map(([, one, other]) => one ?? other ?? "");
		expect(files).toEqual(expect.arrayContaining(["main.js", "style.css", "novnc/core/rfb.js", "xterm/xterm.mjs"]));
		for (const file of files) {
			const answer = await fetch(new URL(file, viewer.url));
			expect(answer.status, file).toBe(200);
			expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
			expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(50);
		}
	});

	it.each([
		"../package.json",
		"..%2f..%2fpackage.json",
		"novnc/core/../package.json",
		"novnc/core/%2e%2e/%2e%2e/package.json",
		"novnc/package.json",
		"xterm/package.json",
		"tsconfig.json",
		"index.html",
		"screen",
		"%00",
		"novnc/core/.js",
		"novnc/vendor//etc/passwd.js",
	])("has nothing at %s", async (path) => {
		expect((await raw(`${new URL(viewer.url).pathname}${path}`)).status).toBe(404);
	});

	it("is not there for who does not know the token, comes under another name, or writes", async () => {
		const { origin, pathname } = new URL(viewer.url);
		expect((await fetch(origin)).status).toBe(404);
		expect((await fetch(`${origin}/${"A".repeat(43)}/`)).status).toBe(404);
		expect((await raw(pathname, { host: "evil.example" })).status).toBe(403);
		expect((await fetch(viewer.url, { method: "POST" })).status).toBe(405);
		const refused = await raw("/", {});
		expect(refused.headers["content-security-policy"]).toBe("default-src 'none'");
		expect(refused.body).not.toContain(pathname.slice(1, -1));
	});
});

describe("WebSockets", () => {
	it("tell what each persona does", async () => {
		const line = new Line("status");
		const message = await line.until(status);
		expect(message).toMatchObject({ handset: "pocket", board: "qemu-virt", hasScreen: false, cpus: 1 });
		expect(message.personas).toMatchObject([
			{ name: "work", label: "<b>Work</b>", colour: "#c0392b", ink: "#ffffff", ready: true, foreground: true, memoryTotalMiB: 192 },
			{ name: "personal", label: "Personal", colour: "#f1c40f", ink: "#000000", foreground: false, note: "" },
		]);
		line.socket.close();
	});

	it("bring a persona to the front, and refuse what cannot be", async () => {
		const [line, other] = [new Line("status"), new Line("status")];
		await line.until(status);
		line.socket.send(JSON.stringify({ do: "switch", persona: "personal" }));
		for (const one of [line, other]) await one.until((heard) => status(heard)?.personas[1]?.foreground);

		const before = performance.now();
		expect(await persona(["switch", "work"])).toMatchObject({ status: 0 });
		await other.until((heard) => status(heard)?.personas[0]?.foreground);
		expect(performance.now() - before).toBeLessThan(10_000);

		for (const nonsense of ["{", '{"do":"switch"}', '{"do":"format"}', '{"do":"switch","persona":"nobody"}', "null", '"x"']) {
			const refusals = line.messages.filter(({ kind }) => kind === "refused").length;
			line.socket.send(nonsense);
			await line.until(({ messages }) => messages.filter(({ kind }) => kind === "refused").length > refusals);
		}
		for (const one of [line, other]) one.socket.close();
	});

	it("carry a console both ways, its past first and in one message", async () => {
		const line = new Line("console/work");
		await line.until(({ text }) => text.includes("READY"));
		expect(String(line.heard[0])).toContain("persona: READY");
		line.socket.send(Buffer.from("typed\x1b[A\n"));
		await line.until(({ text }) => text.includes("echo typed\x1b[A"));
		line.socket.close();
	});

	it("are closed where there is nothing behind them", async () => {
		expect(await new Line("console/nobody").closed).toBe(4404);
		expect(await new Line("screen").closed).toBe(4404);
		expect(await new Line("other").closed).toBe(404);
	});

	it("are not opened for foreign pages or without the token", async () => {
		const { origin } = new URL(viewer.url);
		expect(await new Line("status", viewer.url, "http://evil.example").closed).toBe(403);
		expect(await new Line("status", viewer.url, "http://127.0.0.1:1").closed).toBe(403);
		expect(await new Line("status", `${origin}/${"A".repeat(43)}/`).closed).toBe(404);
	});
});

describe("another user of the machine", () => {
	it("is not even listened to", async () => {
		const warnings: string[] = [];
		const warn = (text: string) => warnings.push(text);
		const other = await openViewer({ handset: "pocket", port: 0, warn, userOf: () => 4321 });
		await expect(fetch(other.url)).rejects.toThrow();
		expect(warnings).toEqual(["a connection of user 4321 was refused"]);
		await other.close();
	});
});

describe("persona view", () => {
	it("says where, serves until ^C, and takes the page away with it", async () => {
		let seen: Promise<number> | undefined;
		let line: Line | undefined;
		const { status: code, stdout } = await personaOnTerminal(["view", "--no-open"], (output, type) => {
			const [url] = /http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\//.exec(output) ?? [];
			if (url === undefined || !output.includes("ends it") || seen !== undefined) return;
			seen = (async () => {
				line = new Line("status", url);
				await line.until(status);
				type("\x03");
				return line.closed;
			})();
		});
		expect(code).toBe(0);
		expect(await seen).toBe(1001);
		expect(stdout).toMatch(/pocket.* is shown at .*http/);
		expect(stdout).toMatch(/ssh -NL (\d+):127\.0\.0\.1:\1 \S+/);
	});

	it("says what is wrong with a port", async () => {
		const taken = await persona(["view", "--no-open", "--port", `${viewer.port}`]);
		expect(taken).toMatchObject({ status: 1, stderr: expect.stringContaining(`port ${viewer.port} is taken`) });
		expect(await persona(["view", "--port", "99999"])).toMatchObject({ status: 2 });
	});
});

describe("a handset that ends", () => {
	it("is told to who looks, and shown again when it is back", async () => {
		const line = new Line("status");
		await line.until(status);
		await removeHandset("pocket");
		await line.until(({ messages }) => messages.at(-1)?.kind === "gone");
		await startHandset(fixture.spec("pocket"), fixture.image(scenario), { personas: fixture.expect(scenario) });
		await line.until(({ messages }) => messages.at(-1)?.kind === "status");
		line.socket.close();
	});
});

/** A request as it is written, without a client's cleaning of paths and names. */
function raw(
	path: string,
	headers: Record<string, string> = {},
): Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; body: string }> {
	return new Promise((resolve, reject) => {
		const sent = request({ port: viewer.port, host: "127.0.0.1", path, headers }, (answer) => {
			let body = "";
			answer.setEncoding("utf8").on("data", (text: string) => {
				body += text;
			});
			answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
		});
		sent.on("error", reject);
		sent.end();
	});
}

// SPDX-License-Identifier: Apache-2.0
// Who is let in by the viewer, judged by requests alone; and who is at the other end of a connection.
import { connect, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { type Caller, judge, newToken } from "../../components/viewer/guard.ts";
import { peerUser } from "../../components/viewer/peer.ts";

const token = newToken();
const host = "127.0.0.1:8080";
const ask = (path: string, headers: Caller["headers"] = {}, rest: Partial<Caller> = {}) =>
	judge({ method: "GET", url: path, upgrade: false, ...rest, headers: { host, ...headers } }, token);
const upgrade = (headers: Caller["headers"]) => ask(`/${token}/status`, headers, { upgrade: true });

describe("a request", () => {
	it("with the token is let in, by each name of the loopback and each port", () => {
		for (const name of ["127.0.0.1:8080", "localhost:9", "[::1]:8080", "localhost"]) {
			expect(ask(`/${token}/main.js?x#y`, { host: name })).toEqual({ path: "main.js" });
		}
		expect(ask(`/${token}/`)).toEqual({ path: "" });
		expect(ask(`/${token}`)).toMatchObject({ status: 301, location: `/${token}/` });
	});

	it.each([
		["none", "/"],
		["another", `/${newToken()}/`],
		["a part", `/${token.slice(1)}/`],
		["more", `/${token}x/`],
		["one somewhere else", `/x/${token}/`],
		["one in the query", `/?${token}`],
		["an absolute address", `http://127.0.0.1:8080/${token}/`],
	])("with %s of the token is not", (_, path) => {
		expect(ask(path)).toMatchObject({ status: 404 });
	});

	it.each([
		"evil.example",
		"evil.example:8080",
		"127.0.0.1.evil.example",
		"localhost.evil.example",
		"127.0.0.2",
		"",
		"127.0.0.1:8080@x",
	])("under the name %j is not, whatever it knows", (name) => {
		expect(ask(`/${token}/`, { host: name })).toMatchObject({ status: 403 });
	});

	it("by a foreign page is not; a link there may lead here", () => {
		expect(ask(`/${token}/`, { origin: "http://evil.example" })).toMatchObject({ status: 403 });
		expect(ask(`/${token}/`, { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" })).toMatchObject({ status: 403 });
		expect(ask(`/${token}/`, { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" })).toMatchObject({ status: 403 });
		expect(ask(`/${token}/`, { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" })).toEqual({ path: "" });
	});

	it("for a WebSocket has to come from the page itself", () => {
		expect(upgrade({ origin: `http://${host}` })).toEqual({ path: "status" });
		for (const origin of [
			"http://127.0.0.1:8081",
			"https://127.0.0.1:8080",
			"http://localhost:8080",
			"null",
			"http://evil.example",
		]) {
			expect(upgrade({ origin })).toMatchObject({ status: 403 });
		}
		expect(upgrade({})).toMatchObject({ status: 403 });
	});

	it("that would change something is none, and a path that cannot be is none", () => {
		for (const method of ["POST", "PUT", "DELETE", "OPTIONS"])
			expect(ask(`/${token}/`, {}, { method })).toMatchObject({ status: 405 });
		expect(ask(`/${token}/%ff`)).toMatchObject({ status: 400 });
	});
});

describe("tokens", () => {
	it("are long, new each time, and fit into an address", () => {
		expect(token).toMatch(/^[\w-]{43}$/);
		expect(newToken()).not.toBe(token);
	});
});

describe("the user at the other end of a connection", () => {
	it("is known to the kernel", async () => {
		const server = createServer();
		const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const address = server.address() as { port: number };
		const client = connect(address.port, "127.0.0.1");
		const socket = await accepted;

		expect(peerUser(socket)).toBe(process.getuid?.());

		const row = (user: string, state: string, local = "0100007F") =>
			`  1: ${local}:${hex(socket.remotePort)} 0100007F:${hex(socket.localPort)} ${state} 00000000:00000000 00:00000000 00000000 ${user} 0 1`;
		expect(peerUser(socket, [row("1234", "01")])).toBe(1234);
		expect(peerUser(socket, [row("1234", "01", "0000000000000000FFFF00000100007F")])).toBe(1234);
		// An end that nobody holds any more shows as root's.
		expect(peerUser(socket, [row("0", "05")])).toBeUndefined();
		expect(peerUser(socket, [row("0", "01", "0A00000A")])).toBeUndefined();
		expect(peerUser(socket, [])).toBeUndefined();
		client.destroy();
		socket.destroy();
		server.close();
	});
});

function hex(port: number | undefined): string {
	return (port ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

// SPDX-License-Identifier: Apache-2.0
// The viewer's server: a page on this machine's loopback for whoever knows its token, and WebSockets for what the page shows.
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { HANDSET_FILES, handsetDir, handsetEndpoints, lastBytes } from "../handset/index.ts";
import { errorCode, UserError } from "../util/errors.ts";
import { asset, PLAIN } from "./assets.ts";
import { converse } from "./conversation.ts";
import { judge, newToken } from "./guard.ts";
import { peerUser } from "./peer.ts";
import { relay } from "./relay.ts";
import { Watch } from "./watch.ts";

/** How much of a console's past a page gets to see. */
const PAST_BYTES = 64 << 10;
/** No message of a page is longer: a paste into a console is cut into pieces. */
const MESSAGE_MAX = 1 << 20;
const GOING_AWAY = 1001;
const CLOSE_MS = 500;

export interface ViewerOptions {
	/** The handset's id. */
	readonly handset: string;
	/** 0: any that is free. */
	readonly port: number;
	/** Told, for a person, of each connection of somebody else. */
	readonly warn?: (text: string) => void;
	/** Who is at the other end of a connection; the kernel says so. */
	readonly userOf?: (socket: Socket) => number | undefined;
}

export interface Viewer {
	readonly port: number;
	/** With the token in it. */
	readonly url: string;
	close(): Promise<void>;
}

/** Serves the viewer of a handset until it is closed. Throws a UserError when the port is taken. */
export async function openViewer({ handset, port, warn, userOf = peerUser }: ViewerOptions): Promise<Viewer> {
	const token = newToken();
	const watch = new Watch(handset);
	const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_MAX, perMessageDeflate: false });
	const server = createServer(async (request, response) => {
		const verdict = judge({ method: request.method, url: request.url, headers: request.headers, upgrade: false }, token);
		const answer = "path" in verdict ? await asset(verdict.path) : undefined;
		if (answer !== undefined) {
			response.writeHead(200, answer.headers).end(request.method === "HEAD" ? undefined : answer.body);
			return;
		}
		const { status, why, location } = "status" in verdict ? verdict : { status: 404, why: "nothing here", location: undefined };
		response.writeHead(status, { ...PLAIN, ...(location === undefined ? {} : { location }) }).end(`${why}\n`);
	});
	server.on("connection", (socket) => {
		const user = userOf(socket);
		if (user === process.getuid?.()) return;
		socket.destroy();
		warn?.(`a connection of ${user === undefined ? "an unknown user" : `user ${user}`} was refused`);
	});
	server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
		socket.on("error", () => socket.destroy());
		const { method, url, headers } = request;
		const verdict = judge({ method, url, headers, upgrade: true }, token);
		const serve = "path" in verdict ? endpoint(verdict.path, handset, watch) : undefined;
		if (serve === undefined) return refuse(socket, "status" in verdict ? verdict.status : 404);
		sockets.handleUpgrade(request, socket, head, serve);
	});
	await listen(server, port);
	const { port: actual } = server.address() as AddressInfo;
	return {
		port: actual,
		url: `http://127.0.0.1:${actual}/${token}/`,
		async close() {
			watch.close();
			for (const client of sockets.clients) client.close(GOING_AWAY, "the viewer has been closed");
			// A client that does not say good-bye is not waited for.
			const timer = setTimeout(() => {
				for (const client of sockets.clients) client.terminate();
				server.closeAllConnections();
			}, CLOSE_MS);
			server.closeIdleConnections();
			await new Promise<void>((resolve) => server.close(() => resolve()));
			clearTimeout(timer);
		},
	};
}

/** What serves a WebSocket of this path, or undefined where there is none. */
function endpoint(path: string, handset: string, watch: Watch): ((client: WebSocket) => unknown) | undefined {
	if (path === "status") return (client) => converse(client, watch);
	if (path === "screen") return (client) => relay(client, async () => ({ path: (await handsetEndpoints(handset)).screen }));
	const [, persona] = /^console\/([A-Za-z0-9][\w.-]*)$/.exec(path) ?? [];
	if (persona === undefined) return undefined;
	const log = join(handsetDir(handset), HANDSET_FILES.consoleLog(persona));
	return (client) =>
		relay(client, async () => ({
			path: (await handsetEndpoints(handset)).consoles[persona],
			first: await lastBytes(log, PAST_BYTES),
		}));
}

function refuse(socket: Duplex, status: number): void {
	socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

async function listen(server: Server, port: number): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		server.once("error", (error) => {
			const taken = errorCode(error) === "EADDRINUSE";
			reject(taken ? new UserError(`port ${port} is taken`, { remedy: "choose another, or none: any free one is found" }) : error);
		});
		server.listen(port, "127.0.0.1", resolve);
	});
}

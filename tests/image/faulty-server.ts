// SPDX-License-Identifier: Apache-2.0
// A server of files that misbehaves as told, and counts what it was asked; and a look at every byte of a store.
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { sha256 } from "../../components/util/digest.ts";

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** What servers do; `bytes` is the whole file. */
export const answers = {
	whole:
		(bytes: Uint8Array): Answer =>
		(response) =>
			void response.setHeader("content-length", bytes.length).end(bytes),
	gone: (): Answer => (response) => void response.writeHead(404, "Not Found").end(),
	refused: (): Answer => (response) => void response.writeHead(503, "Service Unavailable").end(),
	/** Closes the connection in the middle. */
	cut:
		(bytes: Uint8Array): Answer =>
		(response) => {
			response.setHeader("content-length", bytes.length).write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
		},
	/** Closes each connection after so many bytes of what was asked for, and the last one not; gives the rest of the file where the client has its tag. */
	inParts:
		(bytes: Uint8Array, parts: number[], { tag, ranges = true, shift = 0 }: Parts = {}): Answer =>
		(response, request) => {
			const [, asked = "0"] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
			const ifRange = request.headers["if-range"];
			const from = ranges && (ifRange === undefined || ifRange === tag) ? Number(asked) : 0;
			if (from > bytes.length) return void response.writeHead(416).end();
			const isPart = ranges && request.headers.range !== undefined && from === Number(asked);
			if (tag !== undefined) response.setHeader("etag", tag);
			if (isPart) response.setHeader("content-range", `bytes ${from + shift}-${bytes.length - 1}/${bytes.length}`);
			response.writeHead(isPart ? 206 : 200, { "content-length": bytes.length - from });
			const part = parts.shift();
			if (part === undefined) response.end(bytes.subarray(from));
			else response.write(bytes.subarray(from, from + part), () => setTimeout(() => response.destroy(), 5));
		},
	/** One answer after the other; the last one from then on. */
	inTurn: (...turns: [Answer, ...Answer[]]): Answer => {
		let turn = 0;
		return (response, request) => turns[Math.min(turn++, turns.length - 1)]?.(response, request);
	},
	/** Says that it is whole in the middle. */
	short:
		(bytes: Uint8Array): Answer =>
		(response) =>
			void response.end(bytes.subarray(0, bytes.length / 2)),
	/** Says nothing more in the middle. */
	stalled:
		(bytes: Uint8Array): Answer =>
		(response) =>
			void response.setHeader("content-length", bytes.length).write(bytes.subarray(0, bytes.length / 2)),
	/** Does not even begin to answer. */
	silent: (): Answer => () => {},
	to:
		(location: string): Answer =>
		(response) =>
			void response.writeHead(302, { location }).end(),
};

/** How a server gives parts of a file. */
interface Parts {
	readonly tag?: string;
	/** Whether it gives any. */
	readonly ranges?: boolean;
	/** How far beside what was asked for they begin. */
	readonly shift?: number;
}

export interface FaultyServer {
	/** Without a slash at the end. */
	readonly url: string;
	/** Paths asked for, or addresses where it is asked as a proxy, in order. */
	readonly asked: string[];
	/** What was asked to begin where, and of which file: the headers Range and If-Range of each request that has the first. */
	readonly ranges: string[];
	/** What it does with a path, decoded; 404 where nothing is set. */
	readonly files: Map<string, Answer>;
	/** As a proxy: the port of this machine that is behind `host:port`; 403 where nothing is set. */
	readonly tunnels: Map<string, number>;
	close(): Promise<void>;
}

export async function faultyServer(): Promise<FaultyServer> {
	const asked: string[] = [];
	const ranges: string[] = [];
	const files = new Map<string, Answer>();
	const server = createServer((request, response) => {
		const path = decodeURIComponent(request.url ?? "");
		asked.push(path);
		const { range, "if-range": of = "" } = request.headers;
		if (range !== undefined) ranges.push(`${range} ${of}`.trim());
		(files.get(path) ?? answers.gone())(response, request);
	});
	const tunnels = new Map<string, number>();
	// They are no connections of the server's any more.
	const ends = new Set<Duplex>();
	server.on("connect", (request, socket) => {
		asked.push(`CONNECT ${request.url}`);
		const port = tunnels.get(request.url ?? "");
		if (port === undefined) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
		const target = connect(port, "127.0.0.1", () => {
			socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
			socket.pipe(target).pipe(socket);
		});
		for (const end of [socket, target]) {
			ends.add(end);
			end.on("error", () => void end.destroy());
		}
	});
	await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
	const close = () =>
		new Promise<void>((settle) => {
			server.close(() => settle());
			server.closeAllConnections();
			for (const end of ends) end.destroy();
		});
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, ranges, files, tunnels, close };
}

/** Reads all of a store: what is wrong with it, and how many blobs it has. */
export function readWholeStore(dir: string): { wrong: string[]; blobs: number } {
	const wrong: string[] = [];
	let blobs = 0;
	for (const [part, check] of [
		["blobs", (bytes: Buffer) => sha256(bytes).slice(7)],
		["keys", undefined],
	] as const) {
		for (const prefix of readdirSync(join(dir, part))) {
			for (const name of readdirSync(join(dir, part, prefix))) {
				const bytes = readFileSync(join(dir, part, prefix, name));
				if (check === undefined) {
					const end = bytes.indexOf("\n") + 1;
					if (sha256(bytes.subarray(end)) !== bytes.toString("utf8", 0, end - 1)) wrong.push(`record ${prefix}${name}`);
					continue;
				}
				blobs++;
				if (check(bytes) !== prefix + name) wrong.push(`blob ${prefix}${name}`);
			}
		}
	}
	wrong.push(...readdirSync(join(dir, "tmp")).map((name) => `left behind: ${name}`));
	return { wrong, blobs };
}

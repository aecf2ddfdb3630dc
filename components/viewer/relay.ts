// SPDX-License-Identifier: Apache-2.0
// Joins a WebSocket to a Unix socket: bytes go both ways as they are, and a reader that is slow slows its writer and nobody else.
import { once } from "node:events";
import { connect } from "node:net";
import { pipeline } from "node:stream";
import { createWebSocketStream, type WebSocket } from "ws";

/** One of the close codes for applications (RFC 6455, 7.4.2): nobody serves this now. */
const UNREACHABLE = 4404;

/** What a WebSocket is joined to. */
export interface Target {
	/** A Unix socket; undefined where the handset has no such thing. */
	readonly path: string | undefined;
	/** Sent, as one message, before anything else. */
	readonly first?: Uint8Array;
}

/** Relays until either end closes. */
export async function relay(client: WebSocket, target: () => Promise<Target>): Promise<void> {
	client.on("error", () => client.terminate());
	try {
		const { path, first } = await target();
		if (path === undefined) return client.close(UNREACHABLE, "the handset has none");
		const socket = connect(path);
		await once(socket, "connect");
		if (client.readyState !== client.OPEN) return void socket.destroy();
		if (first !== undefined) client.send(first);
		const stream = createWebSocketStream(client);
		// Both ends are closed when one of them is; there is nobody else to tell.
		pipeline(stream, socket, stream, () => {});
	} catch {
		client.close(UNREACHABLE, "nobody serves this now");
	}
}

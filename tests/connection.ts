// SPDX-License-Identifier: Apache-2.0
// Sockets of tests at things that may be killed.
import { connect, type Socket } from "node:net";

/** Connects; when the other end goes or is not there, the connection closes, and what the test waits for does not come. */
export function connection(path: string): Socket {
	const socket = connect(path);
	return socket.on("error", () => socket.destroy());
}

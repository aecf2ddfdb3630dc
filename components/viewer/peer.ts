// SPDX-License-Identifier: Apache-2.0
// Which user of this machine is at the other end of a loopback connection: the kernel's table of connections knows.
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

/** Of a connection: it is up, and its two ends still belong to somebody (an end without a process shows user 0). */
const ESTABLISHED = "01";

/**
 * The user id of the process that has connected to us, or undefined where the kernel does not tell. The token alone would not keep other
 * users out: a browser that is opened shows its arguments to all of them.
 */
export function peerUser(socket: Socket, tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(readTable)): number | undefined {
	const { remotePort, localPort } = socket;
	if (remotePort === undefined || localPort === undefined) return undefined;
	const [theirs, ours] = [portSuffix(remotePort), portSuffix(localPort)];
	for (const line of tables.join("\n").split("\n")) {
		// proc(5): sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid …
		const [, local, remote, state, , , , user] = line.trim().split(/\s+/);
		if (local?.endsWith(theirs) !== true || remote?.endsWith(ours) !== true || state !== ESTABLISHED) continue;
		if (isLoopback(local) && isLoopback(remote)) return Number(user);
	}
	return undefined;
}

function portSuffix(port: number): string {
	return `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** 127.0.0.1 as the kernel prints it, by itself or inside an IPv6 address. */
function isLoopback(address: string): boolean {
	return /^(?:0000000000000000FFFF0000)?0100007F:/.test(address);
}

function readTable(path: string): string {
	try {
		return readFileSync(path, "latin1");
	} catch {
		return "";
	}
}

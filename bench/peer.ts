// SPDX-License-Identifier: Apache-2.0
// Whom the guest of the network's measurement talks to. A process and session of its own, so that it is nobody's part of the machine: on
// few CPUs it takes as much from the one measured as from the other.
import { type AddressInfo, createServer, type Socket } from "node:net";

/** The same number as in linux/network.c. */
const STREAM_BYTES = 32 << 20;

const server = createServer({ noDelay: true }, serve);
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.once("disconnect", () => process.exit());

/** The first byte says what is wanted: a stream, somebody who takes one and answers at its end, or an echo. */
function serve(socket: Socket): void {
	socket.on("error", () => socket.destroy());
	socket.once("data", (first: Buffer) => {
		const wanted = String.fromCharCode(first[0] ?? 0);
		if (wanted === "r") stream(socket);
		if (wanted === "w") socket.resume().once("end", () => socket.end("."));
		if (wanted !== "e") return;
		socket.on("data", (bytes) => socket.write(bytes));
		// The first question may have come with the letter.
		if (first.length > 1) socket.write(first.subarray(1));
	});
}

function stream(socket: Socket): void {
	const chunk = Buffer.alloc(1 << 16, "network");
	let left = STREAM_BYTES;
	const more = () => {
		while (left > 0) {
			left -= chunk.length;
			if (!socket.write(chunk)) {
				socket.once("drain", more);
				return;
			}
		}
		socket.end();
	};
	more();
}

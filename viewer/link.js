// SPDX-License-Identifier: Apache-2.0
// The page's line to its server: messages in, requests out, and a new line when one breaks.

/** @typedef {import("../components/viewer/messages.ts").FromServer} FromServer */
/** @typedef {import("../components/viewer/messages.ts").FromPage} FromPage */

const AGAIN_MS = 1000;
/** The server has said good-bye, because its command has ended. */
const GOING_AWAY = 1001;

/**
 * The address of one of the server's WebSockets; the page's own address holds the token.
 * @param {string} path
 */
export function socketAddress(path) {
	return new URL(path, location.href).href.replace(/^http/, "ws");
}

/**
 * Listens until the server goes for good.
 * @param {{ message: (message: FromServer) => void, lost: () => void, ended: () => void }} handlers
 * @returns {{ send: (request: FromPage) => void }}
 */
export function openLink({ message, lost, ended }) {
	/** @type {WebSocket} */
	let socket;
	const open = () => {
		socket = new WebSocket(socketAddress("status"));
		socket.addEventListener("message", ({ data }) => message(JSON.parse(data)));
		socket.addEventListener("close", ({ code }) => {
			if (code === GOING_AWAY) return ended();
			lost();
			setTimeout(open, AGAIN_MS);
		});
	};
	open();
	return {
		send(request) {
			if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(request));
		},
	};
}

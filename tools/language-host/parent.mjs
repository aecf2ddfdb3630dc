// SPDX-License-Identifier: Apache-2.0
// Notices that the engine has gone, so that nothing it started is left behind when it was killed.
import { connect } from "node:net";

/**
 * Calls back once when the process that started this one has ended. Looks twice a second: the kernel tells a child of its parent's
 * end only through prctl, which Node does not offer.
 * @param {() => void} callback
 */
export function parentGone(callback) {
	const parent = process.ppid;
	const timer = setInterval(() => {
		if (process.ppid === parent) return;
		clearInterval(timer);
		callback();
	}, 500);
	timer.unref();
}

/**
 * Calls back when nobody listens at the engine's address (`host:port`). To be asked once, after the parent's number has been noted: an
 * engine that was killed while this process started is not the parent any more, so its end would never be seen.
 * @param {string} address
 * @param {() => void} callback
 */
export function unlessListening(address, callback) {
	const [, host, port] = /^(.*):(\d+)$/.exec(address) ?? [];
	if (host === undefined || port === undefined) return;
	const socket = connect(Number(port), host.replace(/^\[|\]$/g, "") || "127.0.0.1");
	socket.once("connect", () => socket.destroy());
	socket.once("error", (/** @type {NodeJS.ErrnoException} */ error) => {
		if (error.code === "ECONNREFUSED") callback();
	});
	socket.unref();
}

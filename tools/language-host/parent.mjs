// SPDX-License-Identifier: Apache-2.0
// Notices that the engine has gone, so that nothing it started is left behind when it was killed.

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

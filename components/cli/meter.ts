// SPDX-License-Identifier: Apache-2.0
// Shares and spans of time, for terminals.

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `width` characters for a share between 0 and 1. */
export function meter(share: number, width = 10): string {
	const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
	const bar = "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
	return bar + "·".repeat(width - [...bar].length);
}

/** A time span as `3 d 4 h`, `5 min`, `12 s`. */
export function span(milliseconds: number): string {
	const seconds = Math.max(0, Math.floor(milliseconds / 1000));
	if (seconds < 60) return `${seconds} s`;
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes} min`;
	const hours = Math.floor(minutes / 60);
	return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

// SPDX-License-Identifier: Apache-2.0
// A Debian package without compression (deb(5)), for an emulated dpkg: decompressing took it a fifth of the time of an installation.
import { type FileHandle, open } from "node:fs/promises";
import { streamCommand } from "./stream-command.ts";

type Bytes = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Writes what the package at `path` holds, as a package, to `target`. */
export async function plainDeb(path: string, target: string, signal?: AbortSignal): Promise<void> {
	const file = await open(target, "wx", 0o644);
	try {
		await file.write("!<arch>\n");
		let end = 8;
		for (const [name, bytes] of [
			["debian-binary", [Buffer.from("2.0\n")]],
			["control.tar", streamCommand("dpkg-deb", ["--ctrl-tarfile", path], signal)],
			["data.tar", streamCommand("dpkg-deb", ["--fsys-tarfile", path], signal)],
		] satisfies [string, Bytes][])
			end = await addMember(file, end, name, bytes);
	} finally {
		await file.close();
	}
}

/** Writes a member of an ar archive at `start`, its header last, and gives the place of the next. */
async function addMember(file: FileHandle, start: number, name: string, bytes: Bytes): Promise<number> {
	const body = start + 60;
	let end = body;
	for await (const piece of bytes) {
		await file.write(piece, 0, piece.length, end);
		end += piece.length;
	}
	const fields = [name.padEnd(16), "0".padEnd(12), "0".padEnd(6), "0".padEnd(6), "100644".padEnd(8), String(end - body).padEnd(10)];
	await file.write(`${fields.join("")}\`\n`, start);
	if (end % 2 === 0) return end;
	await file.write("\n", end);
	return end + 1;
}

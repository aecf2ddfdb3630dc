// SPDX-License-Identifier: Apache-2.0
// How much of the N800's Veil is the part that isolates guests from each other.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../components/util/paths.ts";
import { run } from "../components/util/process.ts";

/** Bytes of a Veil, and of its code from core/ and arch/armv6/. */
export interface N800Size {
	file: number;
	isolating: number;
}

/**
 * By the source file of each function; what was put into another function counts as that one's. What verifies signatures, in verify/ and crypto/, does not: it works
 * before there is a guest, and later on what the owner sends.
 *
 * @param keys that are compiled in, as the makefile takes them
 */
export async function n800Size(folder: string, keys: readonly string[] = []): Promise<N800Size> {
	const build = join(folder, `veil-n800-${keys.length}`);
	await run("make", ["-s", "-C", join(packageRoot(), "hypervisor"), "BOARD=n800", `BUILD=${build}`, `KEYS=${keys.join(",")}`]);
	const { stdout } = await run("arm-linux-gnueabi-nm", [
		"--numeric-sort",
		"--line-numbers",
		"--defined-only",
		join(build, "veil.elf"),
	]);
	const { size } = await stat(join(build, "veil.bin"));
	return { file: size, isolating: textOf(stdout, /(^|\/)(core|arch\/armv6)\/[^/]*$/) };
}

/** Bytes of the functions whose source file is such a one, from what nm says of each symbol: each reaches to the next one. */
export function textOf(symbols: string, file: RegExp): number {
	const places = symbols.split("\n").flatMap((line) => {
		const [, address, kind, , source] = /^([0-9a-f]+) (\w) ([^$\t]\S*)(?:\t(.*):\d+)?$/.exec(line) ?? [];
		return address === undefined || kind === undefined ? [] : [{ address: Number.parseInt(address, 16), kind, source }];
	});
	const sum = places.reduce((bytes, { address, kind, source }, at) => {
		const end = places.slice(at + 1).find((next) => next.address > address)?.address ?? address;
		const isCounted = /[tT]/.test(kind) && source !== undefined && file.test(source) && places[at + 1]?.address !== address;
		return isCounted ? bytes + end - address : bytes;
	}, 0);
	if (sum === 0) throw new Error("no function has a source file of the part that isolates");
	return sum;
}

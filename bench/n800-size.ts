// SPDX-License-Identifier: Apache-2.0
// How much of the N800's Veil is the part that isolates guests from each other.
import { join } from "node:path";
import { packageRoot } from "../components/util/paths.ts";
import { run } from "../components/util/process.ts";

/** Bytes of code from core/ and arch/armv6/, by the source file of each function; what was put into another function counts as that one's. */
export async function isolatingText(folder: string): Promise<number> {
	const build = join(folder, "veil-n800");
	await run("make", ["-s", "-C", join(packageRoot(), "hypervisor"), "BOARD=n800", `BUILD=${build}`]);
	const { stdout } = await run("arm-linux-gnueabi-nm", [
		"--numeric-sort",
		"--line-numbers",
		"--defined-only",
		join(build, "veil.elf"),
	]);
	return textOf(stdout, /(^|\/)(core|arch\/armv6)\/[^/]*$/);
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

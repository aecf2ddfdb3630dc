// SPDX-License-Identifier: Apache-2.0
// Symbols of Buildroot's configuration: which there are, and which of those asked for did not come into force. Kconfig drops what it does not
// know, and what depends on something else, without a word.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { didYouMean } from "../../manifest/suggest.ts";
import { UserError } from "../../util/errors.ts";
import { symbolOf } from "./config.ts";

/** What a symbol depends on, as it is declared; empty where it depends on nothing. */
export type Symbols = ReadonlyMap<string, readonly string[]>;

/** Lines that are not in the configuration that came of them. One that switches off is fulfilled by a symbol that is not there, too. */
export function lostLines(wanted: readonly string[], configuration: string): string[] {
	const got = new Set(configuration.split("\n"));
	return wanted.filter((line) => {
		const symbol = symbolOf(line);
		if (!line.startsWith("#")) return !got.has(line);
		return [...got].some((other) => other.startsWith(`${symbol}=`));
	});
}

/** All symbols of a tree of Buildroot's. */
export async function symbolsOf(tree: string): Promise<Symbols> {
	const symbols = new Map<string, string[]>();
	for (const folder of ["arch", "boot", "fs", "linux", "package", "system", "toolchain"]) {
		const names = await readdir(join(tree, folder), { recursive: true });
		for (const name of names.filter((path) => /(^|\/)Config\.in[^/]*$/.test(path)))
			readSymbols(await readFile(join(tree, folder, name), "utf8"), symbols);
	}
	readSymbols(await readFile(join(tree, "Config.in"), "utf8"), symbols);
	return symbols;
}

/** Adds the symbols that a Kconfig file declares. */
export function readSymbols(text: string, symbols: Map<string, string[]>): void {
	const around: string[] = [];
	let current: string[] | undefined;
	for (const line of text.split("\n")) {
		const declared = /^\s*(?:menu)?config (BR2_\w+)/.exec(line)?.[1];
		const depends = /^\s+depends on (.*?)\s*(?:#.*)?$/.exec(line)?.[1];
		if (declared !== undefined) {
			current = [...(symbols.get(declared) ?? []), ...around];
			symbols.set(declared, current);
		} else if (depends !== undefined) {
			current?.push(depends);
		} else if (/^\S/.test(line) || /^\s+help$/.test(line)) {
			current = undefined;
			const condition = /^if (.+)$/.exec(line)?.[1];
			if (condition !== undefined) around.push(condition);
			else if (/^endif\b/.test(line)) around.pop();
		}
	}
}

/** What is wrong with lines that were lost; `places` tells where a document asks for them. */
export function lostError(
	lost: readonly string[],
	places: Readonly<Record<string, string>>,
	symbols: Symbols,
	version: string,
): UserError {
	const sentences = lost.map((line) => `${places[line] ?? "builder buildroot"}: ${reason(line, symbols, version)}`);
	return new UserError(sentences.join("\n"), {
		remedy: "correct guest.packages and guest.config of the persona; `make menuconfig` of Buildroot shows what there is",
	});
}

function reason(line: string, symbols: Symbols, version: string): string {
	const symbol = symbolOf(line);
	const depends = symbols.get(symbol);
	if (depends === undefined) {
		const packages = [...symbols.keys()].filter((name) => name.startsWith("BR2_PACKAGE_"));
		return `Buildroot ${version} has no ${symbol}${didYouMean(symbol, symbol.startsWith("BR2_PACKAGE_") ? packages : [...symbols.keys()])}`;
	}
	const why = depends.length === 0 ? "something else in the configuration rules it out" : `it depends on ${depends.join(" and ")}`;
	return `Buildroot ${version} does not take ${line}: ${why}`;
}

/** Symbols that are the builder's to set, and a document asks for all the same. The kernel has a run of its own, with options of its own. */
export function reserved(own: readonly string[], asked: readonly string[]): string[] {
	const taken = new Set([...own.map(symbolOf), ...RESERVED]);
	return asked.filter((line) => taken.has(symbolOf(line)) || symbolOf(line).startsWith("BR2_LINUX_KERNEL"));
}

/** Set at a build, to folders of this machine. */
const RESERVED = [
	"BR2_DL_DIR",
	"BR2_CCACHE_DIR",
	"BR2_JLEVEL",
	"BR2_HOST_DIR",
	"BR2_DEFCONFIG",
	"BR2_PRIMARY_SITE",
	"BR2_PRIMARY_SITE_ONLY",
	"BR2_ROOTFS_OVERLAY",
	"BR2_ROOTFS_POST_IMAGE_SCRIPT",
	"BR2_PACKAGE_OVERRIDE_FILE",
];

// SPDX-License-Identifier: Apache-2.0
// Lines of Buildroot's configuration, as Kconfig writes them: those of a board, of every persona, and of what a document asks for.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Board, DocumentPath, Persona } from "../../manifest/index.ts";
import { errorCode, UserError } from "../../util/errors.ts";
import { packageRoot } from "../../util/paths.ts";

/** The value of a symbol in a document. */
export type SymbolValue = Persona["guest"]["config"][string];

/** A line that a document asks for, and where it does. */
export interface WantedLine {
	line: string;
	path: DocumentPath;
}

/** What makes a build the same on every machine, and quick. */
const COMMON = ["BR2_REPRODUCIBLE=y", "BR2_PER_PACKAGE_DIRECTORIES=y", "BR2_DOWNLOAD_FORCE_CHECK_HASHES=y", "BR2_CCACHE=y"];

/** What every root filesystem of ours has. */
const ROOT = [
	"BR2_INIT_BUSYBOX=y",
	"# BR2_TARGET_GENERIC_GETTY is not set",
	'BR2_TARGET_GENERIC_HOSTNAME="persona"',
	'BR2_TARGET_GENERIC_ISSUE=""',
	"BR2_TARGET_ROOTFS_TAR=y",
	// A persona has its network from the start script that its devices need.
	"# BR2_PACKAGE_IFUPDOWN_SCRIPTS is not set",
];

/** No root filesystem, and none of the flags that Buildroot's wrapper of the compiler adds for programs of Linux. */
const NO_ROOT = [
	"BR2_INIT_NONE=y",
	"BR2_SYSTEM_BIN_SH_NONE=y",
	"# BR2_PACKAGE_BUSYBOX is not set",
	"# BR2_TARGET_ROOTFS_TAR is not set",
	"# BR2_PIC_PIE is not set",
	"BR2_SSP_NONE=y",
	"BR2_RELRO_NONE=y",
	"BR2_FORTIFY_SOURCE_NONE=y",
];

/** Where a kernel is built, `persona` is the list of options that the tree of ours has. */
const KERNEL = [
	"BR2_ROOTFS_DEVICE_CREATION_STATIC=y",
	"BR2_LINUX_KERNEL=y",
	"BR2_LINUX_KERNEL_CUSTOM_TARBALL=y",
	"BR2_LINUX_KERNEL_USE_DEFCONFIG=y",
	'BR2_LINUX_KERNEL_DEFCONFIG="persona"',
];

/** What of a kernel is taken: where it has to be patched, the file with its symbols. */
const KERNEL_IMAGES = {
	arm64: { name: "Image", line: "BR2_LINUX_KERNEL_IMAGE=y" },
	armv6: { name: "vmlinux", line: "BR2_LINUX_KERNEL_VMLINUX=y" },
} as const;

/** The lines of a board. @throws UserError when Buildroot does not build for it */
export async function boardLines(board: string): Promise<string[]> {
	const path = join(packageRoot(), "boards", board, "buildroot.config");
	try {
		return configLines(await readFile(path, "utf8"));
	} catch (error) {
		if (errorCode(error) === "ENOENT") throw new UserError(`board ${board} has no configuration of Buildroot`, { cause: error });
		throw error;
	}
}

/** The lines of a text that say something. */
export function configLines(text: string): string[] {
	return text.split("\n").filter((line) => /^(BR2_|# BR2_\w+ is not set$)/.test(line));
}

/** Everything a root filesystem is configured with, but for what is of this machine; a document's own lines last. */
export function rootLines(board: readonly string[], guest: Pick<Persona["guest"], "packages" | "config">): string[] {
	const own = wantedLines(guest).map(({ line }) => line);
	return [...board, ...COMMON, ...ROOT, ...[...new Set(own.filter((line) => !isKernelOption(line)))].sort()];
}

/** Everything Veil is configured with. */
export function veilLines(board: readonly string[]): string[] {
	return [...board, ...COMMON, ...NO_ROOT, "BR2_PACKAGE_VEIL=y"];
}

/** Everything a kernel's run is configured with; the kernel's own options are another list. */
export function kernelLines(board: readonly string[]): string[] {
	return [...board, ...COMMON, ...NO_ROOT, ...KERNEL, KERNEL_IMAGES[architectureOf(board)].line];
}

/** What a kernel's run makes that is taken. */
export function kernelImageName(lines: readonly string[]): "Image" | "vmlinux" {
	return KERNEL_IMAGES[architectureOf(lines)].name;
}

/** Whether a line is one of a kernel's configuration, and none of Buildroot's. */
export function isKernelOption(line: string): boolean {
	return symbolOf(line).startsWith("CONFIG_");
}

/** The architecture of a configuration. */
export function architectureOf(lines: readonly string[]): Board["architecture"] {
	return lines.includes("BR2_aarch64=y") ? "arm64" : "armv6";
}

/** What a document asks for: a package each, and its symbols. */
export function wantedLines({ packages, config }: Pick<Persona["guest"], "packages" | "config">): WantedLine[] {
	return [
		...packages.map((name, index) => ({ line: `${packageSymbol(name)}=y`, path: ["guest", "packages", index] })),
		...Object.entries(config).map(([symbol, value]) => ({ line: configLine(symbol, value), path: ["guest", "config", symbol] })),
	];
}

/** The symbol that switches a package on: its name as Buildroot makes symbols of names. */
export function packageSymbol(name: string): string {
	return `BR2_PACKAGE_${name.toUpperCase().replace(/[-.]/g, "_")}`;
}

/** A symbol with its value as a line. */
export function configLine(symbol: string, value: SymbolValue): string {
	if (value === false) return `# ${symbol} is not set`;
	if (value === true) return `${symbol}=y`;
	return typeof value === "number" ? `${symbol}=${value}` : `${symbol}="${value}"`;
}

/** The symbol a line is about. */
export function symbolOf(line: string): string {
	return /^(?:# )?((?:BR2|CONFIG)_\w+)/.exec(line)?.[1] ?? "";
}

/** Whether lines choose a toolchain by themselves: then none is given to Buildroot. */
export function choosesToolchain(lines: readonly string[]): boolean {
	return lines.some((line) => /^BR2_TOOLCHAIN_(BUILDROOT|EXTERNAL)\w*=/.test(line));
}

// SPDX-License-Identifier: Apache-2.0
// Builds what measuring needs and users do not: the counting plugin, the small guests, the marker program for Linux.
import { join } from "node:path";
import { type BuildContext, buildHypervisor, hypervisorInputs } from "../components/image/index.ts";
import { boardByName } from "../components/manifest/index.ts";
import { packageRoot } from "../components/util/paths.ts";
import { run } from "../components/util/process.ts";

/** The plugin's shared object, made by the host's own compiler. */
export async function buildPlugin(folder: string): Promise<string> {
	const out = join(folder, "libcount.so");
	await run("gcc", [
		...["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O2", "-fPIC", "-shared", "-fvisibility=hidden"],
		...["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-o", out, join(packageRoot(), "bench/plugin/count.c")],
	]);
	return out;
}

/** Folder of the images of `bench/guests` or `tests/guests`, one `<guest>.img` each. */
export async function buildGuests(which: "bench/guests" | "tests/guests", folder: string): Promise<string> {
	const out = join(folder, which.replace("/", "-"));
	await run("make", ["-s", "-C", join(packageRoot(), "tests/guests"), `OUT=${out}`, `DIR=../../${which}`]);
	return out;
}

/** Folder of the programs of `bench/guests/armv6`, one `<guest>.elf` each. */
export async function buildArmv6Guests(folder: string): Promise<string> {
	const out = join(folder, "bench-guests-armv6");
	await run("make", ["-s", "-C", join(packageRoot(), "bench/guests/armv6"), `OUT=${out}`]);
	return out;
}

/** A Linux program of four instructions: executes marker 01 and exits. */
export async function buildMarker(out: string): Promise<void> {
	await run("aarch64-linux-gnu-gcc", [
		...["-nostdlib", "-static", "-s", "-Wl,--build-id=none", "-o", out],
		join(packageRoot(), "bench/guests/marker.S"),
	]);
}

/** Veil as users get it; the path of the file with its image header. */
export async function buildVeil(context: BuildContext, boardName = "qemu-virt"): Promise<string> {
	const { document: board } = await boardByName(boardName);
	const { path } = await buildHypervisor(await hypervisorInputs(board), context);
	return path;
}

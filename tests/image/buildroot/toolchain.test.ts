// SPDX-License-Identifier: Apache-2.0
// The host's cross compiler as Buildroot takes it: nothing of it looks into the host's folders.
import { execFileSync, spawnSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	lstatSync,
	mkdirSync,
	readFileSync,
	readlinkSync,
	renameSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { relocate } from "../../../components/image/buildroot/toolchain.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const TUPLE = "aarch64-linux-gnu";

/** A distribution's files, with a compiler that says how it was called. */
function host(): string {
	const root = temporaryFolder();
	const write = (path: string, text: string) => {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), text);
	};
	write(`usr/lib/gcc-cross/${TUPLE}/12/cc1`, "");
	write(
		`usr/bin/${TUPLE}-gcc-12`,
		'#!/bin/sh\n[ "$1" = -v ] && { echo "Configured with: ../configure --with-sysroot=/ --enable-multiarch" >&2; exit 3; }\necho "$0 $*"\n',
	);
	chmodSync(join(root, `usr/bin/${TUPLE}-gcc-12`), 0o755);
	symlinkSync(`${TUPLE}-gcc-12`, join(root, `usr/bin/${TUPLE}-gcc`));
	symlinkSync(`${TUPLE}-gcc-12`, join(root, `usr/bin/${TUPLE}-cpp`));
	write(`usr/bin/${TUPLE}-ld`, "");
	mkdirSync(join(root, `usr/${TUPLE}/bin`), { recursive: true });
	write(`usr/${TUPLE}/include/stdio.h`, "");
	write(`usr/${TUPLE}/lib/libc.so`, `GROUP ( /usr/${TUPLE}/lib/libc.so.6 /usr/${TUPLE}/lib/libc_nonshared.a )\n`);
	write(`usr/${TUPLE}/lib/libc.so.6`, "\x7fELF");
	write(`usr/${TUPLE}/lib/libc.a`, "!<arch>");
	symlinkSync("libm.so.6", join(root, `usr/${TUPLE}/lib/libm.so`));
	return root;
}

test("has a sysroot of its own, and lies where it will be used", async () => {
	const parent = temporaryFolder();
	const [folder, unfinished] = [join(parent, "toolchain"), join(parent, "new")];
	const root = host();
	await relocate(TUPLE, folder, unfinished, { root });
	renameSync(unfinished, folder);
	const sysroot = join(folder, "sysroot");
	expect(readFileSync(join(sysroot, "usr/lib/libc.so"), "utf8")).toBe("GROUP ( libc.so.6 libc_nonshared.a )\n");
	expect(existsSync(join(sysroot, "lib/libc.so.6"))).toBe(true);
	expect(existsSync(join(sysroot, "usr/lib/libc.a"))).toBe(true);
	expect(readlinkSync(join(sysroot, "usr/lib/libm.so"))).toBe("../../lib/libm.so.6");
	expect(existsSync(join(sysroot, "usr/include/stdio.h"))).toBe(true);
	// The driver goes up from this folder by `..`, so it must not lead to the host's.
	expect(lstatSync(join(folder, `usr/lib/gcc-cross/${TUPLE}/12`)).isDirectory()).toBe(true);
	expect(lstatSync(join(folder, `usr/bin/${TUPLE}-gcc`)).isSymbolicLink()).toBe(false);
	expect(execFileSync(join(folder, `bin/${TUPLE}-gcc`), ["-c", "a b.c"], { encoding: "utf8" })).toBe(
		`${join(folder, `usr/bin/${TUPLE}-gcc`)} --sysroot=${sysroot} -c a b.c\n`,
	);
	const { stderr } = spawnSync(join(folder, `bin/${TUPLE}-gcc`), ["-v"], { encoding: "utf8" });
	expect(stderr).toBe("Configured with: ../configure --enable-multiarch\n");
});

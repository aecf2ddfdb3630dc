// SPDX-License-Identifier: Apache-2.0
// The host distribution's cross compiler in a form that Buildroot takes: a copy of the driver that finds all else beside itself, with a
// sysroot of its own. As installed, it looks into the host's folders, and Buildroot refuses it for that.

import { existsSync, lstatSync, realpathSync } from "node:fs";
import {
	chmod,
	copyFile,
	cp,
	mkdir,
	open,
	readdir,
	readFile,
	readlink,
	rename,
	rm,
	symlink,
	utimes,
	writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import type { Board } from "../../manifest/index.ts";
import { canonicalJson, sha256 } from "../../util/digest.ts";
import { UserError } from "../../util/errors.ts";
import { run } from "../../util/process.ts";
import type { Progress } from "../../util/progress.ts";
import { COMPILER_PREFIX } from "../compiler.ts";
import type { Store } from "../store.ts";

/** Another number means another folder from the same packages. */
const RECIPE = 1;
/** Debian's names of the architectures. */
const DEBIAN = { arm64: "arm64", armv6: "armel" } as const;
/** What Buildroot calls by the target's name. */
const BINUTILS =
	"addr2line ar as c++filt elfedit gcc-ar gcc-nm gcc-ranlib ld ld.bfd nm objcopy objdump ranlib readelf size strings strip";

/** Where the distribution keeps its files; tests give their own. */
export interface ToolchainHost {
	root: string;
}

/** A cross compiler that is ready for Buildroot. */
export interface Toolchain {
	folder: string;
	/** Lines of configuration that describe it. */
	config: string[];
}

/** What compiles: the packages of the cross compiler as `name=version`, sorted. @throws UserError when some are missing */
export async function toolchainPackages(architecture: Board["architecture"]): Promise<string[]> {
	const prefix = COMPILER_PREFIX[architecture];
	const tuple = prefix.slice(0, -1);
	const debian = DEBIAN[architecture];
	try {
		const version = (await run(`${prefix}gcc`, ["-dumpversion"])).stdout.trim();
		const names = [
			`binutils-${tuple}`,
			`gcc-${version}-${tuple}`,
			`libc6-dev-${debian}-cross`,
			`libgcc-${version}-dev-${debian}-cross`,
			`linux-libc-dev-${debian}-cross`,
		];
		// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders.
		const { stdout } = await run("dpkg-query", ["-W", "-f", "${Package}=${Version}\\n", ...names]);
		return stdout.trim().split("\n").sort();
	} catch (error) {
		throw new UserError(`${prefix}gcc of Debian is missing, which Buildroot is given as its compiler`, {
			remedy: `apt-get install gcc-${tuple} libc6-dev-${debian}-cross; or choose a toolchain in guest.config, for instance BR2_TOOLCHAIN_BUILDROOT: true`,
			cause: error,
		});
	}
}

/** The folder for a set of packages, made when it is not there yet. */
export async function relocatedToolchain(
	architecture: Board["architecture"],
	packages: readonly string[],
	parent: string,
	{ store, signal, progress }: { store: Store; signal?: AbortSignal | undefined; progress: Progress },
): Promise<Toolchain> {
	const key = sha256(canonicalJson({ kind: "buildroot-toolchain", architecture, packages, recipe: RECIPE }));
	const folder = join(parent, key.slice("sha256:".length, "sha256:".length + 16));
	const tuple = COMPILER_PREFIX[architecture].slice(0, -1);
	await store.exclusively(key, { signal, progress }, async () => {
		// Its time is a sign for the garbage collection.
		if (existsSync(folder)) return utimes(folder, new Date(), new Date());
		progress("making the cross compiler ready for Buildroot");
		const unfinished = `${folder}.new`;
		await rm(unfinished, { recursive: true, force: true });
		await mkdir(parent, { recursive: true });
		await relocate(tuple, folder, unfinished);
		await rename(unfinished, folder);
	});
	return { folder, config: await describe(tuple, folder, packages) };
}

async function describe(tuple: string, folder: string, packages: readonly string[]): Promise<string[]> {
	const gcc = packages.map((entry) => /^gcc-(\d+)-/.exec(entry)?.[1]).find((version) => version !== undefined);
	const code = /LINUX_VERSION_CODE (\d+)/.exec(await readFile(join(folder, "sysroot/usr/include/linux/version.h"), "utf8"))?.[1];
	const headers = `${Number(code) >> 16}_${(Number(code) >> 8) & 0xff}`;
	return [
		"BR2_TOOLCHAIN_EXTERNAL=y",
		"BR2_TOOLCHAIN_EXTERNAL_CUSTOM=y",
		"BR2_TOOLCHAIN_EXTERNAL_PREINSTALLED=y",
		`BR2_TOOLCHAIN_EXTERNAL_PATH="${folder}"`,
		`BR2_TOOLCHAIN_EXTERNAL_CUSTOM_PREFIX="${tuple}"`,
		`BR2_TOOLCHAIN_EXTERNAL_GCC_${gcc}=y`,
		`BR2_TOOLCHAIN_EXTERNAL_HEADERS_${headers}=y`,
		"BR2_TOOLCHAIN_EXTERNAL_CUSTOM_GLIBC=y",
		"# BR2_TOOLCHAIN_EXTERNAL_INET_RPC is not set",
		"# BR2_TOOLCHAIN_EXTERNAL_CXX is not set",
		"BR2_TOOLCHAIN_EXTERNAL_OPENMP=y",
	];
}

/** Makes in `target` what is to lie at `folder` in the end. */
export async function relocate(
	tuple: string,
	folder: string,
	target: string,
	{ root }: ToolchainHost = { root: "/" },
): Promise<void> {
	const host = (path: string) => join(root, path);
	const compilers = host(`usr/lib/gcc-cross/${tuple}`);
	for (const path of ["bin", "usr/bin", `usr/${tuple}`, "sysroot/lib", "sysroot/usr/lib"])
		await mkdir(join(target, path), { recursive: true });
	await symlink(host(`usr/${tuple}/bin`), join(target, "usr", tuple, "bin"));
	for (const version of await readdir(compilers)) {
		// The folder itself must be real: the compiler goes up from it by `..`.
		const own = join(target, "usr/lib/gcc-cross", tuple, version);
		await mkdir(own, { recursive: true });
		for (const name of await readdir(join(compilers, version))) await symlink(join(compilers, version, name), join(own, name));
	}
	for (const tool of BINUTILS.split(" ")) {
		const path = host(`usr/bin/${tuple}-${tool}`);
		if (existsSync(path)) await symlink(path, join(target, "bin", `${tuple}-${tool}`));
	}
	for (const compiler of ["gcc", "cpp"]) {
		const name = `${tuple}-${compiler}`;
		await copyFile(realpathSync(host(`usr/bin/${name}`)), join(target, "usr/bin", name));
		const wrapper = join(target, "bin", name);
		await writeFile(wrapper, wrapperScript(folder, name));
		await chmod(wrapper, 0o755);
	}
	await cp(host(`usr/${tuple}/include`), join(target, "sysroot/usr/include"), { recursive: true, verbatimSymlinks: true });
	await copyLibraries(host(`usr/${tuple}/lib`), `/usr/${tuple}/lib/`, join(target, "sysroot"));
}

/** What is called as the compiler. Asked for itself, it leaves out that its sysroot was the host's root, since it is not any more. */
export function wrapperScript(folder: string, name: string): string {
	return `#!/bin/sh
if [ "$*" = -v ]; then "${folder}/usr/bin/${name}" -v 2>&1 | sed 's, --with-sysroot=/ , ,' >&2; exit; fi
exec "${folder}/usr/bin/${name}" --sysroot="${folder}/sysroot" "$@"
`;
}

/** Shared libraries to lib/, all else to usr/lib/; linker scripts lose the host's folder, which they name. */
async function copyLibraries(from: string, named: string, sysroot: string): Promise<void> {
	for (const name of await readdir(from)) {
		const path = join(from, name);
		const isShared = /\.so\.[0-9.]+$/.test(name);
		const status = lstatSync(path);
		if (status.isDirectory()) continue;
		if (status.isSymbolicLink()) {
			const to = await readlink(path);
			await symlink(isShared ? to : `../../lib/${to}`, join(sysroot, isShared ? "lib" : "usr/lib", name));
		} else if (isShared || (/\.so$/.test(name) && (await isElf(path)))) {
			await copyFile(path, join(sysroot, "lib", name));
		} else if (/\.so$/.test(name)) {
			await writeFile(join(sysroot, "usr/lib", name), (await readFile(path, "utf8")).replaceAll(named, ""));
		} else {
			await copyFile(path, join(sysroot, "usr/lib", name));
		}
	}
}

async function isElf(path: string): Promise<boolean> {
	const file = await open(path);
	try {
		const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
		return buffer.equals(Buffer.from("\x7fELF", "latin1"));
	} finally {
		await file.close();
	}
}

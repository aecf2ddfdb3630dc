// SPDX-License-Identifier: Apache-2.0
// Packages of this machine's distribution that leave something in an image which their compiler makes: its C library and the compiler's own.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Such a package. */
export interface CompilerPackage {
	name: string;
	version: string;
	/** Of the distribution, as package URLs have it: `debian`, `ubuntu`. */
	vendor: string;
	/** The release's name; empty where it has none. */
	suite: string;
	/** Text of its copyright file; missing where it has none here. */
	copyright?: string;
}

/** Those among a compiler's packages (`name=version`), as they are on this machine; tests give another root. */
export async function compilerPackages(toolchain: readonly string[], root = "/"): Promise<CompilerPackage[]> {
	const release = toolchain.length === 0 ? "" : await text(join(root, "etc/os-release"));
	const field = (name: string) => new RegExp(`^${name}="?([\\w.-]+)"?$`, "m").exec(release)?.[1] ?? "";
	const found: CompilerPackage[] = [];
	for (const entry of toolchain) {
		const [name = "", version = ""] = entry.split(/=(.*)/s);
		if (!/^lib(c6|gcc-\d+)-dev-/.test(name)) continue;
		const copyright = await text(join(root, "usr/share/doc", name, "copyright"));
		found.push({
			...{ name, version, vendor: field("ID") || "debian", suite: field("VERSION_CODENAME") },
			...(copyright === "" ? {} : { copyright }),
		});
	}
	return found;
}

function text(path: string): Promise<string> {
	return readFile(path, "utf8").catch(() => "");
}

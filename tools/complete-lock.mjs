// SPDX-License-Identifier: Apache-2.0
// Completes package-lock.json after `npm install` from a registry that does not carry every platform's binaries: `npm ci` refuses a
// lock that names an optional dependency without an entry for it, even where the platform would not install it anyway.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** @typedef {{ version?: string, cpu?: string[], os?: string[], libc?: string[], dev?: boolean, optional?: boolean, optionalDependencies?: Record<string, string> }} Entry */

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];

/**
 * The optional dependencies that are named in the lock and have no entry in it, with the entry each should have.
 * @param {Record<string, Entry>} packages the lock's `packages`
 * @returns {Record<string, Entry>}
 */
export function missingEntries(packages) {
	/** @type {Record<string, Entry>} */
	const missing = {};
	for (const [path, entry] of Object.entries(packages)) {
		for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
			const nested = `${path}/node_modules/${name}`;
			const top = `node_modules/${name}`;
			if (packages[nested] !== undefined || packages[top] !== undefined) continue;
			// The platform is in the package's name: @scope/cli-linux-arm64-musl, binding-win32-x64-msvc, …
			const words = name.split(/[-/]/);
			const os = words.filter((word) => SYSTEMS.includes(word));
			const cpu = words.filter((word) => PROCESSORS.includes(word));
			missing[missing[top] === undefined || missing[top].version === version ? top : nested] = {
				version,
				...(cpu.length > 0 ? { cpu } : {}),
				...(entry.dev === true ? { dev: true } : {}),
				...(words.includes("musl") ? { libc: ["musl"] } : {}),
				optional: true,
				...(os.length > 0 ? { os } : {}),
			};
		}
	}
	return missing;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
	const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
	const missing = missingEntries(lock.packages);
	const packages = { ...lock.packages, ...missing };
	lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en")));
	writeFileSync("package-lock.json", `${JSON.stringify(lock, undefined, 2)}\n`);
	process.stdout.write(`${Object.keys(missing).length} entries added\n`);
}

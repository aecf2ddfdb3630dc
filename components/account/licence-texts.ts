// SPDX-License-Identifier: Apache-2.0
// Collects the licence texts of everything in an image into a folder: what has to go along where an image is handed on.
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode } from "../util/errors.ts";
import { packageRoot } from "../util/paths.ts";
import { commonLicences } from "./copyright.ts";
import type { AccountedPackage } from "./packages.ts";

/** Debian's copyright files refer to the texts in this folder of every Debian and Ubuntu, in place of repeating them. */
const COMMON = "/usr/share/common-licenses";

/** What was collected. */
export interface CollectedLicences {
	/** Paths of files, relative to the folder. */
	readonly files: readonly string[];
	/** Packages that bring no text. */
	readonly without: readonly string[];
	/** Common licences that this machine does not have. */
	readonly missing: readonly string[];
}

/** Writes the texts of the packages, of the common licences they refer to, and of this package into `folder`. */
export async function collectLicences(packages: Iterable<AccountedPackage>, folder: string): Promise<CollectedLicences> {
	const files = new Map<string, string>();
	const without = new Set<string>();
	const common = new Set<string>();
	for (const { name, version, licenceTexts } of packages) {
		if (licenceTexts.length === 0) without.add(`${name} ${version}`);
		for (const [index, text] of licenceTexts.entries()) {
			const end = index === 0 ? "" : `.${index + 1}`;
			files.set(join("packages", plain(`${name}_${version}`), `copyright${end}`), text);
			for (const licence of commonLicences(text)) common.add(licence);
		}
	}
	files.set(join("pulumi-persona", "LICENSE"), await readFile(join(packageRoot(), "LICENSE"), "utf8"));
	for (const [path, text] of files) await writeInto(folder, path, (target) => writeFile(target, text));
	const missing: string[] = [];
	for (const name of [...common].sort()) {
		const path = join("common-licenses", name);
		try {
			await writeInto(folder, path, (target) => copyFile(join(COMMON, name), target));
			files.set(path, "");
		} catch (error) {
			if (errorCode(error) !== "ENOENT") throw error;
			missing.push(name);
		}
	}
	return { files: [...files.keys()].sort(), without: [...without].sort(), missing };
}

async function writeInto(folder: string, path: string, write: (target: string) => Promise<void>): Promise<void> {
	const target = join(folder, path);
	await mkdir(dirname(target), { recursive: true });
	await write(target);
}

/** A package's name comes from the lock; in a path it must stay one part. */
function plain(name: string): string {
	return name.replace(/[^A-Za-z0-9.+~_-]/g, "_").replace(/^\.+/, "_");
}

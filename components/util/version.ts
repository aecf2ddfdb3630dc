// SPDX-License-Identifier: Apache-2.0
// The version of this package, from package.json, and how versions compare.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./paths.ts";

/** The package's own version, for instance `0.1.0`. */
export function packageVersion(): string {
	const parsed: unknown = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
	if (typeof parsed === "object" && parsed !== null && "version" in parsed && typeof parsed.version === "string")
		return parsed.version;
	throw new Error("package.json has no version");
}

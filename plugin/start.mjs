// SPDX-License-Identifier: Apache-2.0
// Starts the provider: from its sources where they are, else compiled. Code is kept compiled between starts, because the engine waits.
import { existsSync } from "node:fs";
import module from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

module.enableCompileCache?.(join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "persona", "compiled"));
const source = new URL("../components/provider/main.ts", import.meta.url);
if (!existsSync(source)) {
	await import(new URL("../dist/components/provider/main.js", import.meta.url).href);
} else {
	await import(source.href);
}

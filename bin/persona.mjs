#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The `persona` command: runs from its sources where they are, else compiled. Code is kept compiled between runs, so that it starts fast.
import { existsSync } from "node:fs";
import module from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
	// Set-up may have put a current Node into the project: the command starts anew with it. It is not fetched here.
	const { findProject } = await import("../tools/folders.mjs");
	const project = findProject(process.cwd(), process.env) ?? fileURLToPath(new URL("..", import.meta.url));
	if (!existsSync(join(project, ".persona", "node", "bin", "node"))) {
		console.error(`persona: this is Node ${process.version}, 22.18 or newer is needed\n  \`npm run up\` gets one for the project`);
		process.exit(1);
	}
	await (await import("../tools/node.mjs")).onCurrentNode(project);
}
module.enableCompileCache?.(join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "persona", "compiled"));
const source = new URL("../components/cli/main.ts", import.meta.url);
if (existsSync(source)) {
	await (await import(source.href)).main();
} else {
	await (await import(new URL("../dist/components/cli/main.js", import.meta.url).href)).main();
}

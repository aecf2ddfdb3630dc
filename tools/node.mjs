// SPDX-License-Identifier: Apache-2.0
// A Node that is new enough: the one that runs, or one from the npm registry under `.persona/node`, with which the command starts anew.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { exclusively, run, SetupError, say } from "./console.mjs";
import { compareVersions, NODE_MINIMUM, NODE_PACKAGE } from "./needs.mjs";
import { isOffline } from "./network.mjs";

/**
 * Returns when this process runs on a current Node; otherwise gets one, runs the same command with it and ends with its status.
 * @param {string} project
 */
export async function onCurrentNode(project) {
	if (compareVersions(process.versions.node, NODE_MINIMUM) >= 0) return;
	const bin = join(project, ".persona", "node", "bin");
	if (!existsSync(join(bin, "node"))) {
		await exclusively(join(project, ".persona", "node.lock"), "fetches Node", () => fetchNode(project));
	}
	const child = spawn(join(bin, "node"), process.argv.slice(1), {
		stdio: "inherit",
		env: { ...process.env, PATH: [bin, process.env.PATH ?? ""].join(delimiter) },
	});
	// A terminal's ^C reaches the child by itself; twice would be taken for impatience.
	process.on("SIGINT", () => {});
	for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
	const status = await new Promise((settle) => child.once("close", (code, signal) => settle(signal === null ? code : 1)));
	process.exit(status);
}

/** @param {string} project */
async function fetchNode(project) {
	const target = join(project, ".persona", "node");
	if (existsSync(join(target, "bin", "node"))) return;
	if (process.platform !== "linux" || process.arch !== "x64") {
		throw new SetupError(`Node ${process.versions.node} is too old; install Node ${NODE_MINIMUM} or newer`);
	}
	if (isOffline()) {
		throw new SetupError(
			`Node ${process.versions.node} is too old, and nothing may be fetched offline: install Node ${NODE_MINIMUM} or newer, or run \`npm run up\` once while there is a network`,
		);
	}
	const name = `${NODE_PACKAGE.name}@${NODE_PACKAGE.version}`;
	say(
		`this is Node ${process.versions.node}, the project needs ${NODE_MINIMUM}: taking ${name} from the npm registry into .persona/`,
	);
	mkdirSync(dirname(target), { recursive: true });
	const folder = mkdtempSync(join(dirname(target), "node-"));
	try {
		const [packed] = JSON.parse(await run("npm", ["pack", "--json", "--pack-destination", folder, name], { cwd: folder }));
		const archive = join(folder, packed.filename);
		const digest = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
		if (digest !== NODE_PACKAGE.integrity)
			throw new SetupError(`${name} is not what was expected (${digest}); nothing was installed`);
		await run("tar", ["-xzf", archive, "-C", folder]);
		await run(join(folder, "package", "bin", "node"), ["--version"]);
		rmSync(target, { recursive: true, force: true });
		renameSync(join(folder, "package"), target);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

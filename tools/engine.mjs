// SPDX-License-Identifier: Apache-2.0
// Gets Pulumi's engine: the user's own where it will do, else the official release, else a build from Go modules with a small
// language host of ours beside it.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
	chmodSync,
	copyFileSync,
	existsSync,
	linkSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { exclusively, run, SetupError, say } from "./console.mjs";
import { cacheDir } from "./folders.mjs";
import { BUILD_RECIPE, buildEngine } from "./go.mjs";
import { compareVersions, ENGINE_MINIMUM, findCommand } from "./needs.mjs";

const tools = dirname(fileURLToPath(import.meta.url));
/** How long the vendor's download server may take to answer at all, in milliseconds. */
const REACH_MS = 5_000;
/** How long its installer may take, in milliseconds. */
const INSTALL_MS = 300_000;

/** @param {string} project */
function engineFolder(project) {
	return join(project, ".persona", "engine");
}

/** What a build is made from: equal keys, equal engines. */
function buildKey() {
	const hash = createHash("sha256").update(BUILD_RECIPE);
	for (const file of readdirSync(join(tools, "engine"), { recursive: true, encoding: "utf8" }).sort()) {
		if (/\.(go|mod|sum)$/.test(file)) hash.update(readFileSync(join(tools, "engine", file)));
	}
	return hash.digest("hex").slice(0, 16);
}

/**
 * The version of the `pulumi` on the user's PATH when it and its Node language host will do, or undefined.
 * @param {string} project
 * @returns {string | undefined}
 */
export function engineOnPath(project) {
	const own = [join(engineFolder(project), "bin")];
	const command = findCommand("pulumi", process.env, own);
	if (command === undefined) return undefined;
	const host = findCommand("pulumi-language-nodejs", { PATH: [dirname(command), process.env.PATH ?? ""].join(delimiter) }, own);
	if (host === undefined) return undefined;
	const said = spawnSync(command, ["version"], { encoding: "utf8", env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } });
	const version = said.stdout?.trim().replace(/^v/, "") ?? "";
	return said.status === 0 && compareVersions(version, ENGINE_MINIMUM) >= 0 ? version : undefined;
}

/**
 * True when an engine is at hand, so that {@link getEngine} would do nothing.
 * @param {string} project
 */
export function haveEngine(project) {
	const stamp = join(engineFolder(project), "stamp");
	if (existsSync(stamp)) {
		const [kind, detail] = readFileSync(stamp, "utf8").trim().split(" ");
		const whole = ["pulumi", "pulumi-language-nodejs"].every((name) => existsSync(join(engineFolder(project), "bin", name)));
		return whole && (kind === "release" ? detail === ENGINE_MINIMUM : detail === buildKey());
	}
	return wanted() !== "release" && wanted() !== "build" && engineOnPath(project) !== undefined;
}

/** `PERSONA_ENGINE` = path | release | build asks for one way only. */
function wanted() {
	return process.env.PERSONA_ENGINE ?? "";
}

/**
 * Gets an engine unless one is at hand. `haveGo` installs Go, and is called only when the engine has to be built.
 * @param {string} project
 * @param {() => Promise<void>} haveGo
 */
export async function getEngine(project, haveGo) {
	if (haveEngine(project)) return;
	if (wanted() === "path")
		throw new SetupError(`PERSONA_ENGINE=path, but there is no pulumi >= ${ENGINE_MINIMUM} with its Node language host on PATH`);
	const staging = join(project, ".persona", `engine-${process.pid}`);
	rmSync(staging, { recursive: true, force: true });
	mkdirSync(staging, { recursive: true });
	try {
		let stamp;
		if (wanted() !== "build" && (await installRelease(staging))) stamp = `release ${ENGINE_MINIMUM}`;
		else if (wanted() === "release") throw new SetupError("PERSONA_ENGINE=release, but Pulumi's download server cannot be reached");
		else {
			await takeBuild(staging, haveGo);
			writeLanguageHost(project, join(staging, "bin"));
			stamp = `build ${buildKey()}`;
		}
		await run(join(staging, "bin", "pulumi"), ["version"], { env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } });
		writeFileSync(join(staging, "stamp"), `${stamp}\n`);
		rmSync(engineFolder(project), { recursive: true, force: true });
		renameSync(staging, engineFolder(project));
	} finally {
		rmSync(staging, { recursive: true, force: true });
	}
}

/**
 * The official release, by the Automation API's own installer. False when the vendor's server cannot be reached.
 * @param {string} folder
 * @returns {Promise<boolean>}
 */
async function installRelease(folder) {
	// A process of its own, since Node looks at variables that name a proxy only when it starts with this one.
	const env = { ...process.env, NODE_USE_ENV_PROXY: "1" };
	const reach = `fetch("https://get.pulumi.com/install.sh", { method: "HEAD", signal: AbortSignal.timeout(${REACH_MS}) })`;
	try {
		await run(process.execPath, ["-e", `${reach}.catch(() => process.exit(1))`], { env });
	} catch {
		say("Pulumi's download server cannot be reached, so its engine is taken from Go modules");
		return false;
	}
	say(`installing Pulumi ${ENGINE_MINIMUM}'s release into .persona/`);
	const program = `
		const { PulumiCommand } = require("@pulumi/pulumi/automation");
		const { SemVer } = require("semver");
		PulumiCommand.install({ version: new SemVer(process.argv[2]), root: process.argv[1] })
			.catch((error) => { console.error(error.message); process.exit(1); });`;
	try {
		await run(process.execPath, ["-e", program, folder, ENGINE_MINIMUM], { cwd: join(tools, ".."), env, timeout: INSTALL_MS });
	} catch (error) {
		say(`that failed, so the engine is built from Go modules: ${error instanceof Error ? error.message : error}`);
		return false;
	}
	return existsSync(join(folder, "bin", "pulumi-language-nodejs"));
}

/**
 * The engine built from Go modules, from the cache where another clone has built it already.
 * @param {string} folder
 * @param {() => Promise<void>} haveGo
 */
async function takeBuild(folder, haveGo) {
	const cache = join(cacheDir(), "engine");
	const built = join(cache, buildKey(), "pulumi");
	if (!existsSync(built)) {
		await exclusively(join(cache, "build.lock"), "builds the engine", async () => {
			if (existsSync(built)) return;
			await haveGo();
			await buildEngine(join(tools, "engine"), built, join(cache, "go"));
			for (const old of readdirSync(cache)) {
				if (/^[0-9a-f]{16}$/.test(old) && old !== buildKey()) rmSync(join(cache, old), { recursive: true, force: true });
			}
		});
	}
	mkdirSync(join(folder, "bin"), { recursive: true });
	const target = join(folder, "bin", "pulumi");
	// The engine looks for its language host beside its own real path, so a symbolic link into the cache will not do.
	try {
		linkSync(built, target);
	} catch {
		copyFileSync(built, target);
	}
	chmodSync(target, 0o755);
}

/**
 * The executable the engine starts for Node programs. Paths in it are relative, so that a project can be moved.
 * @param {string} project
 * @param {string} folder
 */
function writeLanguageHost(project, folder) {
	const final = join(engineFolder(project), "bin");
	const host = relative(final, join(tools, "language-host", "main.mjs"));
	const script = `#!/bin/sh
# Started by Pulumi's engine to run Node programs; written by set-up.
here=$(dirname "$(readlink -f "$0")")
node="$here/../../node/bin/node"
[ -x "$node" ] || node=node
exec "$node" "$here/${host}" "$@"
`;
	writeFileSync(join(folder, "pulumi-language-nodejs"), script, { mode: 0o755 });
}

// SPDX-License-Identifier: Apache-2.0
// Makes a fresh machine ready: Node, Debian packages, npm packages and Pulumi's engine. Says what it does and why, does nothing when
// nothing is missing, and may run several times at once. `node tools/setup.mjs [--tests]` runs it alone.
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { exclusively, fail, run, SetupError, say } from "./console.mjs";
import { ownOccasions } from "./declared.mjs";
import { getEngine, haveEngine } from "./engine.mjs";
import { findProject } from "./folders.mjs";
import { aptLine, findCommand, missingPackages, staleModules } from "./needs.mjs";
import { isOffline, proxyAssignments } from "./network.mjs";
import { onCurrentNode } from "./node.mjs";
import { getValidators, haveValidators } from "./validators.mjs";

/** The folder of this package, which is the project itself in a clone. */
export const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));

/** The project that is set up: the one npm was called in, or the clone. */
export function projectFolder() {
	return findProject(process.cwd(), process.env) ?? packageFolder;
}

/**
 * Makes the project ready to run; returns quickly when it is. On an old Node the whole command starts anew with a current one.
 * @param {string} project
 * @param {{ tests: boolean, stack?: string, engine?: boolean }} options `stack`: only what this one's phone needs, by its board; `engine`: with
 *   Pulumi's engine, which takes longest; default true
 */
export async function setUp(project, { tests, stack, engine = true }) {
	await onCurrentNode(project);
	/** @type {import("./needs.mjs").Occasion[]} */
	const occasions = ["run", ...(tests ? /** @type {const} */ (["test", "n800"]) : []), ...ownOccasions(project, stack)];
	if (ready(project, occasions) && (!engine || haveEngine(project)) && (!tests || haveValidators(project))) return;
	if (isOffline()) throw new SetupError(missingOffline(project, occasions, engine));
	await exclusively(join(project, ".persona", "setup.lock"), "sets this project up", async () => {
		await installPackages(missingPackages(occasions));
		await installModules(project, tests);
		linkCommand(project);
		if (tests) await getValidators(project);
		if (engine) await getEngine(project, () => installPackages(missingPackages(["engine"])));
	});
}

/**
 * @param {string} project
 * @param {readonly import("./needs.mjs").Occasion[]} occasions
 */
function ready(project, occasions) {
	return (
		missingPackages(occasions).length === 0 &&
		staleModules(project, { tests: occasions.includes("test") }).length === 0 &&
		existsSync(join(project, "node_modules", ".bin", "persona"))
	);
}

/**
 * All that set-up would have to fetch.
 * @param {string} project
 * @param {readonly import("./needs.mjs").Occasion[]} occasions
 * @param {boolean} engine
 */
function missingOffline(project, occasions, engine) {
	const packages = missingPackages(occasions).map((need) => `  Debian package ${need.package}: ${need.why}`);
	const tests = occasions.includes("test");
	const modules = staleModules(project, { tests });
	const lines = [
		...packages,
		...(modules.length > 0 ? [`  ${modules.length} npm packages that package-lock.json names, ${modules[0]} first`] : []),
		...(engine && !haveEngine(project) ? ["  Pulumi's engine"] : []),
		...(tests && !haveValidators(project) ? ["  in-toto's definitions, which tests check provenance with"] : []),
	];
	return `not on this machine, and nothing may be fetched offline:\n${lines.join("\n")}\nRun \`npm ${tests ? "test" : "run up"}\` once while there is a network (docs/guide/offline.md)`;
}

/** @param {ReturnType<typeof missingPackages>} missing */
async function installPackages(missing) {
	if (missing.length === 0) return;
	const names = missing.map((need) => need.package);
	const asRoot = process.getuid?.() === 0 ? [] : findCommand("sudo") === undefined ? undefined : ["sudo"];
	if (findCommand("apt-get") === undefined || asRoot === undefined) {
		const reasons = missing.map((need) => `  ${need.package}: ${need.why}`).join("\n");
		throw new SetupError(`missing on this machine:\n${reasons}\nAs root, run:\n  ${aptLine(names)}`);
	}
	say(`installing ${names.length} Debian packages${asRoot.length > 0 ? " with sudo" : ""}:`);
	for (const need of missing) say(`  ${need.package}: ${need.why}`);
	// sudo keeps nothing of the environment.
	const [command, ...before] = [...asRoot, "env", "DEBIAN_FRONTEND=noninteractive", ...proxyAssignments(), "apt-get"];
	const apt = (/** @type {string[]} */ args) => run(command ?? "apt-get", [...before, "-o", "DPkg::Lock::Timeout=600", ...args]);
	const install = () => apt(aptLine(names).split(" ").slice(1));
	try {
		// Lists that are missing or old are the usual reason for a failure, so they are read again before giving up.
		await install().catch(async () => {
			await apt(["update"]);
			await install();
		});
	} catch (error) {
		throw new SetupError(
			`${error instanceof Error ? error.message : error}\nOnce that is put right, or as root, run:\n  ${aptLine(names)}`,
		);
	}
}

/**
 * @param {string} project
 * @param {boolean} tests with what only development and tests need, which is most of it
 */
async function installModules(project, tests) {
	const stale = staleModules(project, { tests });
	if (stale.length === 0) return;
	say(`installing npm packages (${stale.length} are missing or differ from package-lock.json)`);
	await run("npm", ["ci", "--no-audit", "--no-fund", "--prefer-offline", ...(tests ? [] : ["--omit=dev"])], { cwd: project });
}

/**
 * In a clone, makes `npx persona` and, in the environment of `persona env`, plain `persona` start this project's own command.
 * @param {string} project
 */
function linkCommand(project) {
	if (project !== packageFolder) return;
	const link = join(project, "node_modules", ".bin", "persona");
	mkdirSync(dirname(link), { recursive: true });
	const temporary = `${link}.${process.pid}`;
	rmSync(temporary, { force: true });
	symlinkSync(join("..", "..", "bin", "persona.mjs"), temporary);
	renameSync(temporary, link);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
	const project = projectFolder();
	await setUp(project, { tests: process.argv.includes("--tests") }).catch(fail);
	say(haveEngine(project) ? "everything is there" : "no engine");
}

// SPDX-License-Identifier: Apache-2.0
// `npm test`: set-up, then every check and test there is, a count on the last line. Arguments name tests: `npm test -- tests/util`.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { checks } from "./checks.mjs";
import { fail, SetupError, say } from "./console.mjs";
import { haveEngine } from "./engine.mjs";
import { engineEnvironment } from "./environment.mjs";
import { keptBetweenRuns } from "./kept.mjs";
import { changedFiles, endMarked, MARK, markedProcesses } from "./leftovers.mjs";
import { packageFolder, setUp } from "./setup.mjs";
import { testArguments, USAGE } from "./test-arguments.mjs";

/** @typedef {import("./checks.mjs").Count} Count */

/**
 * The unit and system tests.
 * @param {readonly string[]} names
 * @param {NodeJS.ProcessEnv} env
 * @param {string} folder
 * @returns {Promise<Count>}
 */
async function vitest(names, env, folder) {
	const report = join(folder, "vitest.json");
	const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
	const args = [join("node_modules", "vitest", "vitest.mjs"), "run", ...reporters, ...names];
	const ok = await new Promise((settle) => {
		const child = spawn(process.execPath, args, { cwd: packageFolder, env, stdio: ["ignore", "inherit", "inherit"] });
		child.once("error", () => settle(false)).once("close", (status) => settle(status === 0));
	});
	if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
	const result = JSON.parse(readFileSync(report, "utf8"));
	// A file that cannot even be loaded has no tests in it to fail.
	const broken = result.testResults.filter(
		(/** @type {{ status: string, assertionResults: unknown[] }} */ file) =>
			file.status === "failed" && file.assertionResults.length === 0,
	).length;
	const failed = result.numFailedTests + broken;
	return {
		passed: result.numPassedTests,
		failed: Math.max(failed, ok ? 0 : 1),
		skipped: result.numPendingTests + (result.numTodoTests ?? 0),
	};
}

/**
 * Runs the checks beside whatever else runs, and says of each how it ended; what it said only where it failed.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<[string, Count][]>}
 */
async function checked(env) {
	/** @type {[string, Count][]} */
	const results = [];
	for await (const { name, count, output } of checks(packageFolder, env)) {
		results.push([name, count]);
		if (count.failed > 0) process.stderr.write(output);
		say(`${name}: ${count.failed === 0 ? "ok" : "FAILED"}`);
	}
	return results;
}

/**
 * Gets what the tests need and the checks do not: the engine, and all that is locked.
 * @param {string} mark the run's
 * @param {boolean} withKernel build the kernel of ARMv6 guests, too, beside the first tests: it gives way to everything
 * @returns {{ rest: Promise<void>, kernel: Promise<void> }} what all tests need, and what some do
 */
function fetchRest(mark, withKernel) {
	const ended = (/** @type {string[]} */ ...args) =>
		new Promise((settle) => {
			const env = { ...process.env, [MARK]: mark };
			const child = spawn(process.execPath, args, { cwd: packageFolder, env, stdio: "inherit" });
			child.once("error", () => settle(undefined)).once("close", settle);
		});
	const inputs = ended(join("tools", "fetch-locked.ts"));
	const kernel = withKernel ? inputs.then(() => ended(join("tools", "build-kernel.ts"))) : Promise.resolve();
	const engine = haveEngine(packageFolder) ? Promise.resolve(0) : ended(join("tools", "setup.mjs"), "--tests");
	const rest = Promise.all([inputs, engine]).then(([, status]) => {
		if (status !== 0) throw new SetupError("there is no engine to test with");
	});
	return { rest, kernel };
}

/** @param {readonly string[]} names */
async function main(names) {
	await setUp(packageFolder, { tests: true, engine: false });
	const folder = mkdtempSync(join(tmpdir(), "persona-test-"));
	const mark = folder.slice(folder.lastIndexOf("-") + 1);
	const { rest, kernel } = fetchRest(mark, names.length === 0);
	// It is waited for before the tests.
	rest.catch(() => {});
	// Tests get the engine and the cache, and otherwise live in a folder that is removed afterwards.
	/** @type {NodeJS.ProcessEnv} */
	const env = {
		...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"))),
		FORCE_COLOR: process.env.FORCE_COLOR ?? "0",
		PATH: engineEnvironment(packageFolder).variables.PATH,
		TMPDIR: folder,
		XDG_STATE_HOME: join(folder, "state"),
		XDG_DATA_HOME: join(folder, "data"),
		PULUMI_HOME: join(folder, "pulumi"),
		PULUMI_SKIP_UPDATE_CHECK: "true",
		// Engines start several hundred times, and each would collect garbage for a sixth of its time.
		GOGC: process.env.GOGC ?? "400",
		// Node starts a thousand times. What a run has compiled is of no use to the next: half of it are clones of this one.
		NODE_COMPILE_CACHE: join(folder, "compiled"),
		...keptBetweenRuns(),
		[MARK]: mark,
	};
	mkdirSync(join(folder, "state"), { mode: 0o700 });
	for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
		process.once(signal, () => {
			endMarked(mark);
			rmSync(folder, { recursive: true, force: true });
			say(`interrupted by ${signal}`);
			process.exit(128 + constants.signals[signal]);
		});
	}
	const before = changedFiles(packageFolder);
	/** @type {[string, Count][]} */
	const results = [];
	try {
		const sources = names.length === 0 ? checked(env) : Promise.resolve([]);
		sources.catch(() => {});
		await rest;
		// Now the engine is in it.
		const withEngine = { ...env, PATH: engineEnvironment(packageFolder).variables.PATH };
		const [ofSources, ofTests] = await Promise.all([sources, vitest(names, withEngine, folder)]);
		results.push(...ofSources, ["tests (vitest)", ofTests]);
		await kernel;
		const processes = markedProcesses(mark);
		const files = changedFiles(packageFolder).filter((line) => !before.includes(line));
		for (const { pid, command } of processes) say(`left behind: process ${pid}: ${command.slice(0, 200)}`);
		for (const line of files) say(`left behind: ${line}`);
		const clean = processes.length === 0 && files.length === 0;
		results.push(["nothing left behind", { passed: clean ? 1 : 0, failed: clean ? 0 : 1, skipped: 0 }]);
	} finally {
		endMarked(mark);
		rmSync(folder, { recursive: true, force: true });
	}
	const total = (/** @type {keyof Count} */ what) => results.reduce((sum, [, count]) => sum + count[what], 0);
	for (const [name, { passed, failed }] of results) if (failed > 0) say(`FAILED: ${name} (${failed} of ${passed + failed})`);
	const skipped = total("skipped");
	process.stdout.write(`${total("passed")} passed, ${total("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
	process.exitCode = total("failed") > 0 || total("passed") === 0 ? 1 : 0;
}

const asked = testArguments(process.argv.slice(2));
if ("tests" in asked) await main(asked.tests).catch(fail);
else if ("help" in asked) process.stdout.write(USAGE);
else {
	process.stderr.write(`npm test has no option "${asked.unknown}"\n${USAGE}`);
	process.exitCode = 2;
}

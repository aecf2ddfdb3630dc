// SPDX-License-Identifier: Apache-2.0
// `npm test`: set-up, then every check and test there is, a count on the last line. Arguments name tests: `npm test -- tests/util`.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { fail, SetupError, say } from "./console.mjs";
import { haveEngine } from "./engine.mjs";
import { engineEnvironment } from "./environment.mjs";
import { changedFiles, endMarked, MARK, markedProcesses } from "./leftovers.mjs";
import { packageFolder, setUp } from "./setup.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */

/**
 * Runs a command with the terminal's streams, keeping a copy of what it says.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
function show(command, args, env) {
	return new Promise((settle) => {
		const child = spawn(command, args, { cwd: packageFolder, env, stdio: ["ignore", "pipe", "pipe"] });
		let output = "";
		for (const [stream, target] of /** @type {const} */ ([
			[child.stdout, process.stdout],
			[child.stderr, process.stderr],
		])) {
			stream.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
				output += text;
				target.write(text);
			});
		}
		child.once("error", (error) => settle({ ok: false, output: `${output}\n${error.message}` }));
		child.once("close", (status) => settle({ ok: status === 0, output }));
	});
}

/**
 * @param {string} pattern for git ls-files
 * @param {NodeJS.ProcessEnv} env
 */
async function sources(pattern, env) {
	const { output } = await quiet("git", ["ls-files", "--cached", "--others", "--exclude-standard", pattern], env);
	return output.split("\n").filter((file) => file !== "" && existsSync(join(packageFolder, file)));
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
function quiet(command, args, env) {
	return new Promise((settle) => {
		const child = spawn(command, args, { cwd: packageFolder, env, stdio: ["ignore", "pipe", "inherit"] });
		let output = "";
		child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
			output += text;
		});
		child.once("error", () => settle({ ok: false, output }));
		child.once("close", (status) => settle({ ok: status === 0, output }));
	});
}

/**
 * What a line `N passed, N failed` in a program's output says; where there is none, the program counts as one test.
 * @param {{ ok: boolean, output: string }} outcome
 * @returns {Count}
 */
function counted({ ok, output }) {
	const totals = [...output.matchAll(/^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)];
	const sum = (/** @type {number} */ index) => totals.reduce((total, match) => total + Number(match[index] ?? 0), 0);
	if (totals.length === 0) return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
	// A program that ends badly after counting no failure has failed all the same.
	return { passed: sum(1), failed: Math.max(sum(2), ok ? 0 : 1), skipped: sum(3) };
}

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
	const { ok } = await show(process.execPath, [join("node_modules", "vitest", "vitest.mjs"), "run", ...reporters, ...names], env);
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
 * Checks of the sources themselves.
 * @param {NodeJS.ProcessEnv} env
 * @returns {AsyncGenerator<[string, Count]>}
 */
async function* checks(env) {
	const bin = join("node_modules", ".bin");
	yield ["look and mistakes of TypeScript (biome)", counted(await show(join(bin, "biome"), ["check"], env))];
	yield ["types (tsc)", counted(await show(join(bin, "tsc"), ["-p", "."], env))];
	yield ["types of the viewer's page (tsc)", counted(await show(join(bin, "tsc"), ["-p", "viewer"], env))];
	const c = [...(await sources("*.c", env)), ...(await sources("*.h", env))];
	if (c.length > 0) yield ["look of C (clang-format)", counted(await show("clang-format", ["--dry-run", "-Werror", ...c], env))];
	if (existsSync(join(packageFolder, "hypervisor", "Makefile"))) {
		yield ["hypervisor on the host (make test)", counted(await show("make", ["-s", "-j2", "-C", "hypervisor", "test"], env))];
		yield ["mistakes of C (clang-tidy)", counted(await show("make", ["-s", "-j2", "-C", "hypervisor", "tidy_boards"], env))];
	}
}

/**
 * Gets what the tests need and the checks before them do not: the engine, and all that is locked. It is downloaded and built beside the checks, to
 * which it gives way.
 * @param {string} mark the run's
 * @param {boolean} withKernel build the kernel of ARMv6 guests, too, beside the first tests: it gives way to everything
 * @returns {{ rest: Promise<void>, kernel: Promise<void> }} what all tests need, and what some do
 */
function fetchRest(mark, withKernel) {
	const ended = (/** @type {string[]} */ ...args) =>
		new Promise((settle) => {
			const env = { ...process.env, [MARK]: mark };
			const child = spawn("nice", ["-n", "3", process.execPath, ...args], { cwd: packageFolder, env, stdio: "inherit" });
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
		PULUMI_HOME: join(folder, "pulumi"),
		PULUMI_SKIP_UPDATE_CHECK: "true",
		// Engines start several hundred times, and each would collect garbage for a sixth of its time.
		GOGC: process.env.GOGC ?? "400",
		// Node starts a thousand times. What a run has compiled is of no use to the next: half of it are clones of this one.
		NODE_COMPILE_CACHE: join(folder, "compiled"),
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
		if (names.length === 0) {
			for await (const result of checks(env)) {
				results.push(result);
				say(`${result[0]}: ${result[1].failed === 0 ? "ok" : "FAILED"}`);
			}
		}
		await rest;
		// Now the engine is in it.
		env.PATH = engineEnvironment(packageFolder).variables.PATH;
		results.push(["tests (vitest)", await vitest(names, env, folder)]);
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

await main(process.argv.slice(2)).catch(fail);

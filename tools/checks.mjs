// SPDX-License-Identifier: Apache-2.0
// Checks of the sources themselves: look, types, mistakes, and Veil's own tests on the host. None of them needs an engine or a QEMU.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { bringTypes, keepTypes, TYPES } from "./kept.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */
/** @typedef {{ ok: boolean, output: string }} Outcome */

/** How far checks give way to the tests that run beside them. */
const NICENESS = "5";

/**
 * What a line `N passed, N failed` in a program's output says; where there is none, the program counts as one test.
 * @param {Outcome} outcome
 * @returns {Count}
 */
export function counted({ ok, output }) {
	const totals = [...output.matchAll(/^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)];
	const sum = (/** @type {number} */ index) => totals.reduce((total, match) => total + Number(match[index] ?? 0), 0);
	if (totals.length === 0) return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
	// A program that ends badly after counting no failure has failed all the same.
	return { passed: sum(1), failed: Math.max(sum(2), ok ? 0 : 1), skipped: sum(3) };
}

/**
 * Runs the checks one after another.
 * @param {string} folder the package's
 * @param {NodeJS.ProcessEnv} env
 * @returns {AsyncGenerator<{ name: string, count: Count, output: string }>}
 */
export async function* checks(folder, env) {
	const files = (/** @type {string} */ pattern) => sources(folder, env, pattern);
	const bin = join("node_modules", ".bin");
	/** @type {[string, string, readonly string[]][]} */
	const all = [
		["look and mistakes of TypeScript (biome)", join(bin, "biome"), ["check"]],
		["types (tsc)", join(bin, "tsc"), ["-p", ".", "--incremental", "--tsBuildInfoFile", TYPES]],
		["types of the viewer's page (tsc)", join(bin, "tsc"), ["-p", "viewer"]],
		["look of C (clang-format)", "clang-format", ["--dry-run", "-Werror", ...(await files("*.c")), ...(await files("*.h"))]],
		["hypervisor on the host (make test)", "make", ["-s", "-j2", "-C", "hypervisor", "test"]],
		["mistakes of C (clang-tidy)", "make", ["-s", "-j2", "-C", "hypervisor", "tidy_boards"]],
	];
	bringTypes(folder);
	for (const [name, command, args] of all) {
		const outcome = await ended("nice", ["-n", NICENESS, command, ...args], folder, env);
		yield { name, count: counted(outcome), output: outcome.output };
	}
	keepTypes(folder);
}

/**
 * @param {string} folder
 * @param {NodeJS.ProcessEnv} env
 * @param {string} pattern for git ls-files
 */
async function sources(folder, env, pattern) {
	const { ok, output } = await ended("git", ["ls-files", "--cached", "--others", "--exclude-standard", pattern], folder, env);
	if (!ok) throw new Error(`git does not list the sources:\n${output}`);
	return output.split("\n").filter((file) => file !== "" && existsSync(join(folder, file)));
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Outcome>} with everything it said
 */
function ended(command, args, cwd, env) {
	return new Promise((settle) => {
		const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
		let output = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
				output += text;
			});
		}
		child.once("error", (error) => settle({ ok: false, output: `${output}\n${error.message}\n` }));
		child.once("close", (status) => settle({ ok: status === 0, output }));
	});
}

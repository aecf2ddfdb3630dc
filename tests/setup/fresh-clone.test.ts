// SPDX-License-Identifier: Apache-2.0
// What README promises of a fresh clone: one command, from any state, in a path with blanks, with nothing in the home folder.
//
// The steps build on each other, as a user's do. Only the caches of downloads are shared with the machine, to spare its registries.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cacheDir, packageRoot, projectStateDir, run } from "../../components/util/index.ts";
import { MARK, markedProcesses } from "../../tools/leftovers.mjs";

let folder: string;
let clone: string;
let env: Record<string, string>;

beforeAll(async () => {
	folder = await realpath(await mkdtemp(join(tmpdir(), "persona fresh ")));
	clone = join(folder, "my phone");
	await mkdir(join(folder, "home"));
	const inherited = Object.entries(process.env).filter(([name]) => !/^(PULUMI|PERSONA|VITEST|XDG)_?/.test(name));
	env = {
		...(Object.fromEntries(inherited) as Record<string, string>),
		// Without the engine of the project the test belongs to: the clone has to get its own.
		PATH: (process.env.PATH ?? "")
			.split(delimiter)
			.filter((part) => !part.startsWith(packageRoot()))
			.join(delimiter),
		HOME: join(folder, "home"),
		XDG_STATE_HOME: join(folder, "state"),
		PERSONA_CACHE_DIR: cacheDir(),
		npm_config_cache: process.env.npm_config_cache ?? join(homedir(), ".npm"),
		[MARK]: `fresh-${process.pid}`,
	};
	await run("git", ["clone", "--quiet", packageRoot(), clone]);
});

afterAll(async () => {
	for (const { pid } of markedProcesses(`fresh-${process.pid}`)) process.kill(pid, "SIGKILL");
	await rm(folder, { recursive: true, force: true });
});

/** Runs a command in the clone; a failure is a result. */
function sh(script: string, cwd = clone): Promise<{ status: number | null; output: string }> {
	return new Promise((settle) => {
		const child = spawn("bash", ["-c", script], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
		let output = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8").on("data", (text: string) => {
				output += text;
			});
		}
		child.once("close", (status) => settle({ status, output }));
	});
}

const qemus = () => markedProcesses(`fresh-${process.pid}`).filter(({ command }) => command.includes("qemu-system-aarch64"));

test("`npm run up` in a fresh clone ends with both personas READY", async () => {
	const { status, output } = await sh("npm run up");
	expect(output).toMatch(/work +running, READY/);
	expect(output).toMatch(/personal +running, READY/);
	expect(output).toContain('eval "$(npx persona env)"');
	expect(status).toBe(0);
	expect(qemus()).toHaveLength(1);
});

test("what is precious is private and outside the project", async () => {
	const state = projectStateDir(clone, env);
	expect(state.startsWith(join(folder, "state"))).toBe(true);
	expect((await stat(state)).mode & 0o777).toBe(0o700);
	expect((await stat(join(state, "passphrase"))).mode & 0o777).toBe(0o600);
	expect((await sh("git status --porcelain")).output).toBe("");
	// The home folder gets nothing but what npm itself keeps there.
	expect((await readdir(join(folder, "home"))).filter((name) => ![".npm", ".cache", ".config", ".npmrc"].includes(name))).toEqual(
		[],
	);
});

test("a second `npm run up` says that nothing has changed", async () => {
	const { status, output } = await sh("npm run up");
	expect(output).toContain("stack dev is unchanged");
	expect(status).toBe(0);
});

test("plain `pulumi` works from a folder of the project, with the exports of `persona env`", async () => {
	const { status, output } = await sh(
		'eval "$(npx persona env)" && cd personas/work && pulumi preview --expect-no-changes --non-interactive',
	);
	expect(output).toMatch(/\d+ unchanged/);
	expect(status).toBe(0);
});

test("a stack without a phone is refused before anything is made, with the names there are", async () => {
	const { status, output } = await sh("npm run up -- holiday");
	expect(output).toContain("write stacks/holiday.phone.yaml, or name one of dev");
	expect(status).toBe(1);
});

test("`npm run up -- STACK` makes a new stack and a handset of its own", async () => {
	await cp(join(clone, "stacks/dev.phone.yaml"), join(clone, "stacks/second.phone.yaml"));
	const { status, output } = await sh("npm run up -- second");
	expect(output).toContain("stack second is as declared");
	expect(output).toMatch(/work +running, READY/);
	expect(status).toBe(0);
	expect(qemus()).toHaveLength(2);
	const destroyed = await sh('eval "$(npx persona env)" && pulumi destroy --stack second --yes --skip-preview --non-interactive');
	expect(destroyed.status).toBe(0);
	expect(qemus()).toHaveLength(1);
});

test("while one run changes a stack, another is refused clearly", async () => {
	await writeFile(join(clone, "personas/work/etc/motd"), "changed\n");
	const both = await Promise.all([sh("npm run up"), sh("npm run up")]);
	const failed = both.filter(({ status }) => status !== 0);
	// Where the first was quick enough, the second found nothing to do; never do both fail.
	expect(failed.length).toBeLessThanOrEqual(1);
	for (const { output } of failed) expect(output).toMatch(/being changed by process \d+|currently locked/);
});

test("after `git clean -xfd` nothing is lost and nothing is replaced", async () => {
	const before = qemus().map(({ pid }) => pid);
	// What comes from npm is put back as the first test installed it: getting it is not what this is about.
	const [node, packages] = [join(clone, ".persona", "node"), join(clone, "node_modules")];
	const isTaken = existsSync(node);
	if (isTaken) await rename(node, join(folder, "node"));
	await rename(packages, join(folder, "node_modules"));
	await sh("git clean -xfdq"); // the edit of before stays
	expect(existsSync(join(clone, ".persona"))).toBe(false);
	await rename(join(folder, "node_modules"), packages);
	await mkdir(join(clone, ".persona"));
	if (isTaken) await rename(join(folder, "node"), node);
	const { status, output } = await sh("npm run up");
	expect(output).toContain("stack dev is unchanged");
	expect(status).toBe(0);
	expect(qemus().map(({ pid }) => pid)).toEqual(before);
});

test("a second clone has a state of its own", async () => {
	const second = join(folder, "second clone");
	await run("git", ["clone", "--quiet", packageRoot(), second]);
	// Setting up a clone was the first test's; here the state counts.
	for (const made of ["node_modules", ".persona"]) await run("cp", ["-al", join(clone, made), join(second, made)]);
	expect(projectStateDir(second, env)).not.toBe(projectStateDir(clone, env));
	const { status, output } = await sh("npm run up", second);
	expect(output).toContain("stack dev is as declared");
	expect(status).toBe(0);
	expect(qemus()).toHaveLength(2);
	expect((await sh('eval "$(npx persona env)" && pulumi destroy --stack dev --yes --skip-preview', second)).status).toBe(0);
	expect(qemus()).toHaveLength(1);
});

test("`pulumi destroy` leaves no process and no run folder", async () => {
	expect((await sh('eval "$(npx persona env)" && pulumi destroy --stack dev --yes --skip-preview')).status).toBe(0);
	await expect.poll(() => markedProcesses(`fresh-${process.pid}`), { timeout: 5_000 }).toEqual([]);
	const runs = join(folder, "state/persona/run");
	expect(existsSync(runs) ? await readdir(runs) : []).toEqual([]);
});

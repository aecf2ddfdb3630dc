// SPDX-License-Identifier: Apache-2.0
// The package as npm packs it, in somebody else's empty folder: installed, `persona init`, `npm run up`, and all of it gone again.
import { execFile, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../components/util/paths.ts";
import { MARK, markedProcesses } from "../../tools/leftovers.mjs";
import { enginePath } from "../provider/project.ts";

const mark = `package-${process.pid}`;
let folder: string;
let project: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "persona package "));
	project = join(folder, "my phone");
	mkdirSync(project);
	env = {
		...process.env,
		PATH: enginePath(),
		XDG_STATE_HOME: join(folder, "state"),
		npm_config_audit: "false",
		npm_config_fund: "false",
		npm_config_prefer_offline: "true",
		[MARK]: mark,
	};
	// What the test run itself is told must not reach a user's project.
	for (const name of [
		"PERSONA_PROJECT",
		"PERSONA_STATE_DIR",
		"PULUMI_BACKEND_URL",
		"PULUMI_HOME",
		"PULUMI_CONFIG_PASSPHRASE_FILE",
	]) {
		delete env[name];
	}
});

afterAll(() => {
	const left = markedProcesses(mark);
	for (const { pid } of left) process.kill(pid, "SIGKILL");
	rmSync(folder, { recursive: true, force: true });
	expect(left).toEqual([]);
});

test("a project made by `persona init` from the packed package comes up, is unchanged the second time, and goes away", async () => {
	const archive = await packed();
	await run("npm", ["install", archive]);
	await run("npx", ["--no-install", "persona", "init"]);
	expect(readFileSync(join(project, "Pulumi.yaml"), "utf8")).toContain("path: ./node_modules/pulumi-persona/plugin");
	expect(readdirSync(join(project, "node_modules", "pulumi-persona"))).not.toContain("components");
	expect(await run("npx", ["--no-install", "persona", "check"])).toContain("nothing wrong");
	await typesHold();

	expect(await run("npm", ["run", "up"])).toMatch(/^ {2}work +running, READY\n {2}personal +running, READY$/m);
	const status = JSON.parse(await run("npx", ["--no-install", "persona", "status"]));
	expect(status.personas).toMatchObject([
		{ name: "work", ready: true },
		{ name: "personal", ready: true },
	]);
	expect(await run("npm", ["run", "up"])).toMatch(/^Resources:\n +8 unchanged$/m);
	await viewerServes();

	const destroy = 'eval "$(npx --no-install persona env)" && pulumi destroy --yes --skip-preview --non-interactive --stack dev';
	await run("sh", ["-c", destroy]);
	expect(JSON.parse(await run("npx", ["--no-install", "persona", "ps"]))).toEqual({ handsets: [], orphans: [] });
	expect(markedProcesses(mark)).toEqual([]);
}, 900_000);

/** Packs a copy of what git would commit, so that the package's own folder stays as it is. */
async function packed(): Promise<string> {
	const copy = join(folder, "copy");
	const files = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], packageRoot());
	for (const file of files.split("\0").filter((name) => name !== "")) {
		mkdirSync(dirname(join(copy, file)), { recursive: true });
		copyFileSync(join(packageRoot(), file), join(copy, file));
	}
	symlinkSync(join(packageRoot(), "node_modules"), join(copy, "node_modules"));
	await run("npm", ["pack", "--pack-destination", folder], copy);
	const [archive] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
	return join(folder, archive ?? "");
}

/** The viewer's page, and what it takes from other packages, are where the installed command finds them. */
async function viewerServes(): Promise<void> {
	const view = spawn("npx", ["--no-install", "persona", "view", "--no-open", "--json"], { cwd: project, env, detached: true });
	try {
		let said = "";
		for await (const text of view.stdout.setEncoding("utf8")) {
			said += text;
			if (said.includes("}")) break;
		}
		const { url } = JSON.parse(said);
		for (const path of ["", "main.js", "style.css", "novnc/core/rfb.js", "xterm/xterm.mjs", "xterm/addon-fit.mjs"]) {
			expect((await fetch(`${url}${path}`)).status, path).toBe(200);
		}
	} finally {
		const ended = new Promise((settle) => view.once("close", settle));
		process.kill(-(view.pid ?? 0), "SIGINT");
		await ended;
	}
}

/** The program type-checks against the declarations in the package. */
async function typesHold(): Promise<void> {
	const options = { module: "nodenext", target: "es2023", strict: true, noEmit: true, types: [], skipLibCheck: false };
	const config = join(project, "tsconfig.json");
	writeFileSync(config, JSON.stringify({ compilerOptions: options, files: ["stacks/index.ts"] }));
	const said = await run(join(packageRoot(), "node_modules", ".bin", "tsc"), ["-p", config]).catch((error: Error) => error.message);
	const ours = said.split("\n").filter((line) => /error/.test(line) && !/node_modules\/(?!pulumi-persona)/.test(line));
	expect(ours).toEqual([]);
	rmSync(config);
}

/** Runs a command in the project, or elsewhere, and gives its standard output; throws with all it said when it fails. */
function run(command: string, args: readonly string[], cwd = project): Promise<string> {
	return new Promise((settle, refuse) => {
		execFile(command, args, { cwd, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
			if (error === null) settle(stdout);
			else refuse(new Error(`${command} ${args.join(" ")}\n${stdout}\n${stderr}`));
		});
	});
}

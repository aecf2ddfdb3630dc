// SPDX-License-Identifier: Apache-2.0
// The commands about documents and projects, on fixture projects, and what every command has in common.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { persona, type Ran } from "./run.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "persona test "));
	env = {
		PERSONA_STATE_DIR: join(folder, "state"),
		PERSONA_CACHE_DIR: join(folder, "cache"),
		PERSONA_PROJECT: "",
		PULUMI_BACKEND_URL: "",
		PULUMI_CONFIG_PASSPHRASE_FILE: "",
	};
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (args: readonly string[], cwd = folder): Promise<Ran> => persona(args, { cwd, env });

describe("every command", () => {
	it("has help with examples, and help for the whole names exit statuses", async () => {
		const { stdout, status } = await run(["--help"]);
		expect(status).toBe(0);
		expect(stdout).toContain("Exit status:");
		const names = [...stdout.matchAll(/^ {2}([a-z]+) (?:\[|<)/gm)].map(([, name]) => name!);
		expect(names).toContain("console");
		for (const name of names) {
			const help = await run([name, "--help"]);
			expect(help, name).toMatchObject({ status: 0, stderr: "" });
			expect(help.stdout, name).toMatch(/Examples:\n {2}\S/);
		}
	}, 60_000);

	it("exits with 2 for wrong use", async () => {
		expect(await run(["statsu"])).toMatchObject({ status: 2, stderr: expect.stringContaining("Did you mean status?") });
		expect(await run(["status", "--wacth"])).toMatchObject({ status: 2 });
		expect(await run([])).toMatchObject({ status: 2 });
		expect(await run(["--version"])).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
	});

	it("that needs a handset says what to do where there is none", async () => {
		for (const args of [["status"], ["console", "work"], ["logs"], ["explain"], ["start", "work"]]) {
			expect(await run(args)).toEqual({
				status: 1,
				stdout: "",
				stderr: "persona: there is no handset\n  `npm run up` (or `pulumi up`) makes one\n",
			});
		}
		expect(JSON.parse((await run(["ps"])).stdout)).toEqual({ handsets: [], orphans: [] });
	});

	it("that needs a project says so outside of one", async () => {
		const { status, stderr } = await run(["check"]);
		expect(status).toBe(1);
		expect(stderr).toMatch(/no Pulumi project in .*persona test .*\n {2}.*persona init/);
	});
});

describe("check", () => {
	it("finds nothing wrong with the demo, and prints it with defaults", async () => {
		expect(await run(["check"], ROOT)).toMatchObject({
			status: 0,
			stdout: expect.stringMatching(/^\d+ documents, nothing wrong\n$/),
		});
		const { stdout } = await run(["check", "--print", "personas/work.yaml"], ROOT);
		expect(stdout).toContain("# personas/work.yaml\n");
		expect(stdout).toContain("cpuCapPercent: 100");
		expect(JSON.parse((await run(["check", "--json", "--print", "personas/work.yaml"], ROOT)).stdout)).toMatchObject({
			problems: [],
			documents: [{ document: { name: "work" } }],
		});
	});

	it("points to every mistake and exits with 3", async () => {
		const path = join(folder, "bad.yaml");
		writeFileSync(path, "version: 1\nkind: Persona\nname: Work\nguest: { os: linux, builder: debain }\nsize: 3\n");
		const { status, stdout, stderr } = await run(["check", path]);
		expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
		expect(stderr).toMatch(/^bad\.yaml:3:7: /m);
		expect(stderr).toMatch(/^bad\.yaml:4:\d+: .*did you mean "debian"/m);
		expect(stderr).toMatch(/^bad\.yaml:5:1: /m);
		const { problems } = JSON.parse((await run(["check", "--json", path])).stdout);
		expect(problems).toContainEqual(expect.objectContaining({ file: path, line: 5, column: 1 }));
	});
});

describe("lock", () => {
	it("--check finds the demo locked, and a new package not", async () => {
		expect(await run(["lock", "--check"], ROOT)).toMatchObject({ status: 0 });
		for (const name of ["Pulumi.yaml", "persona.lock.yaml", "personas", "stacks", "boards"]) {
			cpSync(join(ROOT, name), join(folder, name), { recursive: true });
		}
		const work = join(folder, "personas", "work.yaml");
		writeFileSync(work, readFileSync(work, "utf8").replace("builder: debian", "builder: debian\n  packages: [dropbear-bin]"));
		const missing = await run(["lock", "--check"]);
		expect(missing).toMatchObject({ status: 3, stdout: "", stderr: expect.stringContaining("dropbear-bin") });
		expect(missing.stderr).toContain("run `persona lock`");
		expect(await run(["lock", "--check", "--update"])).toMatchObject({ status: 1 });
	});
});

describe("env", () => {
	it("prints what a shell evaluates, also in a folder with spaces and quotes", async () => {
		const project = join(folder, "it's mine");
		mkdirSync(project);
		writeFileSync(join(project, "Pulumi.yaml"), "name: x\nruntime: nodejs\n");
		const { stdout, status } = await run(["env"], project);
		expect(status).toBe(0);
		const shell = spawnSync(
			"sh",
			["-c", `${stdout}\nprintf '%s\\n' "$PULUMI_BACKEND_URL"; cat "$PULUMI_CONFIG_PASSPHRASE_FILE" | wc -l`],
			{
				env: { PATH: "/usr/bin:/bin" },
				encoding: "utf8",
			},
		);
		expect(shell.stderr).toBe("");
		expect(shell.stdout).toMatch(/^file:\/\/.*\/state\/projects\/it-s-mine-[0-9a-f]{12}\/pulumi\n1\n$/);
	});
});

describe("doctor", () => {
	it("names each need, and a fix for each that is missing", async () => {
		const { stdout, status } = await run(["doctor", "--json"], ROOT);
		const report = JSON.parse(stdout) as { ok: boolean; checks: { name: string; ok: boolean; fix?: string }[] };
		expect(status).toBe(report.ok ? 0 : 3);
		expect(report.checks.map(({ name }) => name)).toEqual(expect.arrayContaining(["node", "pulumi", "qemu-system-arm"]));
		for (const { ok, fix } of report.checks) expect(fix === undefined).toBe(ok);
	});
});

describe("gc", () => {
	it("works on an empty store, and says what it would do", async () => {
		expect(await run(["gc", "--dry-run"])).toMatchObject({ status: 0, stdout: expect.stringContaining("would remove 0 entries") });
		expect(JSON.parse((await run(["gc", "--json", "--keep-days", "0"])).stdout)).toMatchObject({ removed: 0 });
		expect(await run(["gc", "--keep-days", "some"])).toMatchObject({ status: 2 });
	});
});

describe("explain", () => {
	it("says what is no device image", async () => {
		const path = join(folder, "image");
		writeFileSync(path, Buffer.alloc(65536));
		expect(await run(["explain", path])).toMatchObject({ status: 1, stderr: expect.stringContaining("no device image") });
		expect(await run(["explain", "0".repeat(64)])).toMatchObject({
			status: 1,
			stderr: expect.stringContaining("is not in this machine's store"),
		});
	});
});

describe("init", () => {
	it("makes a project that checks, with the lock its guests need", async () => {
		const project = join(folder, "my phone");
		const made = await run(["init", "my phone"]);
		expect(made).toMatchObject({ status: 0, stderr: "" });
		expect(made.stdout).toContain("npm run up");
		expect(readFileSync(join(project, "Pulumi.yaml"), "utf8")).toMatch(
			/^name: my-phone$[\s\S]*path: \.\/node_modules\/pulumi-persona\/plugin$/m,
		);
		const manifest = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
		expect(manifest).toMatchObject({
			name: "my-phone",
			private: true,
			type: "module",
			scripts: { up: expect.stringContaining("tools/up.mjs") },
		});
		expect(manifest.dependencies["pulumi-persona"]).toMatch(/^\d+\.\d+\.\d+$/);
		expect(readFileSync(join(project, "personas", "work.yaml"), "utf8")).toContain(
			"$schema=../node_modules/pulumi-persona/schemas/",
		);
		expect(statSync(join(project, "personas", "work")).isDirectory()).toBe(true);
		expect(readFileSync(join(project, ".gitignore"), "utf8")).toContain("/.persona/");
		mkdirSync(join(project, "node_modules"));
		symlinkSync(ROOT, join(project, "node_modules", "pulumi-persona"));
		expect(await run(["check"], project)).toMatchObject({ status: 0 });
		expect(await run(["lock", "--check"], project)).toMatchObject({ status: 0 });
	});

	it("keeps what npm has made, and refuses a folder with anything else", async () => {
		writeFileSync(
			join(folder, "package.json"),
			'{"name": "mine", "license": "MIT", "dependencies": {"pulumi-persona": "file:../x.tgz"}}',
		);
		rmSync(join(folder, "state"), { recursive: true, force: true });
		expect(await run(["init", "--name", "mine"])).toMatchObject({ status: 0 });
		expect(JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).toMatchObject({
			name: "mine",
			license: "MIT",
			dependencies: { "pulumi-persona": "file:../x.tgz" },
		});
		expect(await run(["init"])).toMatchObject({ status: 1, stderr: expect.stringContaining("is not empty") });
		expect(await run(["init", "other", "--name", "a b"])).toMatchObject({ status: 1 });
	});
});

describe("completion", () => {
	it.each(["bash", "zsh", "fish"])("prints a script %s accepts", async (shell) => {
		const { stdout, status } = await run(["completion", shell]);
		expect(status).toBe(0);
		expect(stdout).toContain("persona complete --");
		const found = spawnSync(shell, ["-n"], { input: stdout, encoding: "utf8" });
		if (found.error === undefined) expect(found).toMatchObject({ status: 0, stderr: "" });
	});

	it("completes in bash", async () => {
		const bin = join(folder, "bin");
		mkdirSync(bin);
		symlinkSync(join(ROOT, "bin/persona.mjs"), join(bin, "persona"));
		const script = `source <(persona completion bash); COMP_WORDS=(persona che); COMP_CWORD=1; _persona; echo "\${COMPREPLY[@]}"`;
		const { stdout } = spawnSync("bash", ["-c", script], {
			env: { ...process.env, ...env, PATH: `${bin}:${join(process.execPath, "..")}:${process.env.PATH}` },
			encoding: "utf8",
		});
		expect(stdout).toBe("check\n");
	});
});

// SPDX-License-Identifier: Apache-2.0
// State stays outside the project and private, and a backend the user has chosen is left alone.
import { mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run, shellExports } from "../../components/util/index.ts";
import { engineEnvironment, prepareState } from "../../tools/environment.mjs";
import { projectStateDir } from "../../tools/folders.mjs";

let folder: string;
let project: string;
let clean: Record<string, string>;
beforeEach(async () => {
	folder = await realpath(await mkdtemp(join(tmpdir(), "persona env ")));
	project = join(folder, "My Phone");
	await mkdir(join(project, ".persona/engine/bin"), { recursive: true });
	await writeFile(join(project, "Pulumi.yaml"), "name: phone\nruntime: nodejs\n");
	clean = { PATH: "/usr/bin", HOME: folder, XDG_STATE_HOME: join(folder, "state"), PULUMI_HOME: join(folder, "home") };
});
afterEach(() => rm(folder, { recursive: true }));

test("without a choice of the user's, state is local, keyed by project, outside it", () => {
	const { variables, backendFolder } = engineEnvironment(project, clean);
	expect(backendFolder).toMatch(/\/state\/persona\/projects\/my-phone-[0-9a-f]{12}\/pulumi$/);
	expect(variables.PULUMI_BACKEND_URL).toBe(`file://${backendFolder}`);
	expect(variables.PULUMI_CONFIG_PASSPHRASE_FILE).toBe(join(projectStateDir(project, clean), "passphrase"));
	expect(variables.PATH).toBe(`${project}/.persona/engine/bin:/usr/bin`);
});

test("the environment of its own exports is the same environment", () => {
	const once = engineEnvironment(project, clean).variables;
	expect(engineEnvironment(project, { ...clean, ...once }).variables).toEqual(once);
});

test.each([
	["PULUMI_BACKEND_URL", { PULUMI_BACKEND_URL: "s3://bucket" }, "s3://bucket"],
	["an access token", { PULUMI_ACCESS_TOKEN: "pul-1" }, "https://api.pulumi.com"],
])("%s is a choice", (_, variables, backend) => {
	const found = engineEnvironment(project, { ...clean, ...variables });
	expect(found.backend).toBe(backend);
	expect(found.backendFolder).toBeUndefined();
	expect(found.variables).not.toHaveProperty("PULUMI_BACKEND_URL");
});

test.each([
	["file:///srv/state%20of%20phones?no_tmp_dir=true", "/srv/state of phones"],
	["file://./state", "state"],
])("%s is a choice whose folder is known", (url, path) => {
	const found = engineEnvironment(project, { ...clean, PULUMI_BACKEND_URL: url });
	expect(found).toMatchObject({ backend: url, backendFolder: resolve(project, path) });
	expect(found.variables).not.toHaveProperty("PULUMI_BACKEND_URL");
});

test("a backend in Pulumi.yaml and a login are choices", async () => {
	await mkdir(join(folder, "home"));
	await writeFile(join(folder, "home/credentials.json"), '{"current": "https://example.org"}');
	expect(engineEnvironment(project, clean).backend).toBe("https://example.org");
	await writeFile(join(project, "Pulumi.yaml"), "name: phone\nbackend:\n  url: gs://there\n");
	expect(engineEnvironment(project, clean).backend).toBe("gs://there");
});

test.each([{ PULUMI_CONFIG_PASSPHRASE: "" }, { PULUMI_CONFIG_PASSPHRASE_FILE: "/mine" }])(
	"a passphrase of the user's is kept: %j",
	(variables) => {
		expect(engineEnvironment(project, { ...clean, ...variables }).variables).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE_FILE");
	},
);

test("the passphrase is made once and is private", async () => {
	prepareState(project, clean);
	const file = join(projectStateDir(project, clean), "passphrase");
	const first = await readFile(file, "utf8");
	prepareState(project, clean);
	expect(await readFile(file, "utf8")).toBe(first);
	expect(first.trim().length).toBeGreaterThanOrEqual(32);
	expect((await stat(file)).mode & 0o777).toBe(0o600);
	expect((await stat(projectStateDir(project, clean))).mode & 0o777).toBe(0o700);
});

test("the exports survive a shell, blanks in paths too", async () => {
	const exports = shellExports({ A: "/a b/it's", PATH: "/usr/bin:/bin" });
	const { stdout } = await run("sh", ["-c", `${exports}printf '%s|%s' "$A" "$PATH"`]);
	expect(stdout).toBe("/a b/it's|/usr/bin:/bin");
});

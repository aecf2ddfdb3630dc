// SPDX-License-Identifier: Apache-2.0
// `persona key` and what explain makes of its keys, on a project of two phones.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compose } from "../../components/image/compose.ts";
import { parsePublicKey } from "../../components/signing/index.ts";
import { signer } from "../../components/signing/signer.ts";
import { composeSpec, smallPersona } from "../image/support.ts";
import { personalYaml, phoneYaml, workYaml } from "../manifest/documents.ts";
import { persona } from "./run.ts";

let folder: string;
let project: string;
let env: NodeJS.ProcessEnv;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "persona-key-test-"));
	project = join(folder, "project");
	mkdirSync(join(project, "stacks"), { recursive: true });
	env = {
		PERSONA_STATE_DIR: join(folder, "state"),
		PERSONA_CACHE_DIR: join(folder, "cache"),
		XDG_DATA_HOME: join(folder, "data"),
		PERSONA_PROJECT: "",
	};
	writeFileSync(join(project, "Pulumi.yaml"), "name: phone\nruntime: nodejs\n");
	writeFileSync(join(project, "stacks", "work.yaml"), workYaml);
	writeFileSync(join(project, "stacks", "personal.yaml"), personalYaml);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => persona(args, { cwd: project, env });
const phone = (name: string, signing: string) =>
	writeFileSync(join(project, "stacks", `${name}.phone.yaml`), `${phoneYaml}${signing}\n`);
const publicKey = (name: string) => {
	const key = parsePublicKey(readFileSync(join(project, "keys", `${name}.pub.pem`), "utf8"));
	if (typeof key === "string") throw new Error(key);
	return key;
};

describe("persona key", () => {
	it("new makes a private key outside of the project and a public one within it, and says what to declare", async () => {
		const { status, stdout, stderr } = await run("key", "new", "release");

		expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
		expect(stdout).toContain(`key release: ${publicKey("release").fingerprint}`);
		expect(stdout).toContain("signing: { key: ../keys/release.pub.pem, version: 1 }");
		expect(stdout).not.toContain("PRIVATE KEY");
		const file = join(folder, "data", "persona", "keys", "release.pem");
		expect(statSync(file).mode & 0o777).toBe(0o600);
		expect(readFileSync(file, "utf8")).toContain("BEGIN PRIVATE KEY");
		phone("dev", "signing: { key: ../keys/release.pub.pem, version: 1 }");
		expect(await run("check")).toMatchObject({ status: 0 });
	});

	it("new overwrites nothing, and leaves nothing behind where it cannot go on", async () => {
		expect(await run("key", "new", "release")).toMatchObject({ status: 1, stderr: expect.stringContaining("is there already") });
		expect(await run("key", "new", "Release")).toMatchObject({ status: 1, stderr: expect.stringContaining("no name for a key") });
		const taken = await run("key", "new", "release", "--out", "elsewhere.pem");
		expect(taken).toMatchObject({ status: 1, stderr: expect.stringContaining("there is a key release already") });
		const inside = await persona(["key", "new", "next"], { cwd: project, env: { ...env, XDG_DATA_HOME: join(project, "data") } });
		expect(inside).toMatchObject({ status: 1, stderr: expect.stringContaining("within the project") });
		expect(readdirSync(join(project, "keys"))).toEqual(["release.pub.pem"]);
		expect(existsSync(join(project, "elsewhere.pem")) || existsSync(join(project, "data"))).toBe(false);
	});

	it("list shows whose private key is where, and fails for one that others can read", async () => {
		const { stdout, status } = await run("key", "list", "--json");
		expect(status).toBe(0);
		expect(JSON.parse(stdout)).toEqual({
			keys: [
				{
					name: "release",
					fingerprint: publicKey("release").fingerprint,
					privateKey: join(folder, "data", "persona", "keys", "release.pem"),
					publicKey: join(project, "keys", "release.pub.pem"),
					problem: null,
				},
			],
		});
		const elsewhere = await persona(["key", "list", "--text"], {
			cwd: project,
			env: { ...env, XDG_DATA_HOME: join(folder, "none") },
		});
		expect(elsewhere.stdout).toMatch(/release +ed25519:[0-9a-f]{64} +elsewhere +keys\/release.pub.pem/);
	});

	it("rotate makes the next key and says both steps for each phone of the old one", async () => {
		phone("other", "");
		const { status, stdout } = await run("key", "rotate", "release");

		expect(status).toBe(0);
		expect(stdout).toContain(`key release-2: ${publicKey("release-2").fingerprint}`);
		const [, first = "", second = ""] = stdout.split(/^[12]\. /m);
		expect(first).toContain(
			"stacks/dev.phone.yaml\n    signing: { key: ../keys/release.pub.pem, alsoTrusted: [../keys/release-2.pub.pem], version: 2 }",
		);
		expect(second).toContain("stacks/dev.phone.yaml\n    signing: { key: ../keys/release-2.pub.pem, version: 3 }");
		expect(stdout).not.toContain("other.phone.yaml");
		// What it says can be declared as it stands.
		phone(
			"dev",
			first
				.split("\n")
				.find((line) => line.includes("signing:"))
				?.trim() ?? "",
		);
		expect(await run("check")).toMatchObject({ status: 0 });
		expect(await run("key", "rotate", "nobody")).toMatchObject({
			status: 1,
			stderr: expect.stringContaining("it has: release, release-2"),
		});
	});
});

describe("persona explain", () => {
	it("checks a signature by the project's keys, or those it is given", async () => {
		const image = join(folder, "device.img");
		const key = publicKey("release");
		const sign = signer({ folder: join(folder, "data", "persona", "keys") });
		await compose(composeSpec([smallPersona("work")], { signing: { key, version: 5, sign } }), image);

		const known = await run("explain", image, "--json");
		expect(JSON.parse(known.stdout)).toMatchObject({
			signature: key.fingerprint,
			signed: { version: 5, isChecked: true },
			problems: [],
		});
		const other = await run("explain", image, "--key", "keys/release-2.pub.pem");
		expect(other).toMatchObject({ status: 0, stdout: expect.stringContaining("not checked: its public key is not at hand") });
		const given = await persona(["explain", image, "--key", join(project, "keys", "release.pub.pem")], { cwd: folder, env });
		expect(given.stdout).toContain(`signed by ${key.fingerprint}\n`);
		expect(await run("explain", image, "--key", "Pulumi.yaml")).toMatchObject({
			status: 1,
			stderr: expect.stringContaining("holds no public key"),
		});
	});
});

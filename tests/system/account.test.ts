// SPDX-License-Identifier: Apache-2.0
// Accounts of the demo's phone, by the command and as others read them.
import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImageDiff, Statement } from "../../components/account/index.ts";
import { blobPath, lockPath, openStore } from "../../components/image/index.ts";
import { sha256 } from "../../components/util/digest.ts";
import { cacheDir, packageRoot } from "../../components/util/paths.ts";
import { validatorsFolder } from "../../tools/validators.mjs";
import { persona } from "../cli/run.ts";

const inProject = { cwd: packageRoot() };

async function stdoutOf(...args: string[]): Promise<string> {
	const { status, stdout, stderr } = await persona(args, inProject);
	expect(status, stderr).toBe(0);
	return stdout;
}

/** Reads a statement as in-toto's own definitions do. */
function readByInToto(statement: string): unknown {
	const script = fileURLToPath(new URL("../account/check-statement.py", import.meta.url));
	const env = { ...process.env, PYTHONPATH: validatorsFolder(packageRoot()), PYTHONDONTWRITEBYTECODE: "1" };
	return JSON.parse(
		execFileSync("python3", [script], { input: statement, env, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] }),
	);
}

test("bill of materials and provenance of the demo's phone are valid by others' definitions, and name each other", async () => {
	const sbom = await stdoutOf("sbom", "dev");
	const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
	expect(await validator.validate(sbom)).toBeNull();
	expect(sbom).toMatch(/pkg:deb\/debian\/busybox-static@/);

	const text = await stdoutOf("provenance", "dev", "--builder", "https://ci.example.org/phones");
	const statement = JSON.parse(text) as Statement;
	const { resolvedDependencies, externalParameters } = statement.predicate.buildDefinition;
	expect(externalParameters.rules).toContainEqual(expect.objectContaining({ persona: "work", requires: expect.any(Array) }));
	expect(readByInToto(text)).toEqual({
		type: "https://slsa.dev/provenance/v1",
		subjects: statement.subject.length,
		dependencies: resolvedDependencies.length,
		builder: "https://ci.example.org/phones",
	});
	expect(statement.predicate.runDetails.byproducts[0]?.digest?.sha256).toBe(sha256(sbom).slice(7));
	expect(() => readByInToto(text.replace('"subject"', '"subjects"'))).toThrow();
	expect(() => readByInToto(text.replace('"buildType"', '"buildKind"'))).toThrow();
});

test("the demo's phone, signed, comes out the same where nothing is as it was, not even its private key", async () => {
	const folder = mkdtempSync(join(tmpdir(), "persona-account-"));
	try {
		const project = join(folder, "a clone");
		for (const part of ["personas", "stacks", "boards"])
			cpSync(join(packageRoot(), part), join(project, part), { recursive: true });
		cpSync(lockPath(packageRoot()), join(project, "persona.lock.yaml"));
		writeFileSync(join(project, "Pulumi.yaml"), "name: clone\nruntime: nodejs\n");
		appendFileSync(join(project, "stacks/dev.phone.yaml"), "signing: { key: ../keys/release.pub.pem, version: 1 }\n");
		// The same store by a path with a blank.
		mkdirSync(join(folder, "a cache"));
		symlinkSync(cacheDir(), join(folder, "a cache/persona"));
		const places = { XDG_DATA_HOME: join(folder, "data"), XDG_CACHE_HOME: join(folder, "a cache") };
		const env = { PERSONA_PROJECT: "", PERSONA_LOCK: "", ...places };
		const run = (...args: string[]) => persona(args, { cwd: project, env });
		expect(await run("key", "new", "release")).toMatchObject({ status: 0 });
		const envelope = join(folder, "dev.intoto.json");
		expect(await run("provenance", "dev", "--sign", "--output", envelope)).toMatchObject({ status: 0 });
		const { payload } = JSON.parse(readFileSync(envelope, "utf8")) as { payload: string };
		const { subject } = JSON.parse(Buffer.from(payload, "base64").toString()) as Statement;
		const digest = `sha256:${subject[0]?.digest?.sha256}`;
		const image = join(folder, "signed.img");
		cpSync(blobPath((await openStore()).dir, digest), image);
		rmSync(join(folder, "data"), { recursive: true });

		const { status, stdout, stderr } = await run("verify", image, "--rebuild", "--phone", "dev", "--provenance", envelope);

		expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
		const { image: verified, provenance, rebuild } = JSON.parse(stdout) as Verified;
		expect(verified).toMatchObject({ digest, signed: { version: 1, isChecked: true }, problems: [] });
		expect(provenance).toEqual({ file: envelope, fingerprint: verified.signature, builder: "pkg:npm/pulumi-persona" });
		expect(rebuild).toMatchObject({ same: true, givesThisImage: true });
		expect(rebuild.conditions).toEqual({
			locale: expect.any(String),
			timeZone: expect.not.stringMatching(`^${process.env.TZ}$`),
			umask: expect.stringMatching(/^0?(77|27)$/),
			jobs: expect.any(Number),
			clockDays: 400,
		});
		const ofPersonas = ["work", "personal"].flatMap((name) => ["kernel", "initramfs", "record"].map((part) => `${name}/${part}`));
		expect(rebuild.artifacts.map(({ name }) => name)).toEqual(["veil", ...ofPersonas, "device image"]);
		for (const { first, second, name } of rebuild.artifacts) expect(second, name).toBe(first);
	} finally {
		rmSync(folder, { recursive: true });
	}
}, 900_000);

interface Verified {
	ok: boolean;
	image: { signature: string };
	provenance: object;
	rebuild: {
		same: boolean;
		givesThisImage: boolean;
		conditions: Record<string, unknown>;
		artifacts: { name: string; first: string; second: string }[];
	};
}

describe("a change under review", () => {
	const folder = mkdtempSync(join(tmpdir(), "persona-review-"));
	beforeAll(() => {
		write("Pulumi.yaml", "name: review\nruntime: nodejs\n");
		write("stacks/dev.phone.yaml", phoneText);
		write("personas/probe.img", "a kernel of sorts");
		write("personas/probe.yaml", personaText(100));
	});
	afterAll(() => {
		rmSync(folder, { recursive: true });
	});
	const git = (...args: string[]) =>
		execFileSync("git", ["-C", folder, "-c", "user.name=x", "-c", "user.email=x@example.org", ...args], { encoding: "utf8" });
	const write = (path: string, text: string) => {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		writeFileSync(join(folder, path), text);
	};
	const run = (...args: string[]) => persona(args, { cwd: folder, env: { PERSONA_PROJECT: "" } });
	const personaText = (share: number) =>
		`version: 1\nkind: Persona\nname: probe\nindicator: { label: P, colour: "#010203" }\nguest: { os: baremetal, builder: prebuilt, kernel: { path: ./probe.img } }\nresources: { memoryMiB: 16, cpuShare: ${share} }\n`;
	const phoneText = "version: 1\nkind: Phone\nname: p\nboard: qemu-virt\npersonas: [../personas/probe.yaml]\n";

	test("is what persona diff shows of a branch against the working tree, which it does not touch", async () => {
		git("init", "--quiet", "--initial-branch", "main");
		git("add", ".");
		git("commit", "--quiet", "--message", "first");
		write("personas/probe.yaml", personaText(40));
		const before = git("status", "--porcelain");

		const markdown = await run("diff", "dev@main", "dev", "--markdown");
		const json = await run("diff", "dev@main", "dev");
		const wrong = await run("diff", "dev@nothing", "dev");

		expect(markdown).toMatchObject({ status: 0, stderr: "" });
		expect(markdown.stdout).toMatch(
			/### Persona probe\n\n- `~` cpuShare: 100 → 40\n\n### Parts of the file that differ\n\n(- .*\n)+$/,
		);
		const [changed] = (JSON.parse(json.stdout) as ImageDiff).personas.changed;
		expect(changed).toMatchObject({
			name: "probe",
			settings: [{ field: "cpuShare", old: 100, new: 40 }],
			packages: [],
			deviceTree: false,
		});
		expect(wrong).toMatchObject({ status: 1, stderr: expect.stringContaining('git knows no revision "nothing"') });
		expect(git("status", "--porcelain")).toBe(before);
		expect(git("worktree", "list").trim().split("\n")).toHaveLength(1);
	});
});

// SPDX-License-Identifier: Apache-2.0
// The conditions a phone is built again under are unlike those it was built under, and a phone can be moved elsewhere.
import { cpSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { describeConditions, environmentOf, otherConditions } from "../../components/account/conditions.ts";
import { relocate } from "../../components/account/relocate.ts";
import { loadAndCheckPhone } from "../../components/policy/index.ts";
import { jobCount } from "../../components/util/jobs.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { toolEnvironment } from "../../components/util/tool-env.ts";
import { temporaryFolder } from "../temporary-folder.ts";

test.each([
	[{ LC_ALL: "C", TZ: "Pacific/Kiritimati", PERSONA_JOBS: "7" }, 0o077],
	[{ LANG: "C.UTF-8", TZ: "UTC" }, 0o022],
	[{}, 0o027],
] as [NodeJS.ProcessEnv, number][])("they differ from %j in everything", async (variables, umask) => {
	const other = await otherConditions(variables, umask);
	expect(other.locale.toLowerCase()).not.toBe((variables.LC_ALL ?? variables.LANG ?? "C").toLowerCase());
	expect(other.timeZone).not.toBe(variables.TZ);
	expect(Number.parseInt(other.umask, 8)).not.toBe(umask);
	expect(other.jobs).toBe(jobCount(variables) + 1);
});

test("a clock that is not shifted is not said to be", () => {
	const still = { locale: "C", timeZone: "UTC", umask: "077", jobs: 3, clockDays: null };
	expect(describeConditions(still)).toContain("the clock NOT shifted");
	expect(environmentOf(still, { PATH: "/bin", CCACHE: "ccache" })).toEqual({
		PATH: "/bin",
		LC_ALL: "C",
		LANG: "C",
		TZ: "UTC",
		PERSONA_JOBS: "3",
	});
});

test("tools get nothing of the environment but their path, what was compiled before, and a shifted clock where there is one", () => {
	const variables = { PATH: "/bin", SECRET: "x", LD_PRELOAD: "/lib/faketime.so" };
	expect(toolEnvironment({ TZ: "UTC" }, variables)).toEqual({ PATH: "/bin", TZ: "UTC" });
	expect(toolEnvironment({}, { CCACHE: "ccache", CCACHE_DIR: "/cache" })).toEqual({ CCACHE: "ccache", CCACHE_DIR: "/cache" });
	expect(toolEnvironment({}, { ...variables, FAKETIME: "+1d" })).toMatchObject({ LD_PRELOAD: "/lib/faketime.so", FAKETIME: "+1d" });
});

test("a phone moves with everything its documents name, and nothing else", async () => {
	const project = join(temporaryFolder(), "a project");
	for (const part of ["personas", "stacks", "boards"]) cpSync(join(packageRoot(), part), join(project, part), { recursive: true });
	writeFileSync(join(project, "Pulumi.yaml"), "name: x\n");
	writeFileSync(join(project, "my.lock"), "version: 1\n");
	writeFileSync(join(project, "personas/secret"), "not named by any document");
	mkdirSync(join(project, "shared"));
	writeFileSync(join(project, "shared/probe.img"), "kernel");
	symlinkSync("/etc/hostname", join(project, "personas/work/link"));
	const probe = `version: 1\nkind: Persona\nname: probe\nindicator: { label: P, colour: "#010203" }\nguest: { os: baremetal, builder: prebuilt, kernel: { path: ../shared/probe.img } }\nresources: { memoryMiB: 16 }\n`;
	writeFileSync(join(project, "personas/probe.yaml"), probe);
	const phone = join(project, "stacks/dev.phone.yaml");
	writeFileSync(phone, readFileSync(phone, "utf8").replace("personal.yaml]", "personal.yaml, ../personas/probe.yaml]"));
	const { resolved } = await loadAndCheckPhone(phone);
	if (resolved === undefined) throw new Error("no phone");

	const elsewhere = join(temporaryFolder(), "else", "where");
	const moved = await relocate(resolved, project, join(project, "my.lock"), elsewhere);

	const again = await loadAndCheckPhone(moved);
	expect(again.problems).toEqual([]);
	expect(again.resolved?.personas.map(({ document }) => document)).toEqual(resolved.personas.map(({ document }) => document));
	const root = join(moved, "../..");
	expect(relative(elsewhere, root).startsWith("..")).toBe(false);
	expect(readFileSync(join(root, "shared/probe.img"), "utf8")).toBe("kernel");
	expect(readFileSync(join(root, "persona.lock.yaml"), "utf8")).toBe("version: 1\n");
	expect(readlinkSync(join(root, "personas/work/link"))).toBe("/etc/hostname");
	expect(() => readFileSync(join(root, "personas/secret"))).toThrow(/ENOENT/);
	// A project whose guests are all brought has no lock file.
	await relocate(resolved, project, join(project, "none.lock"), join(temporaryFolder(), "again"));
});

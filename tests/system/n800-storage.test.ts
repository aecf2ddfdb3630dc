// SPDX-License-Identifier: Apache-2.0
// Volumes on the N800's memory card, under the real engine and in real guests: what was flushed is there after QEMU was killed, each persona has
// its own, and one grows in place.
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listVolumes } from "../../components/handset/index.ts";
import * as persona from "../../components/index.ts";
import type { Project, TestStack } from "../provider/project.ts";
import { storageProject } from "./storage-project.ts";

const BUILD_MS = 1_800_000; // the first time, the guests' kernel is compiled

const PHONE = `version: 1
kind: Phone
name: tablet
board: n800
target: { via: qemu, cpus: 1 }
personas: [../personas/work.yaml, ../personas/personal.yaml]
policy: ../personas/policy.yaml
initialForeground: personal
`;

const persona800 = (name: string, colour: string, storage: string) => `version: 1
kind: Persona
name: ${name}
indicator: { label: ${name}, colour: "${colour}" }
guest: { os: linux, builder: debian, overlay: ./overlay, commandLine: quiet }
resources: { memoryMiB: 32 }
${storage}`;
const work = (sizeMiB: number) =>
	persona800(
		"work",
		"#c0392b",
		`devices: { agent: true }
storage:
  - { name: data, sizeMiB: ${sizeMiB}, mount: /data, contents: ./data, onDelete: wipe }
  - { name: vault, sizeMiB: 32, mount: /vault, contents: ./vault, encrypted: true, onDelete: wipe }
`,
	);
const PERSONAL = persona800(
	"personal",
	"#2471a3",
	`storage:
  - { name: data, sizeMiB: 16, mount: /data, onDelete: wipe }
`,
);

let project: Project;
let stack: TestStack;
let handset: string;

const runFolder = () => join(project.folder, ".xdg", "persona", "run", handset);
const said = (name: string) =>
	readFileSync(join(runFolder(), "logs", `console-${name}.log`), "utf8")
		.split(/\r?\n/)
		.filter((line) => line.includes("storage: ") || line.includes("persona: volume"));

beforeAll(async () => {
	project = storageProject({ overlay: "overlay", blocks: 20 });
	project.write("stacks/n800.phone.yaml", PHONE);
	project.write("personas/work.yaml", work(24));
	project.write("personas/personal.yaml", PERSONAL);
	stack = await project.stack(async () => {
		const phone = new persona.Phone("tablet", { phone: "stacks/n800.phone.yaml" });
		return { handset: phone.handset };
	});
}, BUILD_MS);

afterAll(async () => {
	await stack.run("destroy");
	rmSync(runFolder(), { recursive: true, force: true });
	project.remove();
});

describe("a persona of the N800 with volumes", () => {
	test(
		"finds on them what they began with, an encrypted one too, and can write",
		async () => {
			const up = await stack.run("up");
			handset = String(up.outputs.handset);
			expect(up.diagnostics).toBe("");
			expect(said("work")).toEqual([
				"storage: vault begins with sesame opens",
				expect.stringMatching(/size \d+ KiB/),
				"storage: begins with good day",
				"storage: written",
			]);
			expect(said("personal")).toEqual([expect.stringMatching(/size \d+ KiB/), "storage: written"]);
			expect((await listVolumes()).sort((a, b) => a.id.localeCompare(b.id))).toMatchObject([
				{ id: `${handset}/personal/data`, sizeMiB: 16, state: "attached", used: true },
				{ id: `${handset}/work/data`, sizeMiB: 24, state: "attached", used: true },
				{ id: `${handset}/work/vault`, sizeMiB: 32, state: "attached", used: true },
			]);
		},
		BUILD_MS,
	);

	test("has them on a card of a size that QEMU takes, which takes little room on this machine", () => {
		const { size, blocks } = statSync(join(runFolder(), "disk.img"));
		expect(size).toBe(32 * 2 ** 30);
		expect(blocks * 512).toBeLessThan(100 * 2 ** 20);
	});

	test("finds what it wrote and flushed after QEMU was killed, and the volume grown with its file system", async () => {
		const before = Number(/size (\d+)/.exec(said("work").join("\n"))?.[1]);
		process.kill(Number(readFileSync(join(runFolder(), "qemu.pid"), "utf8")), "SIGKILL");
		project.write("personas/work.yaml", work(48));
		const up = await stack.run("up");
		expect(up.diagnostics).not.toContain("error");
		expect(up.steps).toMatchObject({ "Volume tablet-work-data": "update", "GuestImage tablet-work": "same" });
		expect(said("work").at(-1)).toBe("storage: whole");
		expect(said("personal").at(-1)).toBe("storage: whole");
		expect(Number(/size (\d+)/.exec(said("work").join("\n"))?.[1])).toBeGreaterThan(before * 1.7);
	});
});

// SPDX-License-Identifier: Apache-2.0
// Volumes under the real engine, in real guests: what was written and flushed is there after QEMU was killed, a volume grows in place, and
// what is kept is neither lost nor replaced by an empty one.
import { execFileSync } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allowAdoption, listHandsets, listVolumes, volumePlace } from "../../components/handset/index.ts";
import * as persona from "../../components/index.ts";
import type { Project, TestStack } from "../provider/project.ts";
import { bareMetal, copyGuests } from "./mini-guests.ts";
import { storageProject } from "./storage-project.ts";

const program = async () => {
	const phone = new persona.Phone("pocket", { phone: "stacks/dev.phone.yaml" });
	return { handset: phone.handset };
};

const WORK = (storage: string) => `version: 1
kind: Persona
name: work
indicator: { label: Work, colour: "#c0392b" }
guest: { os: linux, builder: debian, overlay: ./work, commandLine: quiet }
${storage}`;
const volume = (sizeMiB: number, onDelete: "keep" | "wipe") =>
	`devices: { agent: true }
storage:
  - { name: data, sizeMiB: ${sizeMiB}, mount: /data, contents: ./data, onDelete: ${onDelete} }
  - { name: vault, sizeMiB: 32, mount: /vault, contents: ./vault, encrypted: true, onDelete: wipe }
`;

let project: Project;
let stack: TestStack;
let handset: string;

const runFolder = () => join(project.folder, ".xdg", "persona", "run", handset);
const said = () =>
	readFileSync(join(runFolder(), "logs", "console-work.log"), "utf8")
		.split(/\r?\n/)
		.filter((line) => line.includes("storage: ") || line.includes("persona: volume"));

function readPart(path: string, offset: number, size: number): Buffer {
	const file = openSync(path, "r");
	const bytes = Buffer.alloc(size);
	readSync(file, bytes, 0, size, offset);
	closeSync(file);
	return bytes;
}

/** Every file the project, its state and its handset have written, the disk apart, and QEMU's command line. */
function* everythingWritten(): Generator<[string, Buffer]> {
	for (const name of readdirSync(project.folder, { recursive: true, encoding: "utf8" })) {
		const path = join(project.folder, name);
		if (name.endsWith("disk.img") || name.includes(".home") || !statSync(path).isFile()) continue;
		yield [name, readFileSync(path)];
	}
	yield ["command line", readFileSync(`/proc/${readFileSync(join(runFolder(), "qemu.pid"), "utf8").trim()}/cmdline`)];
}

const dataVolume = async () => (await listVolumes()).filter(({ name }) => name === "data");

beforeAll(async () => {
	project = storageProject({ overlay: "work", blocks: 100 });
	copyGuests(join(project.folder, "personas", "guests"));
	project.write("personas/personal.yaml", bareMetal("personal", "guests/neighbour.img", { commandLine: "ms=200" }));
	project.write("personas/work.yaml", WORK(volume(64, "wipe")));
	stack = await project.stack(program);
});

afterAll(async () => {
	await stack.run("destroy");
	rmSync(runFolder(), { recursive: true, force: true });
	project.remove();
});

describe("a persona with a volume", () => {
	test("finds its initial contents on it and can write", async () => {
		const up = await stack.run("up");
		handset = String(up.outputs.handset);
		expect(up.diagnostics).toBe("");
		expect(up.steps["Volume pocket-work-data"]).toBe("create");
		expect(said()).toEqual([
			"storage: vault begins with sesame opens",
			expect.stringMatching(/size \d+ KiB/),
			"storage: begins with good day",
			"storage: written",
		]);
		expect(await dataVolume()).toMatchObject([{ id: `${handset}/work/data`, sizeMiB: 64, state: "attached", used: true }]);
	});

	test("has an encrypted one that opens with a key nobody finds in the clear", async () => {
		expect(said()).toContain("storage: vault begins with sesame opens");
		const { offset = 0, size = 0 } = (await volumePlace({ handset, persona: "work", name: "vault" })) ?? {};
		const disk = readPart(join(runFolder(), "disk.img"), offset, size);
		expect(disk.subarray(0, 4).toString("latin1")).toBe("LUKS");
		expect(disk.includes("sesame opens")).toBe(false);
		const key = await stack.secret("Volume", "key", (id) => id.endsWith("/vault"));
		expect(Buffer.from(key, "base64")).toHaveLength(64);
		for (const [where, bytes] of everythingWritten()) {
			expect(bytes.includes(key) || bytes.includes(Buffer.from(key, "base64")), where).toBe(false);
		}
	});

	test("nothing changes in a second up", async () => {
		expect((await stack.run("preview")).steps).toMatchObject({
			"Volume pocket-work-data": "same",
			"DeviceImage pocket": "same",
			"Deployment pocket": "same",
		});
	});

	test("what it wrote and flushed is there after QEMU was killed", async () => {
		process.kill(Number(readFileSync(join(runFolder(), "qemu.pid"), "utf8")), "SIGKILL");
		const up = await stack.run("up");
		expect(up.diagnostics).not.toContain("error");
		expect(said().at(-1)).toBe("storage: whole");
	});

	test("the disk has a partition for it that standard tools see", async () => {
		const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
		const table = execFileSync("sfdisk", ["--json", join(runFolder(), "disk.img")], { encoding: "utf8", env });
		const { partitions } = JSON.parse(table).partitiontable;
		const sizes = Object.fromEntries(
			partitions.map(({ name, size }: { name: string; size: number }) => [name, (size * 512) / 2 ** 20]),
		);
		expect(sizes).toEqual({ "work/data": 64, "work/vault": 32 });
	});

	test("grows in place, with its file system", async () => {
		const before = Number(/size (\d+)/.exec(said().join("\n"))?.[1]);
		project.write("personas/work.yaml", WORK(volume(128, "wipe")));
		const preview = await stack.run("preview");
		expect(preview.steps).toMatchObject({ "Volume pocket-work-data": "update", "GuestImage pocket-work": "same" });
		const up = await stack.run("up");
		expect(up.diagnostics).toBe("");
		expect(said().at(-1)).toBe("storage: whole");
		expect(Number(/size (\d+)/.exec(said().join("\n"))?.[1])).toBeGreaterThan(before * 1.7);
	});

	test("does not shrink", async () => {
		project.write("personas/work.yaml", WORK(volume(64, "wipe")));
		const preview = await stack.run("preview");
		expect(preview.failed).toBe(true);
		expect(preview.diagnostics).toContain("the volume has 128 MiB and can grow, not shrink");
		project.write("personas/work.yaml", WORK(volume(128, "wipe")));
	});
});

describe("a volume that is to be kept", () => {
	test("is protected from deletion by mistake", async () => {
		project.write("personas/work.yaml", WORK(volume(128, "keep")));
		expect((await stack.run("up")).failed).toBe(false);
		project.write("personas/work.yaml", WORK(""));
		const up = await stack.run("up");
		expect(up.failed).toBe(true);
		expect(up.diagnostics).toContain("protect");
	});

	test("stays on the disk when its resource is deleted, and is not replaced by an empty one", async () => {
		await stack.unprotect();
		const up = await stack.run("up");
		expect(up.failed).toBe(false);
		expect(await dataVolume()).toMatchObject([{ id: `${handset}/work/data`, state: "kept" }]);
		project.write("personas/work.yaml", WORK(volume(128, "keep")));
		const again = await stack.run("up");
		expect(again.failed).toBe(true);
		expect(again.diagnostics).toContain(`persona volume adopt ${handset}/work/data`);
	});

	test("is taken over with all it holds once its owner allows that", async () => {
		await allowAdoption({ handset, persona: "work", name: "data" });
		const up = await stack.run("up");
		expect(up.diagnostics).not.toContain("error");
		expect(said().at(-1)).toBe("storage: whole");
		expect(await dataVolume()).toMatchObject([{ state: "attached" }]);
	});

	test("outlives its handset, and the same phone finds it again", async () => {
		await stack.unprotect();
		await stack.run("destroy");
		expect(await listHandsets()).toEqual([]);
		expect(existsSync(join(runFolder(), "disk.img"))).toBe(true);
		await allowAdoption({ handset, persona: "work", name: "data" });
		project.write("personas/work.yaml", WORK(volume(128, "wipe")));
		const up = await stack.run("up");
		expect(up.diagnostics).not.toContain("error");
		expect(String(up.outputs.handset)).toBe(handset);
		expect(said().at(-1)).toBe("storage: whole");
	});

	test("is gone when it is to be wiped", async () => {
		await stack.run("destroy");
		expect(existsSync(runFolder())).toBe(false);
	});
});

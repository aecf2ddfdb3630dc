// SPDX-License-Identifier: Apache-2.0
// A phone under the real engine, on the real stages: Veil and guests are built, QEMU runs them, and drift is what was really done to them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { controlClient, listHandsets, observeHandset } from "../../components/handset/index.ts";
import * as persona from "../../components/index.ts";
import { isAlive } from "../../components/util/alive.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { PERSONAL, Project, type TestStack } from "../provider/project.ts";
import { bareMetal, copyGuests } from "./mini-guests.ts";

const program = async () => {
	const phone = new persona.Phone("pocket", { phone: "stacks/dev.phone.yaml" });
	return { handset: phone.handset, key: phone.key, running: phone.runningKey };
};
const UNCHANGED = {
	"GuestImage pocket-work": "same",
	"GuestImage pocket-personal": "same",
	"HypervisorImage pocket": "same",
	"DeviceImage pocket": "same",
	"Handset pocket": "same",
	"Deployment pocket": "same",
};

/** A guest that runs and says nothing of what is waited for. */
const NEVER_READY = `${PERSONAL}ready: { marker: never said, deadlineSeconds: 300 }\n`;

let project: Project;
let stack: TestStack;
let handset: string;

/** A project whose handsets run apart from the user's own; the store is the user's, since what is in it is only built once. */
function realProject(folder?: string): Project {
	const made = new Project({
		plugin: join(packageRoot(), "plugin"),
		env: { PERSONA_LOCK: process.env.PERSONA_LOCK ?? join(packageRoot(), "persona.lock.yaml") },
		...(folder === undefined ? {} : { folder }),
	});
	made.env.XDG_STATE_HOME = join(made.folder, ".xdg");
	copyGuests(join(made.folder, "personas", "guests"));
	made.write("personas/personal.yaml", bareMetal("personal", "guests/neighbour.img", { commandLine: "ms=200" }));
	return made;
}

/** Waits for something that takes a moment. */
async function until(holds: () => Promise<boolean>): Promise<void> {
	const end = performance.now() + 15_000;
	while (!(await holds())) {
		if (performance.now() > end) throw new Error("it did not happen within 15 s");
		await delay(50);
	}
}

const qemuPid = () => Number(readFileSync(join(project.folder, ".xdg", "persona", "run", handset, "qemu.pid"), "utf8"));

beforeAll(async () => {
	project = realProject();
	process.env.XDG_STATE_HOME = project.env.XDG_STATE_HOME;
	stack = await project.stack(program);
});
afterAll(async () => {
	await stack.run("destroy");
	expect(await listHandsets()).toEqual([]);
	project.remove();
});

describe("a phone in QEMU", () => {
	test("up ends with both personas ready", async () => {
		const up = await stack.run("up");
		expect(up.diagnostics).toBe("");
		handset = String(up.outputs.handset);
		const seen = await observeHandset(handset);
		expect(seen.personas.map(({ name, ready }) => [name, ready])).toEqual([
			["work", true],
			["personal", true],
		]);
		expect(up.outputs.running).toBe(up.outputs.key);
	});

	test("a second up changes nothing and does not touch QEMU", async () => {
		const before = qemuPid();
		expect((await stack.run("up")).steps).toMatchObject(UNCHANGED);
		expect(qemuPid()).toBe(before);
	});

	test("an overlay edit shows its file and changes only what holds it", async () => {
		project.write("personas/work/etc/motd", "good morning\n");
		const preview = await stack.run("preview");
		expect(preview.steps).toMatchObject({
			...UNCHANGED,
			"GuestImage pocket-work": "update",
			"DeviceImage pocket": "update",
			"Deployment pocket": "update",
		});
		expect(preview.diffs["GuestImage pocket-work"]).toEqual(['overlay["etc/motd"]']);
		const up = await stack.run("up");
		expect(up.diagnostics).toBe("");
		expect(up.progress.join("\n")).not.toContain("personal: making");
	});

	test("kill -9 of QEMU shows in a preview, and up starts it as an update", async () => {
		process.kill(qemuPid(), "SIGKILL");
		const preview = await stack.run("preview");
		expect(preview.steps).toMatchObject({ ...UNCHANGED, "Deployment pocket": "update" });
		expect(preview.diffs["Deployment pocket"]).toContain("running");
		const up = await stack.run("up");
		expect(up.failed).toBe(false);
		expect((await observeHandset(handset)).personas.every(({ ready }) => ready)).toBe(true);
		expect((await stack.run("preview")).steps).toMatchObject(UNCHANGED);
	});

	test("what is done by command is no drift", async () => {
		const client = await controlClient(handset);
		await client.stop("personal");
		await client.pause("work");
		client.close();
		await until(async () => (await observeHandset(handset)).personas.every(({ state }) => state !== "running"));
		expect((await stack.run("preview")).steps).toMatchObject(UNCHANGED);
	});

	test("a persona that is not up in time: the previous image runs again, and the error shows its console", async () => {
		const good = project.read("personas/personal.yaml");
		const before = (await observeHandset(handset)).imageDigest;
		project.write("personas/personal.yaml", NEVER_READY.replace("300", "2"));
		const up = await stack.run("up");
		expect(up.failed).toBe(true);
		expect(up.diagnostics).toContain("persona personal was not READY within 2 s");
		expect(up.diagnostics).toMatch(/the end of its console:|nothing to its console/);
		expect(up.diagnostics).toContain("The previous image runs again.");
		const seen = await observeHandset(handset);
		expect(seen.imageDigest).toBe(before);
		expect(seen.personas.every(({ ready }) => ready)).toBe(true);
		project.write("personas/personal.yaml", good);
		// The images follow the document back; what runs is right already.
		expect((await stack.run("preview")).steps).toMatchObject({ "DeviceImage pocket": "update", "Deployment pocket": "same" });
	});

	test("cancelling while a phone starts ends within a second or so, and the next up goes on", async () => {
		project.write("personas/personal.yaml", NEVER_READY);
		const cancel = new AbortController();
		let cancelled = Number.NaN;
		const up = await stack.run("up", {
			signal: cancel.signal,
			onEvent: ({ diagnosticEvent }) => {
				if (diagnosticEvent?.message.includes("work is READY") === true && Number.isNaN(cancelled)) {
					cancelled = performance.now();
					cancel.abort();
				}
			},
		});
		expect(up.failed).toBe(true);
		expect(performance.now() - cancelled).toBeLessThan(5000);
		expect((await stack.state("Deployment")).length).toBe(1);
		project.write("personas/personal.yaml", bareMetal("personal", "guests/neighbour.img", { commandLine: "ms=200" }));
		expect((await stack.run("up")).failed).toBe(false);
		expect((await stack.run("preview")).steps).toMatchObject(UNCHANGED);
	});

	test("a crashed persona is drift, the other does not notice, and up starts it again", async () => {
		const crash = bareMetal("personal", "guests/crash.img", { commandLine: "after=4000", rest: "onCrash: stop\n" });
		project.write("personas/personal.yaml", crash);
		expect((await stack.run("up")).diagnostics).toBe("");
		await until(async () => (await observeHandset(handset)).personas.some(({ state }) => state === "crashed"));
		const preview = await stack.run("preview");
		expect(preview.diffs["Deployment pocket"]).toEqual(["crashed"]);
		const before = qemuPid();
		await stack.run("up");
		expect(qemuPid()).toBe(before);
		const [work, personal] = (await observeHandset(handset)).personas;
		expect(work).toMatchObject({ state: "running", ready: true, starts: 1 });
		expect(personal?.starts).toBe(2);
	});

	test("destroy stops QEMU and leaves nothing", async () => {
		const pid = qemuPid();
		expect((await stack.run("destroy")).failed).toBe(false);
		expect(isAlive(pid)).toBe(false);
		expect(await listHandsets()).toEqual([]);
	});
});

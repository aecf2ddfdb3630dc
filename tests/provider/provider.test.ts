// SPDX-License-Identifier: Apache-2.0
// A phone through its life under the real engine, on stages that build and run nothing: what a user sees of previews, updates and drift.
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import * as persona from "../../components/index.ts";
import { FakeWorld } from "./fake-stages.ts";
import { PERSONAL, PHONE, Project, type TestStack } from "./project.ts";

// Every test runs the engine a few times, and other tests run beside it.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

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

describe("a phone through its life", () => {
	let project: Project;
	let stack: TestStack;
	let world: FakeWorld;
	let handset: string;

	beforeAll(async () => {
		project = new Project();
		world = new FakeWorld(project.world);
		stack = await project.stack(program);
	});
	afterAll(() => project.remove());

	/** Restores files and world to what the first test left. */
	async function settle(): Promise<void> {
		const up = await stack.run("up");
		expect(up.failed).toBe(false);
		world.takeLog();
	}

	test("a first preview writes nothing and predicts keys", async () => {
		const preview = await stack.run("preview");
		expect(preview.diagnostics).toBe("");
		expect(Object.values(preview.steps).every((step) => step === "create")).toBe(true);
		expect(world.takeLog()).toEqual([]);
	});

	test("up builds, composes, starts, and tells its progress", async () => {
		const up = await stack.run("up");
		expect(up.diagnostics).toBe("");
		expect(world.takeLog().sort()).toEqual(["build personal", "build veil", "build work", "compose", "create handset", "start"]);
		expect(up.progress).toContain("build work");
		handset = String(up.outputs.handset);
		expect(handset).toMatch(/^pocket-[0-9a-f]{8}$/);
		expect(up.outputs.key).toMatch(/^sha256:[0-9a-f]{64}$/);
		expect(up.outputs.running).toBe(up.outputs.key);
		const [image] = await stack.state("DeviceImage");
		expect(image?.outputs).toMatchObject({ key: up.outputs.key, signature: "development", size: 1000 });
	});

	test("state holds no absolute path", async () => {
		const { deployment } = await stack.stack.exportStack();
		expect(JSON.stringify(deployment.resources)).not.toContain(project.folder);
	});

	test("nothing changed: everything is the same, and nothing is done", async () => {
		const up = await stack.run("up");
		expect(up.steps).toMatchObject(UNCHANGED);
		expect(world.takeLog()).toEqual([]);
	});

	test("an overlay edit shows the file and touches only what depends on it", async () => {
		project.write("personas/work/etc/motd", "good morning\n");
		const preview = await stack.run("preview");
		const changed = { "GuestImage pocket-work": "update", "DeviceImage pocket": "update", "Deployment pocket": "update" };
		expect(preview.steps).toMatchObject({ ...UNCHANGED, ...changed });
		expect(preview.diffs).toMatchObject({
			"GuestImage pocket-work": ['overlay["etc/motd"]'],
			"DeviceImage pocket": ["guests.work"],
			"Deployment pocket": ["image"],
		});
		expect(world.takeLog()).toEqual([]);
		const up = await stack.run("up");
		expect(up.steps).toMatchObject({ ...UNCHANGED, ...changed });
		expect(world.takeLog()).toEqual(["build work", "compose", "start"]);
	});

	test("a changed mode is a change", async () => {
		chmodSync(join(project.folder, "personas/work/etc/motd"), 0o600);
		const preview = await stack.run("preview");
		expect(preview.diffs["GuestImage pocket-work"]).toEqual(['overlay["etc/motd"]']);
		chmodSync(join(project.folder, "personas/work/etc/motd"), 0o644);
	});

	test("a policy edit is named by its field, and rebuilds no guest", async () => {
		project.write("personas/policy.yaml", project.read("personas/policy.yaml").replace("corporate", "strict"));
		const up = await stack.run("up");
		expect(up.diffs["DeviceImage pocket"]).toEqual(["policy.name"]);
		expect(up.steps).toMatchObject({ ...UNCHANGED, "DeviceImage pocket": "update", "Deployment pocket": "update" });
		expect(world.takeLog()).toEqual(["compose", "start"]);
	});

	test("another builder of Veil touches Veil and what holds it, and no guest", async () => {
		project.write("stacks/dev.phone.yaml", `${PHONE}veil: { builder: buildroot }\n`);
		const { steps } = await stack.run("preview");
		const touched = { "HypervisorImage pocket": "update", "DeviceImage pocket": "update", "Deployment pocket": "update" };
		expect(steps).toMatchObject({ ...UNCHANGED, ...touched });
		project.write("stacks/dev.phone.yaml", PHONE);
	});

	test("moving a document changes nothing", async () => {
		project.write("people/personal.yaml", PERSONAL);
		project.write("stacks/dev.phone.yaml", PHONE.replace("../personas/personal.yaml", "../people/personal.yaml"));
		expect((await stack.run("preview")).steps).toMatchObject(UNCHANGED);
		project.write("stacks/dev.phone.yaml", PHONE);
	});

	test("a longer deadline starts nothing again", async () => {
		project.write("personas/personal.yaml", `${PERSONAL}ready: { deadlineSeconds: 90 }\n`);
		const up = await stack.run("up");
		expect(up.diffs).toMatchObject({
			"DeviceImage pocket": ["ready[1].readyDeadlineSeconds"],
			"Deployment pocket": ["personas[1].readyDeadlineSeconds"],
		});
		expect(world.takeLog()).toEqual([]);
	});

	test("a dead QEMU shows in a plain preview, and up starts it as an update", async () => {
		world.change(({ handsets }) => {
			handsets[handset] = null;
		});
		const preview = await stack.run("preview");
		expect(preview.steps).toMatchObject({ ...UNCHANGED, "Deployment pocket": "update" });
		expect(preview.diffs["Deployment pocket"]).toContain("running");
		expect(preview.diagnostics).toContain("QEMU does not run");
		const up = await stack.run("up");
		expect(up.steps).toMatchObject({ ...UNCHANGED, "Deployment pocket": "update" });
		expect(world.takeLog()).toEqual(["start"]);
	});

	test("a crashed persona is drift, and only it is started again", async () => {
		world.change(({ handsets }) => {
			const running = handsets[handset];
			if (running) running.personas = running.personas.map((one) => (one.name === "work" ? { ...one, state: "crashed" } : one));
		});
		const up = await stack.run("up");
		expect(up.diffs["Deployment pocket"]).toEqual(["crashed"]);
		expect(world.takeLog()).toEqual(["restart work"]);
		const [deployment] = await stack.state("Deployment");
		expect(deployment?.outputs).toMatchObject({ crashed: [], running: true });
	});

	test("what the user did by command is no drift", async () => {
		world.change(({ handsets }) => {
			const running = handsets[handset];
			if (running) {
				running.personas = running.personas.map((one) =>
					one.name === "work"
						? { ...one, state: "stopped", reason: "command", ready: false }
						: { ...one, state: "paused", foreground: true },
				);
			}
		});
		expect((await stack.run("up")).steps).toMatchObject(UNCHANGED);
		expect(world.takeLog()).toEqual([]);
	});

	test("another image on the handset is drift", async () => {
		world.change(({ handsets }) => {
			const running = handsets[handset];
			if (running) running.digest = "sha256:0000";
		});
		const up = await stack.run("up");
		expect(up.diffs["Deployment pocket"]).toEqual(["image"]);
		expect(world.takeLog()).toEqual(["start"]);
	});

	test("refresh alone records drift, and says running: false", async () => {
		world.change(({ handsets }) => {
			handsets[handset] = null;
		});
		expect((await stack.run("refresh")).failed).toBe(false);
		const [deployment] = await stack.state("Deployment");
		expect(deployment?.outputs).toMatchObject({ running: false, runningKey: "" });
		await settle();
	});

	test("a bad image is taken back, and tried again by the next up", async () => {
		project.write("personas/work/etc/motd", "broken\n");
		const [before] = await stack.state("Deployment");
		// The first failure is of the start itself; from then on the new image is known, and bad.
		world.change((w) => {
			w.faults = { start: "persona work was not READY in time" };
		});
		const failed = await stack.run("up");
		expect(failed.failed).toBe(true);
		expect(failed.diagnostics).toContain("Going back to the previous image failed too");
		world.change((w) => {
			w.faults = {};
			const image = w.built[String(before?.outputs.runningKey)];
			w.bad = Object.values(w.built)
				.map(({ digest }) => digest)
				.filter((digest) => digest !== image?.digest);
		});
		world.takeLog();
		const again = await stack.run("up");
		expect(again.failed).toBe(true);
		expect(again.diagnostics).toContain("was not READY in time");
		expect(again.diagnostics).toContain("The previous image runs again.");
		expect(world.takeLog()).toEqual(["start", "start"]);
		expect(world.get().handsets[handset]?.digest).toBe(world.get().built[String(before?.outputs.runningKey)]?.digest);
		world.change((w) => {
			w.bad = [];
		});
		await settle();
	});

	test("a handset whose folder is gone is made anew", async () => {
		rmSync(join(project.world, "run", handset), { recursive: true });
		const up = await stack.run("up");
		expect(up.failed).toBe(false);
		expect(up.outputs.handset).not.toBe(handset);
		handset = String(up.outputs.handset);
		world.takeLog();
	});

	test("replacing the handset on demand adopts nothing", async () => {
		const [resource] = await stack.state("Handset");
		const up = await stack.run("up", { replace: [resource?.urn ?? ""] });
		expect(up.diagnostics).toBe("");
		expect(up.outputs.handset).not.toBe(handset);
		expect(world.get().handsets[handset]).toBeUndefined();
		handset = String(up.outputs.handset);
		expect(world.get().handsets[handset]?.personas.length).toBe(2);
	});

	test("replacing the deployment on demand leaves the new one running", async () => {
		const [resource] = await stack.state("Deployment");
		await stack.run("up", { replace: [resource?.urn ?? ""] });
		expect(world.get().handsets[handset]?.personas.length).toBe(2);
		expect((await stack.run("preview")).steps).toMatchObject(UNCHANGED);
	});

	test("destroy stops the phone and removes its folder", async () => {
		world.takeLog();
		const destroyed = await stack.run("destroy");
		expect(destroyed.failed).toBe(false);
		expect(world.takeLog()).toEqual(["stop", "remove handset"]);
	});
});

// SPDX-License-Identifier: Apache-2.0
// What goes wrong under the real engine, on stages that build and run nothing: mistakes, bugs, cancellation and kills.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as persona from "../../components/index.ts";
import { isAlive } from "../../components/util/alive.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { AT_ONCE } from "../at-once.ts";
import { FakeWorld } from "./fake-stages.ts";
import { Project } from "./project.ts";

// Every test runs the engine a few times, and other tests run beside it.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const program = async () => {
	const phone = new persona.Phone("pocket", { phone: "stacks/dev.phone.yaml" });
	return { handset: phone.handset };
};

let project: Project;
let world: FakeWorld;
beforeEach(() => {
	project = new Project();
	world = new FakeWorld(project.world);
});
afterEach(() => project.remove());

/** The provider's process id, once it does what the fault is about. */
async function providerDoing(step: string): Promise<number> {
	for (let isDoing = false; ; await delay(20)) {
		isDoing ||= world.takeLog().includes(step);
		const pid = isDoing ? Number(readFileSync(join(project.world, "pid"), "utf8")) : 0;
		if (pid > 0) return pid; // empty while another step writes it
	}
}

function parentOf(pid: number): number {
	return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

async function gone(pid: number, deadlineMs: number): Promise<boolean> {
	const end = performance.now() + deadlineMs;
	while (isAlive(pid)) {
		if (performance.now() > end) return false;
		await delay(20);
	}
	return true;
}

describe("mistakes in documents", () => {
	test("a Phone reports those of all files at once, each with its place first", async () => {
		project.write("personas/work.yaml", project.read("personas/work.yaml").replace("name: work", "name: WORK\nmemory: 5"));
		project.write("personas/policy.yaml", `${project.read("personas/policy.yaml")}network: {}\n`);
		const preview = await (await project.stack(program)).run("preview");
		expect(preview.failed).toBe(true);
		expect(preview.diagnostics).toMatch(/^(error: )?personas\/work\.yaml:3:7: /m);
		expect(preview.diagnostics).toMatch(/^personas\/work\.yaml:4:1: /m);
		expect(preview.diagnostics).toMatch(/^personas\/policy\.yaml:4:1: /m);
		expect(preview.diagnostics).not.toContain("PromiseRejection");
		expect(preview.diagnostics).not.toContain("    at ");
	});

	test("a resource's Check does too, without words before the place", async () => {
		project.write("personas/work.yaml", project.read("personas/work.yaml").replace("name: work", "name: WORK\nmemory: 5"));
		const stack = await project.stack(async () => {
			new persona.GuestImage("work", { document: "personas/work.yaml", board: "qemu-virt" });
		});
		const preview = await stack.run("preview");
		expect(preview.failed).toBe(true);
		expect(preview.diagnostics).toMatch(/ has a problem: personas\/work\.yaml:3:7: /);
		expect(preview.diagnostics).toMatch(/ has a problem: personas\/work\.yaml:4:1: /);
	});

	test("a document in code is pointed into by property path", async () => {
		const stack = await project.stack(async () => {
			new persona.GuestImage("other", { document: { name: "other", indicator: { label: "O", colour: "red" } }, board: "n900" });
		});
		const { diagnostics } = await stack.run("preview");
		expect(diagnostics).toMatch(/document\.indicator\.colour/);
		expect(diagnostics).toMatch(/there is no board "n900"/);
	});
});

describe("failures while things are made", () => {
	test("a bug in one resource fails that one, says so with a stack, and the next up goes on", async () => {
		world.change((w) => {
			w.faults = { "build personal": "bug: undefined is not a function" };
			w.after = { "build personal": "build veil" };
		});
		const stack = await project.stack(program);
		const up = await stack.run("up");
		expect(up.failed).toBe(true);
		expect(up.diagnostics).toContain("this is a bug in pulumi-persona");
		expect(up.diagnostics).toContain("fake-stages.ts");
		expect((await stack.state("HypervisorImage")).length).toBe(1);
		world.change((w) => {
			w.faults = {};
		});
		expect((await stack.run("up")).failed).toBe(false);
	});

	test("a user's fault shows what to do and no stack", async () => {
		world.change((w) => {
			w.faults = { "build work": "no such package: dropbaer" };
		});
		const up = await (await project.stack(program)).run("up");
		expect(up.diagnostics).toContain("no such package: dropbaer\n  mend it");
		expect(up.diagnostics).not.toContain("fake-stages.ts");
	});

	test("a phone that does not come up the first time is kept in the state, and started by the next up", async () => {
		world.change((w) => {
			w.faults = { start: "persona work was not READY" };
		});
		const stack = await project.stack(program);
		expect((await stack.run("up")).failed).toBe(true);
		expect((await stack.state("Deployment"))[0]?.outputs).toMatchObject({ running: false });
		world.change((w) => {
			w.faults = {};
		});
		const again = await stack.run("up");
		expect(again.steps).toMatchObject({ "Deployment pocket": "update", "Handset pocket": "same" });
		expect(again.failed).toBe(false);
	});
});

describe("endings", () => {
	test("a time limit the program sets ends the work and says so", async () => {
		world.change((w) => {
			w.delays = { "build veil": 60_000 };
		});
		const stack = await project.stack(async () => {
			new persona.HypervisorImage("veil", { board: "qemu-virt" }, { customTimeouts: { create: "1s" } });
		});
		const up = await stack.run("up");
		expect(up.failed).toBe(true);
		expect(up.diagnostics).toContain("did not end within 1 s\n  give it more time with the option customTimeouts");
	});

	test.each(["SIGINT", "SIGTERM"] as const)("%s ends the provider at once", AT_ONCE, async (signal) => {
		const provider = spawn(join(packageRoot(), "plugin", "pulumi-resource-persona"), { stdio: ["ignore", "pipe", "ignore"] });
		const port = await new Promise((settle) => provider.stdout.once("data", (data: Buffer) => settle(Number(data.toString()))));
		expect(port).toBeGreaterThan(0);
		const begun = performance.now();
		provider.kill(signal);
		await new Promise((settle) => provider.once("exit", settle));
		expect(performance.now() - begun).toBeLessThan(500);
	});

	test("cancelling ends a build within a second and keeps what was made", AT_ONCE, async () => {
		world.change((w) => {
			w.delays = { "build work": 60_000 };
		});
		const stack = await project.stack(program);
		const cancel = new AbortController();
		const up = stack.run("up", { signal: cancel.signal });
		const provider = await providerDoing("build work");
		while (Object.keys(world.get().built).length < 2) await delay(20);
		const begun = performance.now();
		cancel.abort();
		expect(await gone(provider, 5000)).toBe(true);
		expect(performance.now() - begun).toBeLessThan(2000);
		const { failed, diagnostics } = await up;
		expect(failed).toBe(true);
		expect(diagnostics).toContain("cancelled");
		expect((await stack.state("HypervisorImage")).length).toBe(1);
		world.change((w) => {
			w.delays = {};
		});
		expect((await stack.run("up")).failed).toBe(false);
	});

	test("when the engine is killed the provider leaves within two seconds, and the next run takes over what it left", async () => {
		world.change((w) => {
			w.delays = { start: 60_000 };
		});
		const stack = await project.stack(program);
		const up = stack.run("up");
		const provider = await providerDoing("start");
		process.kill(parentOf(provider), "SIGKILL");
		expect(await gone(provider, 2000)).toBe(true);
		expect((await up).failed).toBe(true);
		world.change((w) => {
			w.delays = {};
		});
		await stack.stack.cancel();
		const again = await stack.run("up");
		expect(again.failed).toBe(false);
		expect(Object.keys(world.get().handsets)).toEqual([String(again.outputs.handset)]);
	});
});

// SPDX-License-Identifier: Apache-2.0
// The parts of the protocol other programs rely on: import, other languages, secrets, unknown inputs, functions, other machines.
import { rmSync } from "node:fs";
import { join } from "node:path";
import pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as persona from "../../components/index.ts";
import { FakeWorld } from "./fake-stages.ts";
import { Project, WORK } from "./project.ts";

// Every test runs the engine a few times, and other tests run beside it.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const program = async () => {
	const phone = new persona.Phone("pocket", { phone: "stacks/dev.phone.yaml" });
	return { handset: phone.handset, key: phone.key };
};

let project: Project;
let world: FakeWorld;
beforeEach(() => {
	project = new Project();
	world = new FakeWorld(project.world);
});
afterEach(() => project.remove());

test("a running handset is imported with its deployment, and then nothing is left to do", async () => {
	const up = await (await project.stack(program)).run("up");
	const id = String(up.outputs.handset);
	world.takeLog();
	const importing = async () => {
		const options = { import: id };
		const handset = new persona.Handset("taken", { board: "qemu-virt", target: { via: "qemu", cpus: 2 } }, options);
		const personas = ["work", "personal"].map((name) => ({ name, readyMarker: "persona: READY", readyDeadlineSeconds: 60 }));
		const image = String(up.outputs.key);
		new persona.Deployment("taken", { handset: handset.id, image, personas, hardware: handset.hardware }, options);
	};
	const stack = await project.stack(importing, "second");
	const imported = await stack.run("up");
	expect(imported.diagnostics).toBe("");
	expect(imported.steps).toMatchObject({ "Handset taken": "import", "Deployment taken": "import" });
	expect((await stack.run("preview")).steps).toMatchObject({ "Handset taken": "same", "Deployment taken": "same" });
	expect(world.takeLog()).toEqual([]);
});

test.each([
	["a plain volume", false, "import"],
	["an encrypted one, whose key is recorded then,", true, "update"],
])("%s is imported, and then nothing is left to do", async (_, encrypted, step) => {
	const storage = `{ name: data, sizeMiB: 64, mount: /data, encrypted: ${encrypted} }`;
	project.write("personas/work.yaml", `${WORK}devices: { agent: true }\nstorage: [${storage}]\n`);
	const up = await (await project.stack(program)).run("up");
	expect(up.diagnostics).toBe("");
	const handset = String(up.outputs.handset);
	const secret = encrypted ? { key: pulumi.secret(Buffer.alloc(64, 7).toString("base64")) } : {};
	const declare = async (options: pulumi.CustomResourceOptions) => {
		new persona.Volume("taken", { handset, persona: "work", name: "data", sizeMiB: 64, encrypted, ...secret }, options);
	};
	const importing = await project.stack(() => declare({ import: `${handset}/work/data` }), "second");
	const imported = await importing.run("up");
	expect(imported.diagnostics).toBe("");
	expect(imported.steps).toMatchObject({ "Volume taken": step });
	const declared = await project.stack(() => declare({}), "second");
	expect((await declared.run("up")).failed).toBe(false);
	expect((await declared.run("preview")).steps).toMatchObject({ "Volume taken": "same" });
});

test("a stack's configuration makes the provider work offline; another value, or another option, is refused", async () => {
	const stack = await project.stack(program);
	await stack.configure("persona:offline", "true");
	expect((await stack.run("up")).diagnostics).toBe("");
	expect(world.takeLog()).toEqual(expect.arrayContaining(["build work offline", "build personal offline"]));
	await stack.configure("persona:offline", "perhaps");
	expect((await stack.run("preview")).diagnostics).toContain('"offline" is true or false');
	await stack.configure("persona:offline", "false");
	await stack.configure("persona:ofline", "true");
	expect((await stack.run("preview")).diagnostics).toContain('has no option "ofline"; it has "signCommand", "offline"');
});

test("importing what is not there says so", async () => {
	const stack = await project.stack(async () => {
		new persona.Handset("taken", { board: "qemu-virt" }, { import: "pocket-00000000" });
	});
	const up = await stack.run("up");
	expect(up.failed).toBe(true);
	expect(up.diagnostics).toMatch(/does not exist/);
});

test("every language has Phone: Construct makes the same resources", async () => {
	class RemotePhone extends pulumi.ComponentResource {
		declare readonly key: pulumi.Output<string>;
		declare readonly handset: pulumi.Output<string>;
		constructor(name: string, args: pulumi.Inputs) {
			super("persona:index:Phone", name, { ...args, key: undefined, handset: undefined }, {}, true);
		}
	}
	const stack = await project.stack(async () => {
		const phone = new RemotePhone("pocket", { phone: "stacks/dev.phone.yaml" });
		return { key: phone.key, handset: phone.handset };
	});
	const up = await stack.run("up");
	expect(up.diagnostics).toBe("");
	expect(up.outputs.key).toMatch(/^sha256:/);
	expect(up.outputs.handset).toMatch(/^pocket-/);
	// The TypeScript component takes over without a change.
	const again = await (await project.stack(program)).run("preview");
	expect(Object.values(again.steps).every((step) => step === "same")).toBe(true);

	project.write("personas/policy.yaml", `${project.read("personas/policy.yaml")}network: {}\n`);
	const wrong = await stack.run("preview");
	expect(wrong.failed).toBe(true);
	expect(wrong.diagnostics).toMatch(/has a problem: personas\/policy\.yaml:4:1: /);
	expect(wrong.diagnostics).not.toContain("this is a bug");
});

test("a secret in a document given in code stays one, and so does what follows from it", async () => {
	const stack = await project.stack(async () => {
		const commandLine = pulumi.secret("token=hunter2");
		const phone = new persona.Phone("pocket", {
			name: "pocket",
			board: "qemu-virt",
			personas: [
				{ name: "work", indicator: { label: "Work", colour: "#c0392b" }, guest: { commandLine } },
				"personas/personal.yaml",
			],
		});
		return { key: phone.key };
	});
	const up = await stack.run("up");
	expect(up.diagnostics).toBe("");
	expect(project.read(".state/.pulumi/stacks/test/dev.json")).not.toContain("hunter2");
	const [guest] = (await stack.state("GuestImage")).filter(({ urn }) => urn.endsWith("pocket-work"));
	const secret = expect.objectContaining({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" });
	expect(guest?.outputs.key).toEqual(secret);
	expect(guest?.inputs.commandLine).toEqual(secret);
	const again = await stack.run("preview");
	expect(Object.values(again.steps).every((step) => step === "same")).toBe(true);
});

test("the key of an encrypted volume is all that is secret of its phone", async () => {
	const volume = "{ name: data, sizeMiB: 64, mount: /data, encrypted: true, onDelete: wipe }";
	project.write("personas/work.yaml", `${WORK}devices: { agent: true }\nstorage: [${volume}]\n`);
	const stack = await project.stack(async () => {
		const { handset, key, runningKey } = new persona.Phone("pocket", { phone: "stacks/dev.phone.yaml" });
		return { handset, key, runningKey };
	});
	expect((await stack.run("up")).diagnostics).toBe("");
	const { deployment } = await stack.stack.exportStack();
	const secrets = (deployment.resources as { type: string; outputs?: object }[]).flatMap(({ type, outputs = {} }) =>
		Object.entries(outputs)
			.filter(([, value]) => JSON.stringify(value).includes("1b47061264138c4ac30d75fd1eb44270"))
			.map(([name]) => `${type.split(":").pop()}.${name}`),
	);
	expect(secrets).toEqual(["Volume.key"]);
});

test("what is not known in a preview leaves keys unknown, and is checked and built when it is", async () => {
	const stack = await project.stack(async () => {
		const other = new persona.Handset("other", { board: "qemu-virt" });
		const phone = new persona.Phone("pocket", {
			name: "pocket",
			board: "qemu-virt",
			personas: [
				{
					name: "work",
					indicator: { label: "Work", colour: "#c0392b" },
					guest: { commandLine: pulumi.interpolate`peer=${other.id}` },
				},
				"personas/personal.yaml",
			],
		});
		return { key: phone.key, other: other.id };
	});
	const preview = await stack.run("preview");
	expect(preview.diagnostics).toBe("");
	expect(preview.steps).toMatchObject({ "GuestImage pocket-work": "create", "Deployment pocket": "create" });
	const up = await stack.run("up");
	expect(up.diagnostics).toBe("");
	const [guest] = (await stack.state("GuestImage")).filter(({ urn }) => urn.endsWith("pocket-work"));
	expect(guest?.inputs.commandLine).toBe(`peer=${up.outputs.other}`);
});

test("a program can ask for the status", async () => {
	const up = await (await project.stack(program)).run("up");
	const stack = await project.stack(
		async () => ({ status: persona.getStatus({ handset: String(up.outputs.handset) }) }),
		"watcher",
	);
	const { outputs } = await stack.run("up");
	expect(outputs.status).toMatchObject({
		board: "qemu-virt",
		personas: [{ name: "work", state: "running" }, { name: "personal" }],
	});
});

describe("from another machine", () => {
	test("a handset that cannot be reached is a warning and not a loss; changing it is refused", async () => {
		const stack = await project.stack(program);
		const up = await stack.run("up");
		rmSync(join(project.world, "run"), { recursive: true });
		const exported = await stack.stack.exportStack();
		for (const resource of exported.deployment.resources) if (resource.outputs?.host !== undefined) resource.outputs.host = "desk";
		await stack.stack.importStack(exported);
		const preview = await stack.run("preview");
		expect(preview.steps).toMatchObject({ "Handset pocket": "same", "Deployment pocket": "same" });
		expect(preview.diagnostics).toContain(`warning: handset ${up.outputs.handset} is on desk`);
		project.write("personas/work/etc/motd", "changed\n");
		const changed = await stack.run("up");
		expect(changed.failed).toBe(true);
		expect(changed.diagnostics).toContain("is on desk\n  run pulumi there");
	});
});

test("two stacks at once do not touch each other", async () => {
	const second = new Project({ folder: join(project.folder, "clone"), env: { PERSONA_FAKE_WORLD: project.world } });
	const stacks = [await project.stack(program, "one"), await second.stack(program, "one")];
	// Programs of both run in this process, so each names its project by itself.
	const outcomes = await Promise.all(stacks.map((stack) => stack.run("up")));
	expect(outcomes.map(({ diagnostics }) => diagnostics)).toEqual(["", ""]);
	const ids = outcomes.map(({ outputs }) => String(outputs.handset));
	expect(new Set(ids).size).toBe(2);
	await stacks[0]?.run("destroy");
	expect(Object.keys(world.get().handsets)).toEqual([ids[1]]);
});

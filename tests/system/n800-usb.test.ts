// SPDX-License-Identifier: Apache-2.0
// A tablet that `pulumi up` flashes, from a preview to destroy: 0xFFFF is a stand-in that keeps the tablet's OneNAND as QEMU does, and what was
// flashed is then started from that very flash.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, createReadStream, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { observeHandset, type ReadyExpectation, removeHandset, startHandset } from "../../components/handset/index.ts";
import { writeFlashImage } from "../../components/image/flash-image.ts";
import { bootCode, bootCodeInputs } from "../../components/image/flash-loader.ts";
import { findArtifact, openStore } from "../../components/image/index.ts";
import * as persona from "../../components/index.ts";
import { boardByName } from "../../components/manifest/index.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { silent } from "../../components/util/progress.ts";
import { persona as command } from "../cli/run.ts";
import { enginePath, Project, type TestStack } from "../provider/project.ts";

const BUILD_MS = 1_800_000; // the first time, the guests' kernel is compiled
const UNPROVEN = "never on a real tablet";
const UNSEEN = "whether it runs, and whether its personas are READY, cannot be seen from here";
const program = async () => {
	const phone = new persona.Phone("tablet", { phone: "stacks/tablet.phone.yaml" });
	return { handset: phone.handset, key: phone.key, running: phone.runningKey };
};

let project: Project;
let stack: TestStack;
let tablet: string;
let handset: string;

beforeAll(async () => {
	project = new Project({
		plugin: join(packageRoot(), "plugin"),
		env: { PERSONA_LOCK: process.env.PERSONA_LOCK ?? join(packageRoot(), "persona.lock.yaml") },
	});
	tablet = join(project.folder, "cable");
	mkdirSync(join(tablet, "bin"), { recursive: true });
	symlinkSync(join(packageRoot(), "tests", "handset", "fake", "fake-flasher.sh"), join(tablet, "bin", "0xFFFF"));
	const state = join(project.folder, ".xdg");
	const cable = { FAKE_TABLET: tablet, SYSFS_PATH: join(tablet, "sys"), XDG_STATE_HOME: state };
	Object.assign(project.env, cable, { PATH: [join(tablet, "bin"), enginePath()].join(delimiter) });
	process.env.XDG_STATE_HOME = state;
	await freshTablet();
	cpSync(join(packageRoot(), "personas"), join(project.folder, "personas"), { recursive: true });
	declare();
	stack = await project.stack(program);
}, BUILD_MS);
afterAll(async () => {
	await removeHandset("started");
	await stack.run("destroy");
	project.remove();
});

/** Nokia's boot loader, and a backup of what else is on the tablet. */
async function freshTablet(): Promise<void> {
	const board = (await boardByName("n800", packageRoot())).document;
	const inputs = await bootCodeInputs(board);
	if (inputs === undefined) throw new Error("the N800 has boot code");
	const { slide } = await bootCode("n800", inputs, { store: await openStore(), progress: silent });
	await writeFlashImage(join(tablet, "flash.img"), [], slide);
	writeFileSync(join(tablet, "tablet"), "RX-34 1602 nokia nokia\n");
	const pieces = ["kernel", "rootfs"].flatMap((piece) => {
		writeFileSync(join(tablet, piece), `Nokia's ${piece}`);
		return ["-m", `RX-34:1602:nokia:${piece}:${join(tablet, piece)}`];
	});
	execFileSync("0xFFFF", [...pieces, "-g", join(project.folder, "nokia.fiasco")], { stdio: "ignore" });
}

function declare(): void {
	const target = { via: "usb", cpus: 1, usb: { serial: "N800A", backup: "../nokia.fiasco", charged: true } };
	const personas = ["../personas/n800/work.yaml", "../personas/n800/personal.yaml"];
	const phone = { version: 1, kind: "Phone", name: "tablet", board: "n800", target, personas, policy: "../personas/policy.yaml" };
	project.write("stacks/tablet.phone.yaml", JSON.stringify({ ...phone, initialForeground: "personal" }));
}

/** Puts a tablet that waits to be flashed on the cable. */
function plug(serial = "N800A"): void {
	for (const [name, value] of Object.entries({ serial, idVendor: "0421", idProduct: "0105" })) {
		const port = join(tablet, "sys", "bus", "usb", "devices", "1-1");
		mkdirSync(port, { recursive: true });
		writeFileSync(join(port, name), `${value}\n`);
	}
}
const unplug = () => rmSync(join(tablet, "sys"), { recursive: true, force: true });

/** What 0xFFFF was asked since the last time. */
function asked(): string[] {
	const log = join(tablet, "asked.log");
	const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
	rmSync(log, { force: true });
	return lines;
}
const writes = (lines: readonly string[]) => lines.filter((line) => / -f$| -f -r$|^-S/.test(line));

async function flashDigest(): Promise<string> {
	const hash = createHash("sha256");
	for await (const chunk of createReadStream(join(tablet, "flash.img"), { highWaterMark: 1 << 22 })) hash.update(chunk as Buffer);
	return hash.digest("hex");
}

const deployment = async () => (await stack.state("Deployment"))[0]?.outputs ?? {};
const folder = () => join(project.folder, ".xdg", "persona", "run", handset);

test("a preview says that nobody has flashed a real one yet, and does not ask the tablet anything", async () => {
	plug();
	const preview = await stack.run("preview");
	expect(preview.failed).toBe(false);
	expect(preview.diagnostics).toContain(UNPROVEN);
	expect(asked()).toEqual([]);
});

test(
	"nothing is written on a yes that nobody has said",
	async () => {
		const variables = stack.stack.workspace.envVars;
		variables.PERSONA_UNASKED = "true"; // as `npm run up` sets it
		const up = await stack.run("up");
		delete variables.PERSONA_UNASKED;
		expect(up.failed).toBe(true);
		expect(up.diagnostics).toContain("flashed after somebody was asked");
		expect(asked()).toEqual([]);
	},
	BUILD_MS,
);

test(
	"another tablet on the cable is an error, and nothing is written",
	async () => {
		plug("N800B");
		const before = await flashDigest();
		const up = await stack.run("up");
		expect(up.failed).toBe(true);
		expect(up.diagnostics).toContain('its serial is "N800B", declared is "N800A"');
		expect(asked()).toEqual([]);
		expect(await flashDigest()).toBe(before);
		expect(await deployment()).toMatchObject({ running: false, observed: false });
	},
	BUILD_MS,
);

test("a cable that is pulled is an error; the next up goes on, and says that nobody has seen the tablet run", async () => {
	plug();
	writeFileSync(join(tablet, "pull-kernel"), "");
	const pulled = await stack.run("up");
	expect(pulled.failed).toBe(true);
	expect(pulled.diagnostics).toContain("Sending image failed");
	expect(await deployment()).toMatchObject({ running: false, runningKey: "" });
	expect(writes(asked())).toHaveLength(2);
	plug();
	const up = await stack.run("up");
	expect(up.failed).toBe(false);
	expect(up.diagnostics).toContain(UNSEEN);
	expect(up.outputs.running).toBe(up.outputs.key);
	expect(await deployment()).toMatchObject({ running: true, observed: false });
	const lines = asked();
	expect(writes(lines).map((line) => / -t (\w+)/.exec(line)?.[1] ?? line.split(" ")[0])).toEqual(["kernel", "-S"]);
	expect(lines.at(-1)).toBe("-r");
	handset = String(up.outputs.handset);
});

test("what was flashed starts from the tablet's own flash, and both personas are READY", async () => {
	const image = await findArtifact(await openStore(), String((await stack.state("Deployment"))[0]?.inputs.image));
	if (image === undefined) throw new Error("the device image is in the store");
	const personas = (await stack.state("Deployment"))[0]?.inputs.personas as ReadyExpectation[];
	const spec = { id: "started", board: "n800", qemu: { cpus: 1, cpu: "arm1136-r2" } };
	const writeFlash = async (path: string) => symlinkSync(join(tablet, "flash.img"), path);
	await startHandset(spec, { ...image, writeFlash }, { personas });
	expect(await observeHandset("started")).toMatchObject({
		alive: true,
		imageDigest: image.digest,
		personas: [
			{ name: "work", state: "running", ready: true },
			{ name: "personal", state: "running", ready: true },
		],
	});
	await removeHandset("started");
});

test("without a tablet on the cable nothing changes, in an up and in a refresh, and nothing is lost", async () => {
	unplug();
	for (const operation of ["up", "refresh"] as const) {
		const outcome = await stack.run(operation);
		expect(outcome.failed).toBe(false);
		expect(outcome.diagnostics).toContain(UNSEEN);
		if (operation === "up") expect(new Set(Object.values(outcome.steps))).toEqual(new Set(["same"]));
	}
	expect(await deployment()).toMatchObject({ running: true, observed: false });
	expect(asked()).toEqual([]);
	expect(JSON.parse((await command(["ps", "--json"])).stdout).handsets).toMatchObject([{ id: handset, state: "flashed" }]);
	expect((await command(["status"])).stderr).toContain(UNSEEN);
	expect((await command(["ps", "stop", handset])).stderr).toContain("switched off by its own key");
});

test("another policy is flashed; without the tablet it is an error that changes nothing", async () => {
	const first = readFileSync(join(folder(), "current.fiasco"));
	const { runningKey } = await deployment();
	project.write("personas/policy.yaml", project.read("personas/policy.yaml").replace("maxKiB: 64", "maxKiB: 32"));
	const without = await stack.run("up");
	expect(without.failed).toBe(true);
	expect(without.diagnostics).toContain("no tablet waits to be flashed");
	expect(await deployment()).toMatchObject({ running: true, runningKey });
	plug();
	const up = await stack.run("up");
	expect(up.failed).toBe(false);
	expect(up.steps).toMatchObject({ "DeviceImage tablet": "same", "Deployment tablet": "update", "Handset tablet": "same" });
	expect(await deployment()).toMatchObject({ running: true, runningKey: up.outputs.key });
	expect(writes(asked())).toHaveLength(3);
	expect(readFileSync(join(folder(), "rollback.fiasco")).equals(first)).toBe(true);
});

test("destroy erases nothing, keeps the ways back, and says both", async () => {
	const before = await flashDigest();
	const destroyed = await stack.run("destroy");
	expect(destroyed.failed).toBe(false);
	expect(destroyed.diagnostics).toContain("what was flashed stays on it");
	expect(destroyed.diagnostics).toContain(`the images to go back to are kept in ${folder()}`);
	expect(asked()).toEqual([]);
	expect(await flashDigest()).toBe(before);
	expect(readFileSync(join(folder(), "backup.fiasco")).equals(readFileSync(join(project.folder, "nokia.fiasco")))).toBe(true);
	expect(existsSync(join(folder(), "rollback.fiasco"))).toBe(true);
});

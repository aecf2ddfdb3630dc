// SPDX-License-Identifier: Apache-2.0
// The tablet of 2007: Linux personas on an emulated N800, from its flash to READY and beyond, with everything that a user does with them.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { controlClient, handsetEndpoints, observeHandset, removeHandset, startHandset } from "../../components/handset/index.ts";
import { waitUntil } from "../../components/handset/processes.ts";
import { findOwnProcesses } from "../../components/handset/qemu.ts";
import { armProgram } from "../../components/image/elf-arm.ts";
import { findGuest } from "../../components/image/guest.ts";
import { guestInputs, guestKey, loadLock, openStore, readDeviceImage } from "../../components/image/index.ts";
import { linuxArmv6 } from "../../components/image/linux-armv6.ts";
import { restoreProgram } from "../../components/image/patch-arm.ts";
import { loadAndCheckPhone } from "../../components/policy/index.ts";
import { packageRoot, runRoot } from "../../components/util/paths.ts";
import { silent } from "../../components/util/progress.ts";
import { persona } from "../cli/run.ts";
import { type DemoPhone, demoPhone } from "./demo-phone.ts";

const ID = "n800-test";
const FILE = join(packageRoot(), "stacks", "n800.phone.yaml");
const BUILD_MS = 1_800_000; // the first time, the guests' kernel is compiled
/** It compiles a kernel, and has not been seen to pass yet: it runs when it is asked for. */
const wanted = process.env.PERSONA_N800 !== undefined;
if (!wanted) console.warn("PERSONA_N800 is not set: the N800's phone is SKIPPED (docs/guide/n800.md)");
const before = process.env.PERSONA_STATE_DIR;
let state: string;
let phone: DemoPhone;

beforeAll(async () => {
	if (!wanted) return;
	state = mkdtempSync(join(tmpdir(), "persona-test-"));
	process.env.PERSONA_STATE_DIR = state;
	phone = await demoPhone(ID, FILE);
	await startHandset(phone.spec, phone.image, { personas: phone.personas });
}, BUILD_MS);

afterAll(async () => {
	if (!wanted) return;
	await removeHandset(ID);
	const left = findOwnProcesses(runRoot());
	for (const { identity } of left) process.kill(identity.pid, "SIGKILL");
	rmSync(state, { recursive: true, force: true });
	if (before === undefined) delete process.env.PERSONA_STATE_DIR;
	else process.env.PERSONA_STATE_DIR = before;
	expect(left).toEqual([]);
});

/** Types into a persona's console, and gives what it shows up to the answer. */
async function type(name: string, text: string, answer: RegExp): Promise<string> {
	const path = (await handsetEndpoints(ID)).consoles[name];
	if (path === undefined) throw new Error(`${name} has no console`);
	const socket = connect(path);
	let shown = "";
	socket.setEncoding("latin1").on("data", (chunk: string) => {
		shown += chunk;
	});
	socket.write(text);
	const found = await waitUntil(() => answer.test(shown), { deadlineMs: 60_000, everyMs: 20 });
	socket.destroy();
	if (!found) throw new Error(`no ${answer} in ${JSON.stringify(shown)}`);
	return shown;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
	if (!(await waitUntil(condition, { deadlineMs: 120_000, everyMs: 100 }))) throw new Error("it does not come true");
}

describe.skipIf(!wanted)("the tablet", () => {
	it("starts both personas from its flash, and `persona status` says so", async () => {
		const { stdout } = await persona(["status", "--json"]);
		expect(JSON.parse(stdout)).toMatchObject({
			board: "n800",
			digest: phone.image.digest,
			personas: [
				{ name: "work", state: "running", ready: true, foreground: false, restarts: 0, lastFault: null },
				{ name: "personal", state: "running", ready: true, foreground: true, restarts: 0, lastFault: null },
			],
		});
	});

	it("has what the guests see as the phone of 2007 had it: 32 MiB, one ARM1136, an Integrator/CP", async () => {
		expect(await type("work", "cat /proc/cpuinfo /proc/device-tree/model; echo; echo do''ne\n", /done/)).toMatch(
			/ARMv6-compatible processor rev 2[\s\S]*0xb36[\s\S]*ARM Integrator\/CP/,
		);
		expect(await type("personal", "echo $((6 * 7))-$(hostname)\n", /42-personal/)).toContain("42-personal");
		const [, total = "0"] = /MemTotal: +(\d+) kB/.exec(await type("work", "grep MemTotal /proc/meminfo\n", /kB/)) ?? [];
		expect(Number(total)).toBeGreaterThan(24 * 1024);
	});

	it("computes in user mode what it should, with floating point in both personas at once", async () => {
		const sum = `awk 'BEGIN { for (i = 1; i <= 20000; i++) s += 1 / i; printf "%.6f\\n", s }'\n`;
		const [one, two] = await Promise.all([type("work", sum, /10\.480\d{3}/), type("personal", sum, /10\.480\d{3}/)]);
		expect(/10\.480\d{3}/.exec(one)?.[0]).toBe("10.480728");
		expect(/10\.480\d{3}/.exec(two)?.[0]).toBe("10.480728");
	});

	it("pauses, resumes, stops and starts personas by command, and moves the foreground", async () => {
		await persona(["pause", "work"]);
		expect(await observeHandset(ID)).toMatchObject({ personas: [{ state: "paused" }, { state: "running" }] });
		await persona(["resume", "work"]);
		expect((await persona(["stop", "personal"])).stdout).toBe("personal is stopped\n");
		expect((await persona(["start", "personal"])).stdout).toBe("personal is running\n");
		await persona(["switch", "work"]);
		await until(async () => (await observeHandset(ID)).personas[1]?.ready === true);
		expect((await observeHandset(ID)).foreground).toBe("work");
		const client = await controlClient(ID);
		expect((await client.statistics("work")).exits).toBeGreaterThan(1000n);
		client.close();
	});

	it("lets one persona panic and come back, while the other goes on", async () => {
		const [, untouched] = (await observeHandset(ID)).personas;
		await type("work", "echo c > /proc/sysrq-trigger\n", /./);
		await until(async () => {
			const [work] = (await observeHandset(ID)).personas;
			return work?.restarts === 1 && work.ready;
		});
		const [work, personal] = (await observeHandset(ID)).personas;
		expect(work?.reason).toBe("guestCrashed");
		expect(personal).toEqual(untouched);
	});

	it("lets a persona switch itself off and reboot", async () => {
		await type("work", "reboot -f\n", /./);
		await until(async () => {
			const [work] = (await observeHandset(ID)).personas;
			return work?.starts === 3 && work.ready;
		});
		await type("work", "poweroff -f\n", /./);
		await until(async () => (await observeHandset(ID)).personas[0]?.state === "off");
	});

	it("says in `persona explain` that the kernels run in user mode, and how much was replaced in them", async () => {
		const image = await readDeviceImage(phone.image.path);
		expect(image.problems).toEqual([]);
		for (const { patches, memory } of image.personas) {
			expect(patches?.count).toBeGreaterThan(40);
			expect(memory).toMatchObject({ guestBase: "0x0", size: 32 << 20 });
		}
		// One kernel and one table for both.
		expect(new Set(image.personas.map(({ patches }) => patches?.payload)).size).toBe(1);
	});
});

describe.skipIf(!wanted)("the kernel of its guests", () => {
	it("is the one that was built, patched, and can be had back bit by bit", async () => {
		const { resolved } = await loadAndCheckPhone(FILE);
		const [loaded] = resolved?.personas ?? [];
		if (resolved === undefined || loaded === undefined) throw new Error("the phone has problems");
		const [store, lock] = [await openStore(), await loadLock(packageRoot())];
		const inputs = await guestInputs(loaded, resolved.board.document, lock);
		const [entry] = inputs.lock;
		const guest = await findGuest(guestKey(inputs), store);
		if (entry === undefined || inputs.kernelBuild === undefined || guest?.record.patches === undefined)
			throw new Error("not built");
		const fetch = () => Promise.reject(new Error("it is in the store"));
		const elf = await linuxArmv6(entry, inputs.kernelBuild, fetch, { store, progress: silent });
		const program = armProgram(readFileSync(elf.path), "vmlinux");
		const part = (digest: string) => readFileSync(guest.blobs.get(digest)?.path ?? "");
		const table = part(guest.record.patches.digest);
		const words = Array.from({ length: table.length / 4 }, (_, index) => table.readUInt32LE(index * 4));
		const patched = part(guest.record.kernel.digest);

		expect(Buffer.compare(patched, program.bytes)).not.toBe(0);
		expect(Buffer.compare(restoreProgram(patched, program.code, words), program.bytes)).toBe(0);
		const raw = join(state, "Image");
		execFileSync("arm-linux-gnueabi-objcopy", ["-O", "binary", "-R", ".comment", "-S", elf.path, raw]);
		expect(Buffer.compare(readFileSync(raw), program.bytes)).toBe(0);
		const { report } = guest.record.patches;
		for (const kind of ["cps", "mrs cpsr", "msr cpsr"]) expect(report[kind]).toBeGreaterThan(500);
	});

	it("holds nothing of the machine it was built on", async () => {
		const shown = await type("personal", "cat /proc/version\n", /PREEMPT|1970/);
		expect(shown).toMatch(/Linux version 6\.1\.\d+ \(persona@persona\) .* #1 .*1970/);
	});
});

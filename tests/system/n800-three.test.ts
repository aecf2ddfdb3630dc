// SPDX-License-Identifier: Apache-2.0
// Three Linux personas on the tablet of 2007 at once, each in the 40 MB that a guest had on it in 2008, its picture included; and what one is
// told whose three do not fit.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { observeHandset } from "../../components/handset/index.ts";
import { readDeviceImage } from "../../components/image/index.ts";
import { persona } from "../cli/run.ts";
import { demoPhone } from "./demo-phone.ts";
import { type RunningPhone, runningPhone, until } from "./running-phone.ts";

const ID = "n800-three-test";
const NAMES = ["work", "personal", "play"];
const BUILD_MS = 1_800_000; // the first time, the guests' kernel is compiled
const ROOM = 40e6; // bytes
const MEMORY_MIB = 37;
const MIB = 2 ** 20;
const FILL = 4 * MIB;
const folder = mkdtempSync(join(tmpdir(), "persona-three-"));
let phone: RunningPhone;

/** Writes the documents of three personas with a screen, keys, touch and an agent. */
function declare(memoryMiB: number): string {
	const home = join(folder, String(memoryMiB));
	mkdirSync(home);
	NAMES.forEach((name, index) => {
		const document = {
			...{ version: 1, kind: "Persona", name, indicator: { label: name, colour: `#${String(index * 3).repeat(6)}` } },
			guest: { os: "linux", builder: "debian", commandLine: "quiet" },
			resources: { memoryMiB },
			devices: { display: true, input: true, agent: true },
		};
		writeFileSync(join(home, `${name}.yaml`), JSON.stringify(document));
	});
	const file = join(home, "three.phone.yaml");
	const personas = NAMES.map((name) => `./${name}.yaml`);
	const target = { via: "qemu", cpus: 1 };
	writeFileSync(file, JSON.stringify({ version: 1, kind: "Phone", name: "three", board: "n800", target, personas }));
	return file;
}

beforeAll(async () => {
	phone = await runningPhone(ID, declare(MEMORY_MIB));
}, BUILD_MS);
afterAll(async () => {
	await phone.close();
	rmSync(folder, { recursive: true });
});

describe("three personas on a tablet of 128 MiB", () => {
	it("are READY together, started from flash", async () => {
		expect(await observeHandset(ID)).toMatchObject({
			alive: true,
			personas: NAMES.map((name) => ({ name, state: "running", ready: true, restarts: 0 })),
		});
	});

	it("have 40 MB each, picture and all, and Veil no more than 4 MiB", async () => {
		const { personas, regions, ram, problems } = await readDeviceImage(phone.image.path);
		const taken = (owner: string) => regions.filter((region) => region.owner === owner).reduce((sum, { size }) => sum + size, 0);
		expect(problems).toEqual([]);
		expect(ram.size).toBe(128 * MIB);
		for (const { name, memory } of personas) {
			expect(memory.size).toBe(MEMORY_MIB * MIB);
			expect(taken(name)).toBeLessThanOrEqual(ROOM);
		}
		expect(taken("Veil")).toBeLessThanOrEqual(4 * MIB);
	});

	it("can use what they have, all of them", async () => {
		// Files of theirs are in their memory, where they stay.
		for (const name of NAMES) {
			const heard = await phone.type(name, `head -c ${FILL} /dev/zero >/tmp/own; wc -c </tmp/own; echo fi''lled\n`, /filled/);
			expect(heard).toContain(`${FILL}\r\n`);
		}
		for (const name of NAMES) {
			const [, total = "0"] = /MemTotal: +(\d+) kB/.exec(await phone.type(name, "grep MemTotal /proc/meminfo\n", /kB/)) ?? [];
			expect(Number(total)).toBeGreaterThan(30 * 1024);
		}
		expect((await observeHandset(ID)).personas.map(({ restarts }) => restarts)).toEqual([0, 0, 0]);
	});

	it("are each in front when wanted, and start again from what is kept in memory", async () => {
		for (const name of NAMES) {
			await persona(["switch", name]);
			expect((await observeHandset(ID)).foreground).toBe(name);
		}
		await persona(["restart", "work"]);
		await until(async () => {
			const [work] = (await observeHandset(ID)).personas;
			return work?.starts === 2 && work.ready;
		});
		expect((await observeHandset(ID)).personas.map(({ ready }) => ready)).toEqual([true, true, true]);
	});
});

it("says what takes how much of the memory, and how much less it must be, when a phone does not fit", async () => {
	await expect(demoPhone("n800-too-much", declare(38))).rejects.toMatchObject({
		message: expect.stringMatching(
			/^the personas need 1\d\d MiB of RAM, the board has 128 MiB: 114 MiB for the personas' own memory, .* for their pictures, .* for kernels/,
		),
		remedy: expect.stringMatching(/^lower resources.memoryMiB, by \d MiB in all$/),
	});
});

// SPDX-License-Identifier: Apache-2.0
// The demo phone on a real QEMU with the real Veil: READY, consoles, crashes, and kills of everything that can be killed.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { controlClient, findOrphans, handsetDir, observeHandset, screenshot, stopHandset } from "../../components/handset/index.ts";
import { findOwnProcesses } from "../../components/handset/qemu.ts";
import { runRoot } from "../../components/util/paths.ts";
import { persona } from "../cli/run.ts";
import { connection } from "../connection.ts";
import {
	expectBothReady,
	expectCommandsWork,
	killOurs,
	killQemu,
	type RunningPhone,
	runningPhone,
	until,
} from "./running-phone.ts";

const ID = "system-test";
let phone: RunningPhone;

beforeAll(async () => {
	phone = await runningPhone(ID);
});
afterAll(() => phone.close());

describe("the demo phone", () => {
	it("has both personas READY, and `persona status` says so", async () => {
		await expectBothReady({ handset: ID, board: "qemu-virt", digest: phone.image.digest });
	});

	it("has a console for each persona, which loses nothing of a long output", async () => {
		expect(await phone.type("work", "echo $((6 * 7))-$(hostname)\n", /42-work/)).toContain("42-work");
		expect(await phone.type("personal", "echo $((6 * 7))-$(hostname)\n", /42-personal/)).toContain("42-personal");
		const long = await phone.type("work", "head -c 200000 /dev/zero | tr '\\0' x; echo; echo do''ne\n", /done/);
		expect(/x{1000,}/.exec(long.replace(/[\r\n]/g, ""))?.[0]).toHaveLength(200_000);
	});

	it("shows what Debian writes to its screen, under a strip that it cannot write", async () => {
		const shown = async () => decode(await screenshot(ID)).data;
		const strip = (pixels: ArrayLike<number>) => Array.from(pixels).slice(0, 800 * 32 * 3);
		const before = await shown();
		await phone.type("personal", "cat /dev/urandom > /dev/fb0; cat /proc/fb\n", /0 simple/);
		const after = await shown();
		expect(strip(after)).toEqual(strip(before));
		expect(new Set(after.slice(800 * 32 * 3)).size).toBe(256);
	});

	it("shows a busy persona's CPU time and a paused one's none", async () => {
		await phone.type("work", "while :; do :; done &\n", /#/);
		const percent = async () => {
			const { personas } = JSON.parse((await persona(["status", "--json"])).stdout) as { personas: { cpuPercent: number }[] };
			return personas[0]?.cpuPercent ?? Number.NaN;
		};
		expect(await percent()).toBeGreaterThan(60);
		await persona(["pause", "work"]);
		expect(await percent()).toBe(0);
		await persona(["resume", "work"]);
		await phone.type("work", "kill %1\n", /#/);
	});

	it("lets one persona panic and come back, while the other goes on", async () => {
		await phone.panicWork();
		const [work, personal] = (await observeHandset(ID)).personas;
		expect(["guestReset", "guestCrashed"]).toContain(work?.reason);
		expect(personal).toMatchObject({ state: "running", ready: true, starts: 1, restarts: 0, reason: "none" });
		const { personas } = JSON.parse((await persona(["status", "--json"])).stdout) as { personas: { lastFault: unknown }[] };
		expect(personas[0]?.lastFault).toMatchObject({ reason: work?.reason });
	});

	it("stops and starts a persona by command, and moves the foreground", async () => {
		await expectCommandsWork(ID);
		const client = await controlClient(ID);
		expect((await client.statistics("work")).exits).toBeGreaterThan(100n);
		client.close();
	});

	it("goes on when its bridge is killed, and a new bridge knows who is up", async () => {
		await killOurs("bridge");
		expect((await observeHandset(ID)).personas).toMatchObject([{ ready: true }, { ready: true }]);
		expect(await phone.type("work", "echo again-$((1 + 1))\n", /again-2/)).toContain("again-2");
	});

	it("answers again after any garbage on the line, half a frame at its end included", async () => {
		await killOurs("bridge");
		const line = connection(join(handsetDir(ID), "serial.sock"));
		line.resume();
		const syncs = Array.from({ length: 200 }, (_, index) => [0xb5, 0x62, index, index * 3, index % 4]).flat();
		const garbage = Buffer.concat([randomBytes(4096), Buffer.from(syncs), Buffer.from([0xb5, 0x62, 0, 8, 0, 1, 2])]);
		await new Promise<void>((resolve) => line.end(garbage, () => resolve()));
		await until(async () => (await observeHandset(ID)).responding);
		const client = await controlClient(ID);
		expect((await client.systemStatus()).muxGarbage).toBeGreaterThan(0);
		client.close();
		expect(await phone.type("personal", "echo still-$((1 + 1))\n", /still-2/)).toContain("still-2");
	});

	it("is found dead when QEMU is killed, and the next start restores it", async () => {
		await killQemu();
		expect(await observeHandset(ID)).toMatchObject({ alive: false, problem: "its QEMU has ended by itself" });
		expect((await phone.start()).personas).toMatchObject([{ ready: true }, { ready: true }]);
	});

	it("switches itself off when it is stopped, and leaves no process", async () => {
		const begun = performance.now();
		await stopHandset(ID);
		expect(performance.now() - begun).toBeLessThan(2900);
		expect(findOwnProcesses(runRoot())).toEqual([]);
		expect(await findOrphans()).toEqual([]);
		expect(readFileSync(join(handsetDir(ID), "logs", "panic.log"), "utf8")).toBe("");
	});
});

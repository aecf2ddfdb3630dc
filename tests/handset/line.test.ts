// SPDX-License-Identifier: Apache-2.0
// The line between the bridge and Veil when it loses, garbles and stalls.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { handsetDir, observeHandset, removeHandset } from "../../components/handset/index.ts";
import { readBridgeState } from "../../components/handset/record.ts";
import { connection } from "../connection.ts";
import { type Fixture, makeFixture, type Scenario, twoUp } from "./fake/fixture.ts";
import { startFake, type, until } from "./fake/use.ts";

let fixture: Fixture;
beforeEach(() => {
	fixture = makeFixture();
});
afterEach(() => fixture.remove());

const start = (id: string, scenario?: Scenario) => startFake(fixture, id, scenario);

// Each hello asks for the log anew, and a Veil that takes long to boot hears and answers several of them.
it("writes each line of Veil's log once, however often it is asked for", async () => {
	await start("pocket", { ...twoUp, hellos: 5 });
	const log = () =>
		readFileSync(join(handsetDir("pocket"), "logs/veil.log"), "utf8")
			.trimEnd()
			.split("\n");
	await until(() => log().some((line) => line.includes("personal: started")));
	expect(log()).toEqual([...new Set(log())]);
	await removeHandset("pocket");
});

it("says hello until Veil has got one, also when Veil has said its own", async () => {
	await start("pocket", { ...twoUp, lostHellos: 3 });
	await until(async () => (await observeHandset("pocket")).responding);
	await removeHandset("pocket");
});

it("asks for a persona's state until it has got an answer", async () => {
	const guests = [{ name: "work", says: "done\n", ends: "off" as const }];
	// Without the first hello Veil's events are lost, too.
	const started = start("pocket", { guests, lostHellos: 1, lostStatuses: 3 });
	await expect(started).rejects.toThrow(/persona work ended before it was READY \(it is off/);
	await removeHandset("pocket");
});

it("comes back when credits are lost and Veil may answer nothing", async () => {
	await start("pocket");
	await type("pocket", "work", "forget\n");
	await until(async () => !(await observeHandset("pocket")).responding);
	// Not at once: what is late is not lost.
	await until(async () => (await observeHandset("pocket")).responding, 25_000);
	await removeHandset("pocket");
}, 30_000);

it("loses nothing of a console when the line stops for seconds in the middle of a frame", async () => {
	const { endpoints } = await start("pocket");
	const reader = connection(endpoints.consoles.work!);
	let heard = "";
	reader.on("data", (bytes) => {
		heard += bytes.toString();
	});
	await type("pocket", "work", "stall 4000\n");
	await until(() => heard.includes("late"));
	expect(await readBridgeState(handsetDir("pocket"))).toMatchObject({ garbage: 0, panicBytes: 0 });
	reader.destroy();
	await removeHandset("pocket");
});

it("goes on after garbage, also when the hello after it is lost", async () => {
	const { endpoints } = await start("pocket");
	await type("pocket", "work", "lose 1\n");
	await type("pocket", "work", "garbage\n");
	await until(async () => ((await readBridgeState(handsetDir("pocket")))?.garbage ?? 0) > 0);
	const reader = connection(endpoints.consoles.personal!);
	let heard = "";
	reader.on("data", (bytes) => {
		heard += bytes.toString();
	});
	reader.write("hello\n");
	await until(() => heard.includes("echo hello"));
	reader.destroy();
	await removeHandset("pocket");
});

// SPDX-License-Identifier: Apache-2.0
// Handsets from start to removal, with a fake QEMU and a fake Veil, and with everything that can die killed.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
	cleanOrphans,
	controlClient,
	createHandset,
	findOrphans,
	handsetDir,
	listHandsets,
	NotReadyError,
	observeHandset,
	removeHandset,
	restartPersonas,
	startHandset,
	stopHandset,
} from "../../components/handset/index.ts";
import { identify, isAlive } from "../../components/handset/processes.ts";
import { findOwnProcesses } from "../../components/handset/qemu.ts";
import { readBridgeState, readRecord, writeBridgeState } from "../../components/handset/record.ts";
import { runRoot } from "../../components/util/paths.ts";
import { AT_ONCE } from "../at-once.ts";
import { connection } from "../connection.ts";
import { type Fixture, makeFixture, type Scenario, twoUp } from "./fake/fixture.ts";
import { startFake, type, until } from "./fake/use.ts";

let fixture: Fixture;
beforeEach(() => {
	fixture = makeFixture();
});
afterEach(() => fixture.remove());

const processes = () => findOwnProcesses(runRoot());
const start = (id: string, scenario?: Scenario) => startFake(fixture, id, scenario);

describe("start", () => {
	it("ends with every persona READY, and stop and removal leave nothing", async () => {
		const state = await start("pocket");
		expect(state).toMatchObject({ alive: true, responding: true, foreground: "work", board: "qemu-virt" });
		expect(state.personas.map(({ name, state, ready }) => ({ name, state, ready }))).toEqual([
			{ name: "work", state: "running", ready: true },
			{ name: "personal", state: "running", ready: true },
		]);
		expect(statSync(handsetDir("pocket")).mode & 0o777).toBe(0o700);
		expect(readFileSync(join(handsetDir("pocket"), "logs/console-work.log"), "utf8")).toBe("booting work\npersona: READY\nlogin: ");
		expect(
			processes()
				.map(({ what }) => what)
				.sort(),
		).toEqual(["bridge", "qemu"]);
		expect(await listHandsets()).toMatchObject([
			{ id: "pocket", state: "running", pid: state.pid, personas: ["work", "personal"] },
		]);
		expect(await findOrphans()).toEqual([]);

		await stopHandset("pocket");
		expect(processes()).toEqual([]);
		expect(await observeHandset("pocket")).toMatchObject({ alive: false, problem: "it is stopped" });
		await removeHandset("pocket");
		expect(readdirSync(runRoot())).toEqual([]);
	});

	it("of the same image finds it running; of another one replaces it", async () => {
		const image = fixture.image(twoUp);
		const options = { personas: fixture.expect(twoUp) };
		const first = await startHandset(fixture.spec("pocket"), image, options);
		const again = await startHandset(fixture.spec("pocket"), image, options);
		expect(again.pid).toBe(first.pid);
		const other: Scenario = { guests: [{ name: "solo", says: "persona: READY" }] };
		const replaced = await start("pocket", other);
		expect(replaced.pid).not.toBe(first.pid);
		expect(replaced.personas.map(({ name }) => name)).toEqual(["solo"]);
		expect(processes()).toHaveLength(2);
		await removeHandset("pocket");
	});

	it("is refused while another process starts the same handset, and taken over when that one was killed", async () => {
		const slow: Scenario = { guests: [{ name: "work", says: "never up" }] };
		const image = fixture.image(slow);
		const index = new URL("../../components/handset/index.ts", import.meta.url).href;
		const personas = fixture.expect(slow, 60);
		const script = `const { startHandset } = await import(${JSON.stringify(index)});
			await startHandset(${JSON.stringify(fixture.spec("pocket"))}, ${JSON.stringify(image)}, { personas: ${JSON.stringify(personas)} });`;
		const node = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
		const child = spawn(process.execPath, node, { stdio: "ignore" });
		await until(async () => (await readRecord(handsetDir("pocket")).catch(() => undefined))?.phase === "running");
		await expect(start("pocket")).rejects.toThrow(/handset pocket is being started by process \d+/);
		const exited = new Promise((resolve) => child.once("exit", resolve));
		child.kill("SIGKILL");
		await exited;
		const state = await start("pocket");
		expect(state.personas.every(({ ready }) => ready)).toBe(true);
		expect(processes()).toHaveLength(2);
		await removeHandset("pocket");
	});

	it("shows the console's end when a persona misses its deadline, without its escape sequences, and leaves the handset running", async () => {
		const stuck: Scenario = { guests: [{ name: "work", says: "one\n\x1b]0;evil\x07two\nstuck here\n" }] };
		const started = startHandset(fixture.spec("pocket"), fixture.image(stuck), { personas: fixture.expect(stuck, 0.5) });
		const error = await started.catch((caught: unknown) => caught);
		expect(error).toBeInstanceOf(NotReadyError);
		expect(String(error)).toContain("persona work was not READY within 0.5 s (it is running, reason none)");
		expect(String(error)).toContain("| two\n  | stuck here");
		expect(String(error)).not.toContain("\x1b");
		expect(await observeHandset("pocket")).toMatchObject({ alive: true, responding: true, personas: [{ ready: false }] });
		await removeHandset("pocket");
	});

	it("tells a Veil that hears nothing from a persona that is not up", async () => {
		const deaf: Scenario = { guests: [{ name: "work", says: "" }], deaf: true };
		const started = startHandset(fixture.spec("pocket"), fixture.image(deaf), { personas: fixture.expect(deaf, 0.5) });
		await expect(started).rejects.toThrow(
			/persona work was not READY within 0.5 s: Veil has said hello, and nothing of its personas since/,
		);
		await removeHandset("pocket");
	});

	it("tells a persona that ends for good, and takes one without a marker that has done its work as up", async () => {
		const crashing: Scenario = { guests: [{ name: "work", says: "oops\n", ends: "crashed" }] };
		await expect(start("pocket", crashing)).rejects.toThrow(
			/persona work ended before it was READY \(it is crashed, reason guestCrashed, fault at pc 0xbad/,
		);
		const probe: Scenario = { guests: [{ name: "probe", says: "done\n", ends: "off" }] };
		const expected = [{ name: "probe", readyMarker: null, readyDeadlineSeconds: 5 }];
		const state = await startHandset(fixture.spec("pocket"), fixture.image(probe), { personas: expected });
		expect(state.personas).toMatchObject([{ state: "off", reason: "guestOff", ready: false }]);
		await removeHandset("pocket");
	});

	it("does not wait for a persona that starts on demand", async () => {
		const lazy: Scenario = { guests: [...twoUp.guests, { name: "later", says: "persona: READY", onDemand: true }] };
		const state = await start("pocket", lazy);
		expect(state.personas[2]).toMatchObject({ name: "later", state: "stopped", starts: 0 });
		await removeHandset("pocket");
	});

	it("of what runs already does not wait for a persona the user has stopped", async () => {
		const image = fixture.image(twoUp);
		const options = { personas: fixture.expect(twoUp) };
		await startHandset(fixture.spec("pocket"), image, options);
		const client = await controlClient("pocket");
		await client.stop("work");
		client.close();
		const state = await startHandset(fixture.spec("pocket"), image, options);
		expect(state.personas).toMatchObject([{ state: "stopped", reason: "command" }, { ready: true }]);
		await removeHandset("pocket");
	});

	it("takes Veil's ready flag where the marker does not come", async () => {
		await start("pocket", { guests: [{ name: "work", says: "no marker", callsReady: true }] });
		await removeHandset("pocket");
	});

	it("waits until QEMU listens where its sockets are there already", async () => {
		const { personas } = await start("pocket", { ...twoUp, listensLate: true });
		expect(personas).toMatchObject([{ ready: true }, { ready: true }]);
		await removeHandset("pocket");
	});

	it("shows QEMU's words when QEMU refuses, and leaves no process", async () => {
		const refusing = { ...twoUp, refusesToStart: "qemu: could not load kernel" };
		await expect(start("pocket", refusing)).rejects.toThrow(
			/QEMU does not start \(exit status 1\)\n {2}\| qemu: could not load kernel/,
		);
		expect(processes()).toEqual([]);
	});

	it("shows a panic of Veil", async () => {
		const panicking: Scenario = { ...twoUp, panic: "VEIL PANIC: no memory\x1b[2J\n" };
		const started = startHandset(fixture.spec("pocket"), fixture.image(panicking), { personas: fixture.expect(panicking, 1) });
		await until(async () => ((await readBridgeState(handsetDir("pocket")).catch(() => undefined))?.panicBytes ?? 0) > 0);
		process.kill(processes().find(({ what }) => what === "qemu")!.identity.pid, "SIGKILL");
		await expect(started).rejects.toThrow(/QEMU ended while the personas were starting\n {2}\| VEIL PANIC: no memory$/);
		await removeHandset("pocket");
	});

	it("refuses a Veil of another format, an image for another board, and one whose bytes are not those declared", async () => {
		await expect(start("pocket", { ...twoUp, abiVersion: 9 })).rejects.toThrow(/speaks format 9/);
		const image = fixture.image(twoUp);
		const options = { personas: [] };
		await expect(startHandset({ ...fixture.spec("pocket"), board: "n800" }, image, options)).rejects.toThrow(
			/image is for board qemu-virt/,
		);
		writeFileSync(image.path, "other", { flag: "a" });
		await expect(startHandset(fixture.spec("pocket"), image, options)).rejects.toThrow(/is not the image sha256:/);
		await removeHandset("pocket");
	});

	it("that is aborted ends what it has begun within a second", AT_ONCE, async () => {
		const stuck: Scenario = { guests: [{ name: "work", says: "stuck" }] };
		const abort = new AbortController();
		const started = startHandset(fixture.spec("pocket"), fixture.image(stuck), {
			personas: fixture.expect(stuck),
			signal: abort.signal,
		});
		started.catch(() => {});
		await until(async () => (await readRecord(handsetDir("pocket")).catch(() => undefined))?.phase === "running");
		const begun = performance.now();
		abort.abort();
		await expect(started).rejects.toThrow(/abort/i);
		expect(performance.now() - begun).toBeLessThan(1500);
		expect(processes()).toEqual([]);
	});

	it("works with any number of handsets at once", async () => {
		const ids = ["one", "two", "three", "four"];
		await Promise.all(ids.map((id) => start(id)));
		expect((await listHandsets()).map(({ id, state }) => `${id} ${state}`)).toEqual([
			"four running",
			"one running",
			"three running",
			"two running",
		]);
		await Promise.all(ids.map((id) => removeHandset(id)));
	});
});

describe("a state folder with a long path", () => {
	it("works, with its sockets elsewhere", async () => {
		fixture.remove();
		fixture = makeFixture(true);
		const { endpoints } = await start("pocket");
		expect(Buffer.byteLength(endpoints.control)).toBeLessThan(108);
		const folder = join(endpoints.control, "..");
		expect(statSync(folder).mode & 0o777).toBe(0o700);
		await removeHandset("pocket");
		expect(existsSync(folder)).toBe(false);
	});
});

describe("observation", () => {
	it("finds a dead QEMU, and the bridge goes with it", async () => {
		const { pid } = await start("pocket");
		process.kill(pid, "SIGKILL");
		await until(() => processes().length === 0);
		expect(await observeHandset("pocket")).toMatchObject({ alive: false, problem: expect.stringContaining("has ended by itself") });
		expect(await listHandsets()).toMatchObject([{ state: "dead" }]);
		expect((await start("pocket")).alive).toBe(true);
		await removeHandset("pocket");
	});

	it("replaces a dead bridge, which remembers who was up", async () => {
		const state = await start("pocket");
		const before = await readBridgeState(handsetDir("pocket"));
		process.kill(before!.bridge.pid, "SIGKILL");
		await until(() => processes().every(({ what }) => what === "qemu"));
		const after = await observeHandset("pocket");
		expect(after).toMatchObject({ alive: true, responding: true, personas: [{ ready: true }, { ready: true }] });
		expect((await start("pocket")).pid).not.toBe(0);
		expect(state.pid).toBeGreaterThan(0);
		await removeHandset("pocket");
	});

	it("replaces a bridge that dies while it is asked", async () => {
		await start("pocket");
		const folder = handsetDir("pocket");
		const up = { alive: true, responding: true, personas: [{ ready: true }, { ready: true }] };
		for (let turn = 0; turn < 5; turn++) {
			process.kill((await readBridgeState(folder))!.bridge.pid, "SIGKILL");
			expect(await observeHandset("pocket")).toMatchObject(up);
		}
		// One that lives on for a while and answers nobody.
		const state = (await readBridgeState(folder))!;
		process.kill(state.bridge.pid, "SIGKILL");
		await until(() => !isAlive(state.bridge));
		const dying = spawn("sleep", ["1"]);
		await writeBridgeState(folder, { ...state, bridge: identify(dying.pid!)! });
		expect(await observeHandset("pocket")).toMatchObject(up);
		await removeHandset("pocket");
	}, 20_000);

	it("tells a crashed persona from one that goes on", async () => {
		await start("pocket");
		await type("pocket", "work", "crash\n");
		await until(async () => (await observeHandset("pocket")).personas[0]?.state === "crashed");
		expect((await observeHandset("pocket")).personas).toMatchObject([
			{ name: "work", state: "crashed", ready: false, reason: "guestCrashed", lastFault: { pc: "0xdead", syndrome: "0x96000010" } },
			{ name: "personal", state: "running", ready: true, reason: "none" },
		]);
		const restarted = await restartPersonas("pocket", fixture.expect(twoUp), {});
		expect(restarted.personas).toMatchObject([
			{ ready: true, restarts: 1 },
			{ ready: true, restarts: 0 },
		]);
		await removeHandset("pocket");
	});

	it("says what Veil said last when it does not answer any more", async () => {
		await start("pocket");
		await type("pocket", "work", "panic\n");
		await until(async () => ((await readBridgeState(handsetDir("pocket")))?.panicBytes ?? 0) > 0);
		const observation = await observeHandset("pocket");
		expect(observation).toMatchObject({ alive: true, responding: false });
		expect(observation.problem).toContain("VEIL PANIC: core/test.c:1 no\\x07");
		await removeHandset("pocket");
	}, 20_000);

	it("of a handset nobody has started says so", async () => {
		expect(await observeHandset("nothing")).toMatchObject({ alive: false, problem: "it was never started" });
		await createHandset(fixture.spec("declared"));
		expect(await listHandsets()).toMatchObject([{ id: "declared", state: "stopped" }]);
		expect(await findOrphans()).toEqual([]);
		await removeHandset("declared");
	});
});

describe("stop", () => {
	it("goes through QEMU when Veil does not switch off, and through the system when QEMU does not either", async () => {
		await start("pocket", { ...twoUp, ignoresPowerOff: true });
		await stopHandset("pocket");
		expect(processes()).toEqual([]);
		await start("pocket", { ...twoUp, ignoresPowerOff: true, ignoresQuit: true });
		await stopHandset("pocket");
		expect(processes()).toEqual([]);
		await stopHandset("pocket");
		await removeHandset("pocket");
	}, 30_000);
});

describe("control", () => {
	it("serves several clients at once, each with its own ids", async () => {
		await start("pocket");
		const clients = await Promise.all([1, 2, 3].map(() => controlClient("pocket")));
		const answers = await Promise.all(
			clients.flatMap((client) => Array.from({ length: 20 }, () => client.personaStatus("personal"))),
		);
		expect(answers.every(({ name }) => name === "personal")).toBe(true);
		const [client] = clients;
		const events: string[] = [];
		clients[1]!.onState((persona, { state }) => events.push(`${persona} ${state}`));
		await client!.pause("work");
		expect((await client!.personaStatus("work")).state).toBe("paused");
		await client!.resume("work");
		await client!.switchTo("personal");
		await client!.stop("work");
		await expect(client!.resume("work")).rejects.toThrow(/persona work is not in a state for resume/);
		await client!.start("work");
		expect((await client!.status()).system.foreground).toBe(1);
		await expect(client!.stop("nobody")).rejects.toThrow(/no persona nobody.*/);
		expect(await client!.statistics("work")).toMatchObject({ exits: 100n, switches: 11n });
		expect((await client!.log()).map(({ text }) => text)).toContain("Veil is up");
		expect(events).toEqual(["work paused", "work running", "work stopped", "work running"]);
		for (const each of clients) each.close();
		await until(() => /work: ended {2}with state 0\n/.test(readFileSync(join(handsetDir("pocket"), "logs/veil.log"), "utf8")));
		await removeHandset("pocket");
	});

	it("gives up on a Veil that does not answer, and on a handset that ends", async () => {
		await start("pocket", { ...twoUp, deafTo: [10] });
		const client = await controlClient("pocket");
		const asked = client.statistics("work");
		process.kill(processes().find(({ what }) => what === "qemu")!.identity.pid, "SIGKILL");
		await expect(asked).rejects.toThrow(/ended before it answered/);
		await removeHandset("pocket");
	});

	it("sends a client away that speaks nonsense, and goes on with the others", async () => {
		const { endpoints } = await start("pocket");
		const client = await controlClient("pocket");
		const nonsense = connection(endpoints.control);
		const closed = new Promise((resolve) => nonsense.once("close", resolve));
		nonsense.write("GET / HTTP/1.1\r\n\r\n");
		await closed;
		expect((await client.personaStatus("work")).state).toBe("running");
		client.close();
		await removeHandset("pocket");
	});
});

describe("consoles", () => {
	it("carry more than any window both ways, to every client, while one does not read", async () => {
		const { endpoints } = await start("pocket");
		const path = endpoints.consoles.work!;
		const sleeper = connection(path);
		sleeper.pause();
		let heard = 0;
		const reader = connection(path);
		reader.on("data", (bytes) => {
			heard += bytes.toString("latin1").replace(/[^x]/g, "").length;
		});
		await type("pocket", "work", "spew 1500000\n");
		// Two seconds at rest.
		await until(() => heard === 1_500_000, 25_000);
		sleeper.destroy();
		reader.destroy();
		await removeHandset("pocket");
	}, 30_000);
});

describe("orphans", () => {
	it("are found and cleaned: processes of a folder that has gone, folders that hold nothing", async () => {
		await start("pocket");
		await start("other");
		const { rmSync } = await import("node:fs");
		rmSync(handsetDir("pocket"), { recursive: true });
		mkdirSync(join(runRoot(), "rubbish"));
		writeFileSync(join(runRoot(), "rubbish", "handset.json"), "{ not json");
		const found = await findOrphans();
		expect(found.filter(({ kind }) => kind === "process")).toHaveLength(2);
		expect(found.filter(({ kind }) => kind === "folder")).toMatchObject([{ path: join(runRoot(), "rubbish") }]);
		await cleanOrphans();
		expect(await findOrphans()).toEqual([]);
		expect((await listHandsets()).map(({ id }) => id)).toEqual(["other"]);
		expect((await observeHandset("other")).responding).toBe(true);
		await removeHandset("other");
		expect(readdirSync(runRoot())).toEqual([]);
	});
});

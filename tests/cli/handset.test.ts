// SPDX-License-Identifier: Apache-2.0
// The commands that talk to a handset, against a fake QEMU with a fake Veil.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { removeHandset, startHandset } from "../../components/handset/index.ts";
import { type Fixture, makeFixture, type Scenario } from "../handset/fake/fixture.ts";
import { persona, personaOnTerminal } from "./run.ts";

const scenario: Scenario = {
	guests: [
		{ name: "work", says: "\x1b]0;evil title\x07booting \x1b[31mred\x1b[0m\npersona: READY\n\u202etxet\n" },
		{ name: "personal", says: "persona: READY\n" },
	],
};
let fixture: Fixture;
beforeAll(async () => {
	fixture = makeFixture();
	await startHandset(fixture.spec("pocket"), fixture.image(scenario), { personas: fixture.expect(scenario) });
});
afterAll(async () => {
	await removeHandset("pocket");
	fixture.remove();
});

describe("status", () => {
	it("prints the promised JSON", async () => {
		const { status, stdout } = await persona(["status", "--json"]);
		expect(status).toBe(0);
		const report = JSON.parse(stdout);
		expect(Object.keys(report)).toEqual(["handset", "board", "digest", "personas"]);
		expect(report).toMatchObject({ handset: "pocket", board: "qemu-virt", digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
		expect(Object.keys(report.personas[0])).toEqual([
			"name",
			"state",
			"ready",
			"foreground",
			"cpuPercent",
			"memoryMiB",
			"restarts",
			"lastFault",
		]);
		expect(report.personas[0]).toMatchObject({
			name: "work",
			state: "running",
			ready: true,
			foreground: true,
			memoryMiB: 60,
			restarts: 0,
			lastFault: null,
		});
		expect(report.personas[0].cpuPercent).toBeCloseTo(25, -1);
	});

	it("prints JSON where no terminal reads it, and text where one does or when asked", async () => {
		expect(JSON.parse((await persona(["status"])).stdout)).toMatchObject({ handset: "pocket" });
		const { stdout } = await persona(["status", "--text"]);
		expect(stdout).toMatch(/^PERSONA +STATE +CPU +MEMORY +RESTARTS +LAST FAULT$/m);
		expect(stdout).toMatch(/^work \* +READY +██▌·+ +25\.0 % +60 of 192 MiB +0$/m);
		const seen = await personaOnTerminal(["status"], () => {});
		expect(seen.status).toBe(0);
		expect(seen.stdout).toContain("PERSONA");
	});

	it("goes on when watched, until ^C", async () => {
		const { stdout, status } = await personaOnTerminal(["status", "--watch"], (output, type) => {
			if ((output.match(/PERSONA/g) ?? []).length >= 2) type("\x03");
		});
		expect(status).not.toBe(0);
		expect(stdout.match(/PERSONA/g)?.length).toBeGreaterThanOrEqual(2);
	});
});

describe("control", () => {
	it.each([
		["pause", "work is paused"],
		["resume", "work is running"],
		["stop", "work is stopped"],
		["start", "work is running"],
		["restart", "work is running"],
		["switch", "work is in the foreground"],
	])("%s", async (action, said) => {
		expect(await persona([action, "work"])).toEqual({ status: 0, stdout: `${said}\n`, stderr: "" });
	});

	it("says what is wrong without a stack, and exits with 1", async () => {
		const nobody = await persona(["pause", "wrok"]);
		expect(nobody).toMatchObject({ status: 1, stdout: "" });
		expect(nobody.stderr).toBe('persona: handset pocket has no persona "wrok"; did you mean "work"?\n  it has: work, personal\n');
		const unknown = await persona(["--handset", "pokket", "status"]);
		expect(unknown.stderr).toContain('there is no handset "pokket"; did you mean "pocket"?');
		expect((await persona(["status", "--handset", "poc"])).status).toBe(0);
	});

	it("counts exits", async () => {
		const { stdout } = await persona(["statistics", "work", "--json"]);
		expect(JSON.parse(stdout)).toMatchObject({ handset: "pocket", personas: [{ name: "work", exits: 100, switches: 11 }] });
		expect((await persona(["statistics", "--text"])).stdout).toMatch(/^SINCE BOOT +work +personal$/m);
	});
});

describe("logs", () => {
	it("show a console's text harmless, or raw when asked", async () => {
		const { stdout } = await persona(["logs", "work"]);
		expect(stdout).toContain("booting red\npersona: READY\n");
		for (const harmful of ["\x1b", "\x07", "\u202e"]) expect(stdout).not.toContain(harmful);
		expect((await persona(["logs", "work", "--raw"])).stdout).toContain("\x1b]0;evil title\x07");
		expect((await persona(["logs", "personal", "-n", "1"])).stdout).toBe("persona: READY\n");
		expect((await persona(["logs", "personal", "-n", "0"])).stdout).toBe("");
	});

	it("show Veil's by default, and name what there is", async () => {
		expect((await persona(["logs"])).stdout).toMatch(/^\[ +0\.000000\] veil: Veil is up$/m);
		const { stderr, status } = await persona(["logs", "viel"]);
		expect(status).toBe(1);
		expect(stderr).toContain('did you mean "veil"?');
	});

	it("follow", async () => {
		const following = personaOnTerminal(["logs", "personal", "--follow"], (output, type) => {
			if (output.includes("echo followed")) type("\x03");
		});
		await persona(["console", "personal", "--linger", "0.1"], { input: "followed\n" });
		expect((await following).stdout).toContain("echo followed");
	});
});

describe("console", () => {
	it("attaches, passes keys and bytes through as they are, detaches with Ctrl-], and leaves the terminal as it was", async () => {
		let step = 0;
		const { status, stdout } = await personaOnTerminal(["console", "work"], (output, type) => {
			if (step === 0 && output.includes("Ctrl-] detaches")) {
				step = 1;
				type("typed\x1b[A\x03\n");
			} else if (step === 1 && output.includes("echo typed\x1b[A\x03")) {
				step = 2;
				type("\x1d");
			}
		});
		expect(step).toBe(2);
		expect(status).toBe(0);
		expect(stdout).toContain("detached from work, which goes on");
		// Terminal settings after the command: echo and line editing are on again.
		expect(stdout).toMatch(/(^|\s)icanon/m);
		expect(stdout).toMatch(/\secho\s/);
		expect(stdout).toContain("\x1b[?25h");
	});

	it("works in a pipe", async () => {
		const { status, stdout } = await persona(["console", "personal", "--linger", "0.3"], { input: "from a pipe\n" });
		expect(status).toBe(0);
		expect(stdout).toBe("echo from a pipe\n");
	});
});

describe("ps", () => {
	it("lists handsets and what is left behind, and cleans", async () => {
		const { stdout } = await persona(["ps"]);
		expect(JSON.parse(stdout)).toMatchObject({ handsets: [{ id: "pocket", state: "running" }], orphans: [] });
		expect((await persona(["ps", "--text"])).stdout).toMatch(/^pocket +qemu-virt +running/m);
		expect((await persona(["ps", "clean", "--text"])).stdout).toBe("nothing was left behind\n");
	});
});

describe("completion", () => {
	it("knows commands, personas, logs, handsets and options", async () => {
		const complete = async (...words: string[]) => (await persona(["complete", "--", ...words])).stdout.trim().split("\n");
		expect(await complete("st")).toEqual(["status", "start", "stop", "statistics"]);
		expect(await complete("console", "")).toEqual(["work", "personal"]);
		expect(await complete("logs", "v")).toEqual(["veil"]);
		expect(await complete("--handset", "")).toEqual(["pocket"]);
		expect(await complete("console", "--handset", "pocket", "pe")).toEqual(["personal"]);
		expect(await complete("ps", "")).toEqual(["clean", "stop"]);
		expect(await complete("status", "--w")).toEqual(["--watch"]);
		expect(await complete("status", "--h")).toEqual(["--handset"]);
		expect(await complete("console", "work", "")).toEqual([""]);
	});
});

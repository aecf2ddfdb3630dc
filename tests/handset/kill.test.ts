// SPDX-License-Identifier: Apache-2.0
// A start that is killed at any moment: the next one puts things right, and after removal nothing is left.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findOrphans, removeHandset, startHandset } from "../../components/handset/index.ts";
import { findOwnProcesses } from "../../components/handset/qemu.ts";
import { runRoot } from "../../components/util/paths.ts";
import { type Fixture, makeFixture, twoUp } from "./fake/fixture.ts";

let fixture: Fixture;
beforeEach(() => {
	fixture = makeFixture();
});
afterEach(() => fixture.remove());

const KILLS = 12;
/** A start against the fake QEMU takes about half a second. */
const WINDOW_MS = 700;

it(`converges after each of ${KILLS} kills`, async () => {
	const images = [fixture.image(twoUp), fixture.image({ guests: [...twoUp.guests].reverse() })];
	const personas = fixture.expect(twoUp);
	const spec = fixture.spec("pocket");
	const index = new URL("../../components/handset/index.ts", import.meta.url).href;
	for (let kill = 0; kill < KILLS; kill++) {
		// Another image each time, so that each start has something to stop and something to start.
		const image = images[kill % 2]!;
		const script = `const { startHandset } = await import(${JSON.stringify(index)});
			process.stdout.write("go");
			await startHandset(${JSON.stringify(spec)}, ${JSON.stringify(image)}, { personas: ${JSON.stringify(personas)} });`;
		const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script]);
		const exited = new Promise((resolve) => child.once("exit", resolve));
		await new Promise((resolve) => child.stdout.once("data", resolve));
		// The moment of the kill is what is varied here; nothing is waited for.
		await delay((kill * WINDOW_MS) / KILLS);
		child.kill("SIGKILL");
		await exited;
		const state = await startHandset(spec, image, { personas });
		expect(state.personas.map(({ ready }) => ready)).toEqual([true, true]);
		expect(
			findOwnProcesses(runRoot())
				.map(({ what }) => what)
				.sort(),
		).toEqual(["bridge", "qemu"]);
		expect(await findOrphans()).toEqual([]);
	}
	await removeHandset("pocket");
	expect(readdirSync(runRoot())).toEqual([]);
}, 120_000);

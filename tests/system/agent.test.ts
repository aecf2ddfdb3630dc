// SPDX-License-Identifier: Apache-2.0
// The agent in real guests: what the owner hands over, runs and copies.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
	controlClient,
	HANDSET_FILES,
	handsetDir,
	handsetEndpoints,
	removeHandset,
	startHandset,
} from "../../components/handset/index.ts";
import { waitUntil } from "../../components/handset/processes.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { demoPhone } from "./demo-phone.ts";

const ID = "agent";
const folder = mkdtempSync(join(tmpdir(), "persona-agent-"));
const before = { state: process.env.PERSONA_STATE_DIR, runtime: process.env.XDG_RUNTIME_DIR };

beforeAll(async () => {
	process.env.PERSONA_STATE_DIR = join(folder, "state");
	process.env.XDG_RUNTIME_DIR = join(folder, "runtime");
	mkdirSync(join(folder, "runtime"), { mode: 0o700 });
	for (const part of ["personas", "stacks"]) cpSync(join(packageRoot(), part), join(folder, part), { recursive: true });
	for (const name of ["work", "personal"]) {
		const file = join(folder, "personas", `${name}.yaml`);
		const text = readFileSync(file, "utf8").replace(/^devices: .*$/m, "devices: { agent: true }");
		writeFileSync(file, text);
	}
	const phone = await demoPhone(ID, join(folder, "stacks", "dev.phone.yaml"));
	const secrets = [{ persona: "work", name: "volume-data", value: Buffer.from([0, 1, 2, 255, 10, 13]) }];
	await startHandset(phone.spec, phone.image, { personas: phone.personas, secrets });
}, 300_000);

afterAll(async () => {
	await removeHandset(ID);
	for (const [name, value] of [
		["PERSONA_STATE_DIR", before.state],
		["XDG_RUNTIME_DIR", before.runtime],
	] as const) {
		if (value === undefined) delete process.env[name];
		else process.env[name] = value;
	}
	rmSync(folder, { recursive: true, force: true });
});

/** What a persona's console says after a line typed at it, until `wanted` shows. */
async function typed(persona: string, line: string, wanted: RegExp): Promise<string> {
	const { connect } = await import("node:net");
	const log = join(handsetDir(ID), HANDSET_FILES.consoleLog(persona));
	const from = readFileSync(log).length;
	const path = (await handsetEndpoints(ID)).consoles[persona] ?? "";
	const socket = connect(path);
	socket.write(`${line}\n`);
	const said = () => readFileSync(log).subarray(from).toString("latin1");
	const there = await waitUntil(() => wanted.test(said()), { deadlineMs: 60_000 });
	socket.destroy();
	if (!there) throw new Error(`${persona} did not say ${wanted}: ${said()}`);
	return said();
}

test("a secret reaches the agent of its persona before it is needed, and again at the next start", async () => {
	const show = "persona-agent secret volume-data 10 | od -An -tx1; echo done=$?";
	expect(await typed("work", show, /done=\d/)).toContain("00 01 02 ff 0a 0d");
	expect(await typed("personal", "persona-agent secret volume-data 0; echo got=$?", /got=\d/)).toContain("got=1");
	const control = await controlClient(ID);
	try {
		await control.restart("work");
	} finally {
		control.close();
	}
	const log = join(handsetDir(ID), HANDSET_FILES.consoleLog("work"));
	const starts = () => readFileSync(log, "latin1").split(/persona: READY[\s\S]*?# /).length - 1;
	expect(await waitUntil(() => starts() === 2, { deadlineMs: 60_000 })).toBe(true);
	expect(await typed("work", show, /done=\d/)).toContain("00 01 02 ff 0a 0d");
});

// SPDX-License-Identifier: Apache-2.0
// The agent in real guests: what the owner hands over, runs and copies.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
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
import { connection } from "../connection.ts";
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

interface Outcome {
	readonly status: number;
	readonly stdout: Buffer;
	readonly stderr: string;
}

/** Runs the command `persona` with that input; `signalAfter`: it is interrupted when its output begins. */
function persona(args: readonly string[], input: Uint8Array = Buffer.alloc(0), interrupt = false): Promise<Outcome> {
	const child = spawn(process.execPath, [join(packageRoot(), "bin", "persona.mjs"), ...args], { stdio: "pipe" });
	const stdout: Buffer[] = [];
	const stderr: Buffer[] = [];
	child.stdout.on("data", (bytes: Buffer) => {
		stdout.push(bytes);
		if (interrupt && stdout.length === 1) child.kill("SIGINT");
	});
	child.stderr.on("data", (bytes: Buffer) => stderr.push(bytes));
	child.stdin.on("error", () => {});
	child.stdin.end(input);
	return new Promise((settle) => {
		child.on("close", (status) =>
			settle({ status: status ?? -1, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }),
		);
	});
}

/** What a persona's console says after a line typed at it, until `wanted` shows. */
async function typed(persona: string, line: string, wanted: RegExp): Promise<string> {
	const log = join(handsetDir(ID), HANDSET_FILES.consoleLog(persona));
	const from = readFileSync(log).length;
	const path = (await handsetEndpoints(ID)).consoles[persona] ?? "";
	const socket = connection(path);
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

test("a command's output, errors and status are its own", async () => {
	const script = 'echo out; echo err >&2; echo "$1-$2"; exit 7';
	const { status, stdout, stderr } = await persona(["exec", "work", "sh", "-c", script, "sh", "a b", "é"]);
	expect({ status, stdout: stdout.toString(), stderr }).toEqual({ status: 7, stdout: "out\na b-é\n", stderr: "err\n" });
	expect((await persona(["exec", "personal", "hostname"])).stdout.toString()).toBe("personal\n");
	expect((await persona(["exec", "personal", "--", "echo", "--"])).stdout.toString()).toBe("--\n");
	expect(await persona(["exec", "personal", "--"])).toMatchObject({ status: 2 });
	expect(await persona(["exec", "work", "no-such-command"])).toMatchObject({ status: 127 });
	expect((await persona(["exec", "work", "sh", "-c", "kill -9 $$"])).status).toBe(137);
});

test("input of any bytes goes in and comes out, and what ends early does not hang", async () => {
	const bytes = randomBytes(60_000);
	const echoed = await persona(["exec", "work", "cat"], bytes);
	expect(echoed.status).toBe(0);
	expect(echoed.stdout.equals(bytes)).toBe(true);
	expect((await persona(["exec", "work", "head", "-c", "3"], bytes)).stdout.equals(bytes.subarray(0, 3))).toBe(true);
	expect((await persona(["exec", "work", "true"], bytes)).status).toBe(0);
});

test("files are copied both ways, with their permissions, whole or not at all", async () => {
	const file = join(folder, "script");
	const bytes = Buffer.concat([randomBytes(100_000), Buffer.from([0, 10, 13])]);
	writeFileSync(file, bytes, { mode: 0o750 });
	expect(await persona(["cp", file, "work:/root/"])).toMatchObject({ status: 0, stderr: "" });
	const sum = (
		await persona(["exec", "work", "sh", "-c", "stat -c '%a %s' /root/script; ls /root | grep -c part"])
	).stdout.toString();
	expect(sum).toBe(`750 ${bytes.length}\n0\n`);
	const back = join(folder, "back");
	expect(await persona(["cp", "work:/root/script", back])).toMatchObject({ status: 0, stderr: "" });
	expect(readFileSync(back).equals(bytes)).toBe(true);
	expect(statSync(back).mode & 0o700).toBe(0o700);
	expect((await persona(["cp", "work:/etc/hostname", "-"])).stdout.toString()).toBe("work\n");
	expect((await persona(["cp", "work:/nowhere", "-"])).stderr).toContain("no such file");
	expect((await persona(["cp", "work:/etc", back])).stderr).toContain("is a folder");
	expect((await persona(["cp", file, "work:/nowhere/x"])).stderr).toContain("no such file");
	expect((await persona(["cp", file, back])).stderr).toContain("one of the two must be in a persona");
});

test("^C interrupts the command, and a client that is killed takes its command with it", async () => {
	expect((await persona(["exec", "work", "sh", "-c", "echo there; exec sleep 1000"], undefined, true)).status).toBe(130);
	const child = spawn(process.execPath, [
		join(packageRoot(), "bin", "persona.mjs"),
		"exec",
		"work",
		"sh",
		"-c",
		"echo there; exec sleep 2000",
	]);
	await new Promise((resolve) => child.stdout.once("data", resolve));
	child.kill("SIGKILL");
	const left = async () => (await persona(["exec", "work", "sh", "-c", "ps | grep -c '[s]leep'"])).stdout.toString();
	expect(await waitUntil(async () => (await left()) === "0\n", { deadlineMs: 20_000 })).toBe(true);
});

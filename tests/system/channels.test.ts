// SPDX-License-Identifier: Apache-2.0
// Clipboards and files between real guests, as users of them send and take them, under a policy that `pulumi up` changes while they run.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { controlClient, HANDSET_FILES, handsetDir, handsetEndpoints } from "../../components/handset/index.ts";
import { waitUntil } from "../../components/handset/processes.ts";
import { VEIL_FRAME_BEGIN, VEIL_FRAME_DATA, VEIL_TRANSFER_REFUSED, veilFrame } from "../../components/image/abi.ts";
import * as persona from "../../components/index.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { connection } from "../connection.ts";
import { Project, type TestStack } from "../provider/project.ts";

const program = async () => {
	const phone = new persona.Phone("pocket", { phone: "stacks/dev.phone.yaml" });
	return { handset: phone.handset };
};

const PERSONA = (name: string, colour: string) => `version: 1
kind: Persona
name: ${name}
indicator: { label: ${name}, colour: "${colour}" }
guest: { os: linux, builder: debian, overlay: ./${name}, commandLine: quiet }
resources: { memoryMiB: 128 }
devices: { agent: true }
`;
const POLICY = (channels: string) => `version: 1\nkind: Policy\nname: sharing\nchannels: [${channels}]\n`;
const CLIPBOARD = "{ from: personal, to: work, carries: clipboard, maxKiB: 16, maxPerMinute: 3 }";
const FILES = "{ from: personal, to: work, carries: files, maxKiB: 2048 }";
const SECRET_TEXT = "a text that no log may have";

let project: Project;
let stack: TestStack;
let handset: string;
/** Clipboards that went. */
let sent = 1;

interface Outcome {
	readonly status: number;
	readonly stdout: string;
	readonly stderr: string;
}

/** The command `persona`. */
function run(args: readonly string[], input: string | Uint8Array = ""): Promise<Outcome> {
	const child = spawn(process.execPath, [join(packageRoot(), "bin", "persona.mjs"), ...args], { stdio: "pipe" });
	const said = { stdout: "", stderr: "" };
	child.stdout.on("data", (bytes: Buffer) => {
		said.stdout += bytes.toString();
	});
	child.stderr.on("data", (bytes: Buffer) => {
		said.stderr += bytes.toString();
	});
	child.stdin.on("error", () => {});
	child.stdin.end(input);
	return new Promise((settle) => child.on("close", (status) => settle({ status: status ?? -1, ...said })));
}

const inside = (where: string, command: string, input: string | Uint8Array = "") =>
	run(["exec", where, "sh", "-c", command], input);
const clip = (from: string, to: string, input: string | Uint8Array) => inside(from, `persona-agent clip ${to}`, input);

/** Another policy, with which the guests run on. */
async function declare(...channels: string[]): Promise<void> {
	project.write("personas/policy.yaml", POLICY(channels.join(", ")));
	const up = await stack.run("up");
	expect(up.diagnostics).toBe("");
	expect(up.steps).toMatchObject({ "GuestImage pocket-work": "same", "GuestImage pocket-personal": "same" });
}

async function starts(): Promise<number[]> {
	const control = await controlClient(handset);
	try {
		return [(await control.personaStatus("work")).starts, (await control.personaStatus("personal")).starts];
	} finally {
		control.close();
	}
}

/** In place of the persona's agent, writes these frames to its port, each at once; what Veil answers first, as `od` shows it. */
async function hostile(where: string, ...frames: Buffer[]): Promise<string> {
	const log = join(handsetDir(handset), HANDSET_FILES.consoleLog(where));
	const from = readFileSync(log).length;
	const octal = (frame: Buffer) => [...frame].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
	const script = [
		"killall -9 persona-agent",
		"while pidof persona-agent; do sleep 1; done",
		"port=$(grep -l veil.frames /sys/class/virtio-ports/*/name)",
		"exec 3<>/dev/$(basename $(dirname $port))",
		...frames.map((frame) => `printf '${octal(frame)}' >&3`),
		"echo answer $(dd bs=1024 count=1 <&3 2>/dev/null | od -An -tx1) end",
	];
	const socket = connection((await handsetEndpoints(handset)).consoles[where] ?? "");
	for (const line of script) socket.write(`${line}\n`);
	const said = () => /\nanswer (.*) end/.exec(readFileSync(log).subarray(from).toString("latin1").replaceAll("\r", ""))?.[1];
	expect(await waitUntil(() => said() !== undefined, { deadlineMs: 60_000 })).toBe(true);
	socket.destroy();
	return said() ?? "";
}

const frame = (op: number, channel: number, argument: number, payload: string) =>
	Buffer.concat([veilFrame.encode({ op, channel, length: payload.length, argument }), Buffer.from(payload)]);

beforeAll(async () => {
	project = new Project({
		plugin: join(packageRoot(), "plugin"),
		env: { PERSONA_LOCK: process.env.PERSONA_LOCK ?? join(packageRoot(), "persona.lock.yaml") },
	});
	project.env.XDG_STATE_HOME = join(project.folder, ".xdg");
	process.env.XDG_STATE_HOME = project.env.XDG_STATE_HOME;
	project.write("personas/work.yaml", PERSONA("work", "#c0392b"));
	project.write("personas/personal.yaml", PERSONA("personal", "#2471a3"));
	project.write("personas/personal/etc/motd", "hello\n");
	project.write("personas/work/etc/group", "root:x:0:\npersona:x:100:member\nothers:x:101:\n");
	project.write(
		"personas/work/etc/passwd",
		"root:x:0:0::/root:/bin/sh\nmember:x:1000:100::/tmp:/bin/sh\nother:x:1001:101::/tmp:/bin/sh\n",
	);
	project.write("personas/policy.yaml", POLICY(""));
	stack = await project.stack(program);
	const up = await stack.run("up");
	expect(up.diagnostics).toBe("");
	handset = String(up.outputs.handset);
}, 300_000);

afterAll(async () => {
	await stack.run("destroy");
	project.remove();
});

test("without a channel nothing can be sent", async () => {
	expect(await inside("personal", "persona-agent channels")).toEqual({ status: 0, stdout: "no channels\n", stderr: "" });
	expect(await clip("personal", "work", SECRET_TEXT)).toEqual({
		status: 3,
		stdout: "",
		stderr: "persona-agent: clipboard not sent: no channel carries the clipboard to work\n",
	});
});

test("`pulumi up` with a channel in the policy opens it to the guests that run", async () => {
	await declare(CLIPBOARD);
	expect(await starts()).toEqual([1, 1]);
	expect((await inside("personal", "persona-agent channels")).stdout).toBe("clipboard to work: at most 16 KiB, 3 a minute\n");
	expect(await clip("personal", "work", SECRET_TEXT)).toEqual({
		status: 0,
		stdout: `clipboard: ${SECRET_TEXT.length} bytes sent to work\n`,
		stderr: "",
	});
	expect((await inside("work", "persona-agent paste personal")).stdout).toBe(SECRET_TEXT);
	expect((await inside("work", "persona-agent channels")).stdout).toContain(
		"clipboard from personal: at most 16 KiB, 3 a minute; 1 came",
	);
});

test("a channel goes one way, and takes no more than is declared", async () => {
	expect((await clip("work", "personal", "back")).status).toBe(3);
	expect(await clip("personal", "work", Buffer.alloc(16 * 1024 + 1))).toMatchObject({
		status: 4,
		stderr: "persona-agent: clipboard not sent: at most 16 KiB may go to work at once\n",
	});
	const largest = "x".repeat(16 * 1024);
	sent++;
	expect((await clip("personal", "work", largest)).status).toBe(0);
	expect((await inside("work", "persona-agent paste")).stdout).toBe(largest);
	const script = "for i in 1 2 3 4; do echo $i | persona-agent clip work >/dev/null; echo $?; done";
	const { stdout, stderr } = await inside("personal", script);
	const statuses = stdout.trim().split("\n");
	expect(statuses.at(-1)).toBe("5");
	expect(stderr).toContain("persona-agent: clipboard not sent: at most 3 a minute may go to work\n");
	sent += statuses.filter((status) => status === "0").length;
	expect((await inside("work", "persona-agent paste")).stdout).toBe(`${statuses.lastIndexOf("0") + 1}\n`);
});

test("files arrive byte for byte under their names, beside those of the same name", async () => {
	await declare(CLIPBOARD, FILES);
	const made = await inside("personal", "head -c 1500000 /dev/urandom >/tmp/report.pdf; sha256sum /tmp/report.pdf");
	for (let i = 0; i < 2; i++) {
		expect(await inside("personal", "persona-agent send work /tmp/report.pdf /etc/motd")).toMatchObject({ status: 0, stderr: "" });
	}
	const sums = (await inside("work", "cd /run/persona/received/personal && sha256sum *")).stdout;
	expect(sums.split("\n").map((line) => line.split("  ")[1])).toEqual(["motd", "motd-2", "report-2.pdf", "report.pdf", undefined]);
	expect(sums.split(made.stdout.split(" ")[0] ?? "none")).toHaveLength(3);
	expect(await inside("personal", "head -c 2100000 /dev/zero >/tmp/large; persona-agent send work /tmp/large")).toMatchObject({
		status: 4,
	});
	expect((await inside("work", "ls -a /run/persona/received/personal")).stdout).not.toContain(".part");
});

test("users of the guest who are in its group `persona` take what came, and nobody else", async () => {
	const as = (user: string, command: string) => inside("work", `su ${user} -c '${command}'`);
	expect((await as("member", "persona-agent paste")).stdout).toMatch(/^[1-4]\n$/);
	expect((await as("member", "mv /run/persona/received/personal/motd /tmp/ && cat /tmp/motd")).stdout).toBe("hello\n");
	expect((await as("member", "persona-agent channels")).status).toBe(0);
	expect((await as("member", "ls /run/persona/secrets")).status).not.toBe(0);
	expect(await as("other", "persona-agent paste")).toMatchObject({ status: 1, stdout: "" });
	expect(await as("other", "ls /run/persona/received/personal")).toMatchObject({ stdout: "" });
	expect((await as("other", "persona-agent channels")).stderr).toContain("for root and the members of the group persona");
});

test("Veil's log has a line a transfer, with its size and nothing of its contents", async () => {
	const log = (await run(["logs", "veil"])).stdout;
	const lines = (text: string) => log.split("\n").filter((line) => line.includes(text));
	expect(lines("clipboard sent to work")).toHaveLength(sent);
	expect(lines("clipboard sent to work")[0]).toContain(`bytes 0x${SECRET_TEXT.length.toString(16)}`);
	expect(lines("file sent to work")).toHaveLength(4);
	expect(lines(`file sent to work: bytes 0x${(1_500_000).toString(16)}`)).toHaveLength(2);
	expect(lines("clipboard refused to work").length).toBeGreaterThan(0);
	expect(log).not.toContain(SECRET_TEXT);
	expect(log).not.toContain("report");
});

test("`pulumi up` without the channel closes it, and the guests run on", async () => {
	await declare(FILES);
	expect((await clip("personal", "work", "late")).status).toBe(3);
	expect((await inside("work", "persona-agent channels")).stdout).not.toContain("clipboard");
	expect(await starts()).toEqual([1, 1]);
});

test("a persona that does not run is away", async () => {
	await run(["pause", "work"]);
	expect(await inside("personal", "persona-agent send work /etc/motd")).toMatchObject({
		status: 6,
		stderr: "persona-agent: /etc/motd not sent: work is away\n",
	});
	await run(["resume", "work"]);
	expect((await inside("personal", "persona-agent send work /etc/motd")).status).toBe(0);
});

test("an agent that keeps to no rule gets no further than the policy, and its names no further than a folder", async () => {
	const file = 2 << 4;
	const answer = await hostile(
		"personal",
		frame(VEIL_FRAME_BEGIN, file, 4, "../../../root/evil"),
		frame(VEIL_FRAME_DATA, file, 0, "evil"),
	);
	expect(answer).toBe("07 20 00 00 00 00 00 00");
	const wanted = "/run/persona/received/personal/_._.._.._root_evil";
	expect(await waitUntil(async () => (await inside("work", `cat ${wanted}`)).stdout === "evil", { deadlineMs: 20_000 })).toBe(true);
	expect((await inside("work", "ls /root")).stdout).not.toContain("evil");
	const refused = await hostile("work", frame(VEIL_FRAME_BEGIN, 1 | file, 4, "back"), frame(VEIL_FRAME_DATA, 1 | file, 0, "back"));
	expect(refused).toBe(`07 21 00 00 0${VEIL_TRANSFER_REFUSED} 00 00 00`);
});

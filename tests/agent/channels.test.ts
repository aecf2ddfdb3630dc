// SPDX-License-Identifier: Apache-2.0
// What users of a guest send to other personas and what arrives from them, by the agent on this machine; Veil's part is played here.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { waitUntil } from "../../components/handset/processes.ts";
import {
	VEIL_CARRIES_CLIPBOARD,
	VEIL_CARRIES_FILES,
	VEIL_FRAME_ABORT,
	VEIL_FRAME_BEGIN,
	VEIL_FRAME_DATA,
	VEIL_FRAME_MAX,
	VEIL_FRAME_SECRET,
	VEIL_TRANSFER_AWAY,
	VEIL_TRANSFER_DONE,
	VEIL_TRANSFER_REFUSED,
	VEIL_TRANSFER_STALLED,
	VEIL_TRANSFER_TOO_LARGE,
	VEIL_TRANSFER_TOO_MANY,
	veilFrame,
} from "../../components/image/abi.ts";
import { type Frame, HostAgent } from "./host-agent.ts";

const DATA_MAX = VEIL_FRAME_MAX - veilFrame.size;
const clipboard = (peer: number) => peer | (VEIL_CARRIES_CLIPBOARD << 4);
const files = (peer: number) => peer | (VEIL_CARRIES_FILES << 4);

const CHANNELS = [
	{ peer: 1, name: "work", isOutgoing: true, maxKiB: 64, perMinute: 30 },
	{ peer: 1, name: "work", carries: VEIL_CARRIES_FILES, isOutgoing: true, maxKiB: 1024 },
	{ peer: 2, name: "home", carries: VEIL_CARRIES_FILES, maxKiB: 1024 },
	{ peer: 2, name: "home", maxKiB: 64 },
	{ peer: 3, name: "lab", carries: VEIL_CARRIES_FILES, maxKiB: 8 },
];

const agent = new HostAgent();

beforeAll(async () => {
	await agent.build();
	await agent.start(CHANNELS);
}, 120_000);

afterAll(() => agent.close());

afterEach(() => {
	expect(agent.complaints).toBe("");
	expect(agent.isRunning).toBe(true);
});

/** Sends as Veil does when another persona has: whole, in frames of that size. */
function deliver(channel: number, name: string | Uint8Array, bytes: Uint8Array, piece = DATA_MAX): void {
	agent.send(VEIL_FRAME_BEGIN, channel, bytes.length, Buffer.from(name));
	for (let at = 0; at < bytes.length; at += piece) {
		agent.send(VEIL_FRAME_DATA, channel, 0, bytes.subarray(at, at + piece));
	}
}

/** Takes frames of data until there are so many bytes. */
async function collect(size: number): Promise<Buffer> {
	const parts: Frame[] = [];
	const got = () => parts.reduce((sum, { payload }) => sum + payload.length, 0);
	while (got() < size) parts.push(await agent.next(VEIL_FRAME_DATA));
	return Buffer.concat(parts.map(({ payload }) => payload));
}

const received = (persona: string) => readdirSync(agent.path("received", persona)).sort();
const there = (...parts: string[]) => waitUntil(() => existsSync(agent.path(...parts)), { deadlineMs: 10_000 });

/** All frames sent so far have been handled when the last one has: a file of that name is there. */
async function settled(name: string): Promise<void> {
	deliver(files(3), name, Buffer.from("x"));
	expect(await there("received", "lab", name)).toBe(true);
}

describe("a user who sends", () => {
	test("a clipboard sees it go, whole, to whom it was meant for", async () => {
		const text = randomBytes(5000);
		const command = agent.command(["clip", "work"], text);
		expect(await agent.next(VEIL_FRAME_BEGIN)).toMatchObject({ channel: clipboard(1), argument: 5000, payload: Buffer.alloc(0) });
		expect((await collect(5000)).equals(text)).toBe(true);
		agent.sendResult(clipboard(1), VEIL_TRANSFER_DONE);
		expect(await command).toEqual({ status: 0, stdout: "clipboard: 5000 bytes sent to work\n", stderr: "" });
	});

	test("files sees them go one by one, each under the last part of its path", async () => {
		const [one, two] = [randomBytes(300_000), randomBytes(10)];
		const folder = join(agent.folder, "documents");
		mkdirSync(folder);
		writeFileSync(join(folder, "one.pdf"), one);
		writeFileSync(join(folder, "zwei ü"), two);
		const command = agent.command(["send", "work", join(folder, "one.pdf"), join(folder, "zwei ü")]);
		for (const [name, bytes] of [
			["one.pdf", one],
			["zwei ü", two],
		] as const) {
			expect(await agent.next(VEIL_FRAME_BEGIN)).toMatchObject({
				channel: files(1),
				argument: bytes.length,
				payload: Buffer.from(name),
			});
			expect((await collect(bytes.length)).equals(bytes)).toBe(true);
			agent.sendResult(files(1), VEIL_TRANSFER_DONE);
		}
		expect(await command).toMatchObject({ status: 0, stderr: "" });
	});

	test.each([
		[VEIL_TRANSFER_REFUSED, 3, "no channel carries the clipboard to work"],
		[VEIL_TRANSFER_TOO_LARGE, 4, "at most 64 KiB may go to work at once"],
		[VEIL_TRANSFER_TOO_MANY, 5, "at most 30 a minute may go to work"],
		[VEIL_TRANSFER_AWAY, 6, "work is away"],
		[VEIL_TRANSFER_STALLED, 7, "work took no more of it"],
	])("is told result %i of Veil by a status and words of its own", async (result, status, words) => {
		const command = agent.command(["clip", "work"], Buffer.alloc(60_000));
		await agent.next(VEIL_FRAME_BEGIN);
		agent.sendResult(clipboard(1), result);
		expect(await command).toEqual({ status, stdout: "", stderr: `persona-agent: clipboard not sent: ${words}\n` });
		agent.frames.length = 0;
	});

	test("what no channel carries is told so, and Veil is not even asked", async () => {
		expect(await agent.command(["clip", "home"], "text")).toMatchObject({ status: 3 });
		expect(await agent.command(["clip", "nobody"], "text")).toMatchObject({ status: 3 });
		expect(await agent.command(["clip", "a-name-far-too-long-to-be-a-personas-name"], "text")).toMatchObject({ status: 3 });
		expect(await agent.command(["send", "lab", "/etc/passwd"])).toMatchObject({
			status: 3,
			stderr: "persona-agent: /etc/passwd not sent: no channel carries files to lab\n",
		});
		expect(agent.frames).toEqual([]);
	});

	test("more than a channel takes asks Veil for one byte too many, however much there is", async () => {
		const command = agent.command(["clip", "work"], Buffer.alloc(1_000_000));
		expect(await agent.next(VEIL_FRAME_BEGIN)).toMatchObject({ argument: 64 * 1024 + 1 });
		agent.sendResult(clipboard(1), VEIL_TRANSFER_TOO_LARGE);
		expect((await command).status).toBe(4);
		agent.frames.length = 0;
	});

	test("what cannot be sent is told why", async () => {
		const empty = join(agent.folder, "empty");
		writeFileSync(empty, "");
		expect((await agent.command(["send", "work", empty])).stderr).toContain("it is empty");
		expect((await agent.command(["send", "work", agent.folder])).stderr).toContain("it is a folder");
		expect((await agent.command(["send", "work", "/dev/zero"])).stderr).toContain("it is no regular file");
		expect((await agent.command(["send", "work", "/nowhere"])).stderr).toContain("no such file");
		expect((await agent.command(["clip", "work"])).stderr).toContain("standard input: it is empty");
		expect((await agent.command(["clip"])).status).toBe(2);
		expect((await agent.command(["send", "work"])).status).toBe(2);
		expect(agent.frames).toEqual([]);
	});

	test("a file that has fewer bytes than it says sees it given up", async () => {
		const command = agent.command(["send", "work", "/sys/kernel/mm/transparent_hugepage/enabled"]);
		expect((await agent.next(VEIL_FRAME_BEGIN)).argument).toBe(4096);
		await agent.next(VEIL_FRAME_ABORT);
		agent.sendResult(files(1), VEIL_TRANSFER_REFUSED);
		expect(await command).toMatchObject({ status: 1, stderr: expect.stringContaining("became shorter") });
		agent.frames.length = 0;
	});

	test("waits for who was there before, and gets a result of its own", async () => {
		const first = agent.command(["clip", "work"], "first");
		expect((await agent.next(VEIL_FRAME_BEGIN)).argument).toBe(5);
		const second = agent.command(["clip", "work"], "second!");
		const beside = agent.command(["send", "work", "/etc/passwd"]);
		expect((await agent.next(VEIL_FRAME_BEGIN)).channel).toBe(files(1));
		agent.sendResult(files(1), VEIL_TRANSFER_AWAY);
		expect((await beside).status).toBe(6);
		expect(agent.frames.filter(({ op }) => op === VEIL_FRAME_BEGIN)).toEqual([]);
		agent.sendResult(clipboard(1), VEIL_TRANSFER_DONE);
		expect((await first).status).toBe(0);
		expect((await agent.next(VEIL_FRAME_BEGIN)).argument).toBe(7);
		agent.sendResult(clipboard(1), VEIL_TRANSFER_STALLED);
		expect((await second).status).toBe(7);
		agent.frames.length = 0;
	});

	test("sees the channels, and what came over them", async () => {
		const { status, stdout } = await agent.command(["channels"]);
		expect(status).toBe(0);
		expect(stdout.split("\n").slice(0, 3)).toEqual([
			"clipboard to work: at most 64 KiB, 30 a minute",
			"files to work: at most 1024 KiB, 30 a minute",
			`files from home: at most 1024 KiB, 30 a minute; 0 came, 0 not kept; see ${agent.path("received", "home")}`,
		]);
	});
});

describe("what arrives", () => {
	test("as a clipboard takes the place of the one before it, when it is whole", async () => {
		expect((await agent.command(["paste"])).stderr).toContain("nothing has come");
		const text = randomBytes(3000);
		deliver(clipboard(2), "", text, 700);
		expect(await there("clipboard", "home")).toBe(true);
		expect(Buffer.from((await agent.command(["paste"])).stdout, "latin1").equals(text)).toBe(true);
		agent.send(VEIL_FRAME_BEGIN, clipboard(2), 10);
		agent.send(VEIL_FRAME_DATA, clipboard(2), 0, Buffer.from("half"));
		agent.send(VEIL_FRAME_ABORT, clipboard(2), 0);
		await settled("after-half");
		expect(readFileSync(agent.path("clipboard", "home")).equals(text)).toBe(true);
		expect(readdirSync(agent.path("clipboard"))).toEqual(["home"]);
		deliver(clipboard(2), "ignored", Buffer.from("newer"));
		await settled("after-newer");
		expect((await agent.command(["paste", "home"])).stdout).toBe("newer");
		expect((await agent.command(["paste", "work"])).status).toBe(1);
		expect((await agent.command(["paste", "../received/lab/after-newer"])).status).toBe(1);
	});

	test("as a file is in the sender's folder, byte for byte, and never over another one", async () => {
		const [one, two] = [randomBytes(100_000), randomBytes(99)];
		deliver(files(2), "report.pdf", one);
		deliver(files(2), "report.pdf", two);
		deliver(files(2), "README", two);
		deliver(files(2), "README", one);
		expect(await there("received", "home", "README-2")).toBe(true);
		expect(received("home")).toEqual(["README", "README-2", "report-2.pdf", "report.pdf"]);
		expect(readFileSync(agent.path("received", "home", "report.pdf")).equals(one)).toBe(true);
		expect(readFileSync(agent.path("received", "home", "report-2.pdf")).equals(two)).toBe(true);
	});

	test("is for root and the group alone, and never a program", async () => {
		deliver(files(2), "run-me", Buffer.from("#!/bin/sh\n"));
		expect(await there("received", "home", "run-me")).toBe(true);
		const mode = (...parts: string[]) => statSync(agent.path(...parts)).mode & 0o7777;
		expect(mode("received", "home", "run-me")).toBe(0o640);
		expect(mode("received", "home")).toBe(0o770);
		expect(mode("clipboard")).toBe(0o750);
		expect(mode("clipboard", "home")).toBe(0o640);
		expect(mode("local")).toBe(0o750);
		expect(mode("secrets")).toBe(0o700);
		expect(statSync(agent.path("local")).gid).toBe(process.getgid?.());
	});

	test.each<[string, string | Buffer, string]>([
		["a path", "../../etc/passwd", "_._.._etc_passwd"],
		["an absolute path", "/etc/shadow", "_etc_shadow"],
		["the folder itself", ".", "_"],
		["the folder above", "..", "__"],
		["a hidden file", ".bashrc", "_bashrc"],
		["the agent's own part", ".part", "_part"],
		["an option", "-rf", "_rf"],
		["no name", "", "_"],
		["a space at both ends", " a b ", "_a b_"],
		["what a terminal obeys", "\u001b[2Jx\r\n\u0007y\u007f", "__2Jx___y_"],
		["NUL in the middle", "a\0b", "a_b"],
		["what a shell obeys", "$(reboot);`x`|&*?~\"'\\<>", "_(reboot)__x___________"],
		["letters of other scripts", "Grüße 漢字.txt", "Grüße 漢字.txt"],
		["text in another direction", "a\u202efdp.exe", "a_fdp.exe"],
		["characters nobody sees", "a\u200bb\ufeffc\u00add", "a_b_c_d"],
		["no UTF-8", Buffer.from([0x61, 0xff, 0xc0, 0xaf, 0xe2, 0x82, 0x62]), "a_____b"],
		["an overlong slash", Buffer.from([0x61, 0xe0, 0x80, 0xaf, 0x62]), "a___b"],
		["a surrogate", Buffer.from([0x61, 0xed, 0xa0, 0x80, 0x62]), "a_b"],
	])("under the name of %s is no more than a file", async (_, name, clean) => {
		agent.tellChannels([...CHANNELS, { peer: 4, name: "odd", carries: VEIL_CARRIES_FILES }]);
		const before = existsSync(agent.path("received", "odd")) ? received("odd") : [];
		deliver(files(4), name, Buffer.from("odd"));
		expect(await there("received", "odd")).toBe(true);
		await waitUntil(() => received("odd").filter((file) => file !== ".part").length > before.length, { deadlineMs: 10_000 });
		const fresh = received("odd").filter((file) => !before.includes(file));
		expect(fresh).toHaveLength(1);
		// An earlier one may have been cleaned to the same.
		expect([clean, clean.replace(/(\.[^.]*)?$/, "-2$1")]).toContain(fresh[0]);
	});

	test("under a name that is too long has a shorter one, cut between characters", async () => {
		deliver(files(2), "ü".repeat(500), Buffer.from("x"));
		expect(await there("received", "home", "ü".repeat(63))).toBe(true);
	});

	test("incomplete leaves nothing, whatever ends it", async () => {
		const before = received("home");
		const half = () => {
			agent.send(VEIL_FRAME_BEGIN, files(2), 1000, Buffer.from("half"));
			agent.send(VEIL_FRAME_DATA, files(2), 0, Buffer.alloc(500));
		};
		half();
		agent.send(VEIL_FRAME_ABORT, files(2), 0);
		await settled("after-abort");
		expect(received("home")).toEqual(before);
		half();
		agent.send(VEIL_FRAME_DATA, files(2), 0, Buffer.alloc(501)); // more than was announced
		agent.send(VEIL_FRAME_DATA, files(2), 0, Buffer.alloc(500));
		await settled("after-more");
		expect(received("home")).toEqual(before);
		half();
		agent.tellChannels(CHANNELS.filter(({ name }) => name !== "home"));
		await settled("after-policy");
		expect(received("home")).toEqual(before);
		agent.tellChannels(CHANNELS);
		half();
		await waitUntil(() => received("home").includes(".part"), { deadlineMs: 10_000 });
		await agent.end();
		await agent.start(CHANNELS);
		await settled("after-crash");
		expect(received("home")).toEqual(before);
	});

	test("from nobody, or more than the channel takes, is not kept", async () => {
		const before = [received("home"), received("lab")];
		deliver(files(3), "large", Buffer.alloc(8 * 1024 + 1));
		agent.send(VEIL_FRAME_BEGIN, files(3), 0, Buffer.from("empty"));
		agent.send(VEIL_FRAME_DATA, files(3), 0);
		for (const channel of [files(1), files(7), files(15), clipboard(3), 0, 2, 0x32, 0xff])
			deliver(channel, "odd", Buffer.from("x"));
		await settled("after-odd");
		expect(received("home")).toEqual(before[0]);
		expect(received("lab")).toEqual([...(before[1] ?? []), "after-odd"].sort());
		expect(readdirSync(agent.path("received")).sort()).toEqual(["home", "lab", "odd"]);
		expect((await agent.command(["channels"])).stdout).toMatch(/files from lab: .*; \d+ came, 2 not kept/);
	});

	test("interleaved from several senders is each sender's own", async () => {
		const parts = [files(2), clipboard(2), files(3)].map((channel) => ({ channel, bytes: randomBytes(4000) }));
		for (const { channel, bytes } of parts) agent.send(VEIL_FRAME_BEGIN, channel, bytes.length, Buffer.from("mixed"));
		for (let at = 0; at < 4000; at += 100)
			for (const { channel, bytes } of parts) agent.send(VEIL_FRAME_DATA, channel, 0, bytes.subarray(at, at + 100));
		await settled("after-mixed");
		const places = [
			["received", "home", "mixed"],
			["clipboard", "home"],
			["received", "lab", "mixed"],
		];
		for (const [i, place] of places.entries())
			expect(readFileSync(agent.path(...place)).equals(parts[i]?.bytes ?? Buffer.alloc(0))).toBe(true);
	});

	test("does not follow what a user of the guest has put in its way", async () => {
		const victim = join(agent.folder, "victim");
		writeFileSync(victim, "precious", { mode: 0o600 });
		symlinkSync(victim, agent.path("received", "home", ".part"));
		symlinkSync(victim, agent.path("received", "home", "linked"));
		deliver(files(2), "linked", Buffer.from("new"));
		expect(await there("received", "home", "linked-2")).toBe(true);
		expect(readFileSync(victim, "utf8")).toBe("precious");
		expect(statSync(victim).mode & 0o777).toBe(0o600);
	});

	test("is kept up to a number of files a sender, and then no more until some are taken away", async () => {
		agent.tellChannels([...CHANNELS, { peer: 5, name: "flood", carries: VEIL_CARRIES_FILES }]);
		for (let i = 0; i < 70; i++) deliver(files(5), `file-${i}`, Buffer.from("x"));
		await settled("after-flood");
		expect(received("flood")).toHaveLength(64);
		expect((await agent.command(["channels"])).stdout).toMatch(/files from flood: .*; 64 came, 6 not kept/);
	});
});

test("what is announced together is no more than an eighth of the memory", async () => {
	const most = totalmem() / 8;
	const size = Math.min(2 ** 32 - 1024, Math.floor(most / 2.5));
	const senders = Array.from({ length: 8 }, (_, peer) => ({ peer, name: `sender-${peer}` }));
	const maxKiB = Math.ceil(size / 1024);
	agent.tellChannels(
		senders.flatMap((sender) => [
			{ ...sender, maxKiB },
			{ ...sender, maxKiB, carries: VEIL_CARRIES_FILES },
		]),
	);
	for (const { peer } of senders) for (const channel of [clipboard(peer), files(peer)]) agent.send(VEIL_FRAME_BEGIN, channel, size);
	const lost = async () =>
		[...(await agent.command(["channels"])).stdout.matchAll(/sender-.*, (\d+) not kept/g)].reduce(
			(sum, [, n]) => sum + Number(n),
			0,
		);
	const before = await lost();
	for (const { peer } of senders) for (const channel of [clipboard(peer), files(peer)]) agent.send(VEIL_FRAME_BEGIN, channel, size);
	const expected = 16 - Math.floor(most / size);
	expect(expected).toBeGreaterThan(0);
	expect(await waitUntil(async () => (await lost()) - before >= expected, { deadlineMs: 10_000 })).toBe(true);
	expect((await lost()) - before).toBe(expected);
});

test("frames of every kind in any order harm nothing", async () => {
	let seed = 20_240_229;
	const random = (below: number) => {
		seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
		return (seed >>> 8) % below;
	};
	for (let round = 0; round < 5000; round++) {
		const op = random(10) === 0 ? random(256) : random(8);
		const channel = random(3) === 0 ? random(256) : [files(2), clipboard(2), files(3), files(1)][random(4)];
		const payload = Buffer.from(Array.from({ length: random(4) === 0 ? random(DATA_MAX) : random(40) }, () => random(256)));
		// A secret's name or a channel's, cut anywhere, is among them.
		agent.send(op || 1, channel ?? 0, random(4) === 0 ? random(2 ** 24) * 256 : random(200), payload);
		if (round % 500 === 499) agent.tellChannels(CHANNELS);
	}
	agent.tellChannels(CHANNELS);
	agent.send(VEIL_FRAME_SECRET, 0, 0, Buffer.from("after\0secret"));
	expect((await agent.command(["secret", "after", "10"])).stdout).toBe("secret");
	expect((await agent.command(["channels"])).status).toBe(0);
	// All there is has a proper name, and what is in it came whole.
	for (const folder of readdirSync(agent.path("received"))) {
		for (const file of received(folder)) if (file !== ".part") expect(file).toMatch(/^[^\p{C}/.\- ][^\p{C}/]*$/u);
	}
});

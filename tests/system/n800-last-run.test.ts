// SPDX-License-Identifier: Apache-2.0
// What Veil remembers of its runs in the N800's flash: how the last one ended is told after the next start, and nothing else in the flash changes.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync, readFileSync, readSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { handsetDir, observeHandset, startHandset, stopHandset } from "../../components/handset/index.ts";
import { veilImageHeader, veilManifest } from "../../components/image/abi.ts";
import { FLASH_BYTES } from "../../components/image/flash-image.ts";
import { flashEmulated, openStore } from "../../components/image/index.ts";
import { type Board, boardByName } from "../../components/manifest/index.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { silent } from "../../components/util/progress.ts";
import { persona } from "../cli/run.ts";
import { killQemu, type RunningPhone, runningPhone, until } from "./running-phone.ts";

const ID = "n800-last-run";
const BUILD_MS = 1_800_000; // the first time, the guests' kernel is compiled
const [PAGE, SPARE, BLOCK] = [2048, 64, 128 * 1024];
let phone: RunningPhone;
let board: Board;
let own: { offsetBytes: number; sizeBytes: number };

beforeAll(async () => {
	board = (await boardByName("n800", packageRoot())).document;
	own = board.storage?.partitions?.find(({ name }) => name === "veil") ?? { offsetBytes: 0, sizeBytes: 0 };
	phone = await runningPhone(ID, join(packageRoot(), "stacks", "n800.phone.yaml"));
}, BUILD_MS);
afterAll(() => phone.close());

/** Starts the phone and waits for none of its personas. */
const start = () => startHandset(phone.spec, phone.image, { personas: [] });

const flash = () => join(handsetDir(ID), "flash.img");

/** What `persona logs` shows of this run and the last one, once Veil is up: the number of this one, and the lines of that one. */
async function runs(): Promise<{ number: number; last: string[] }> {
	let log = "";
	await until(async () => {
		log = (await persona(["logs", "veil"])).stdout;
		return log.includes("veil: Veil is up");
	});
	return {
		number: Number(/ veil: run on record: (0x[0-9a-f]+)$/m.exec(log)?.[1]),
		last: [...log.matchAll(/ last run: (.*)$/gm)].map(([, line]) => line ?? ""),
	};
}

/** Digest of all pages and spare areas that are Veil's own, or of all others. */
async function digest(which: "own" | "others"): Promise<string> {
	const hash = createHash("sha256");
	const isOwn = (at: number) => {
		const page = at < FLASH_BYTES ? Math.floor(at / PAGE) : Math.floor((at - FLASH_BYTES) / SPARE);
		return page * PAGE >= own.offsetBytes && page * PAGE < own.offsetBytes + own.sizeBytes;
	};
	// As long as the spare areas of Veil's own pages: so all of a chunk is Veil's own, or nothing.
	const step = (own.sizeBytes / PAGE) * SPARE;
	let at = 0;
	for await (const chunk of createReadStream(flash(), { highWaterMark: step }) as AsyncIterable<Buffer>) {
		expect(chunk.length).toBe(step);
		if (isOwn(at) === (which === "own")) hash.update(chunk);
		at += chunk.length;
	}
	return hash.digest("hex");
}

/** Starts what is in the flash as it is, without a bridge, and gives what came over the serial line until the tablet was switched off. */
function bareRun(): Promise<string> {
	const lines = ["-serial", "null", "-serial", "null", "-serial", "stdio"];
	const drive = ["-drive", `if=mtd,format=raw,file=${flash()}`];
	const args = ["-M", "n800", "-m", "128M", "-display", "none", "-nodefaults", ...lines, ...drive];
	return new Promise((resolve, reject) => {
		execFile("qemu-system-arm", args, { timeout: 60_000, killSignal: "SIGKILL", encoding: "latin1" }, (error, stdout) =>
			error === null ? resolve(stdout) : reject(error),
		);
	});
}

/** The phone's image as one for another board: the loader finds every byte as it was written, and Veil refuses the manifest. */
async function flashRefusedImage(): Promise<void> {
	const image = readFileSync(phone.image.path);
	const { manifestOffset, manifestSize } = veilImageHeader.read(image);
	const manifest = image.subarray(Number(manifestOffset), Number(manifestOffset + manifestSize));
	veilManifest.write({ ...veilManifest.read(manifest), board: Buffer.from("another board") }, manifest);
	const path = join(phone.state, "refused.img");
	writeFileSync(path, image);
	await flashEmulated({ path }, board, flash(), { store: await openStore(), progress: silent });
	rmSync(path);
}

describe("a tablet that is started again", () => {
	let others: string;

	it("has nothing to say of a run before the first", async () => {
		expect(await runs()).toEqual({ number: 1, last: [] });
		others = await digest("others");
	});

	it("says that it was switched off", async () => {
		await stopHandset(ID);
		await start();
		expect(await runs()).toEqual({ number: 2, last: ["switched off"] });
	});

	it("says that there were no last words when QEMU was killed", async () => {
		await killQemu();
		await start();
		expect(await runs()).toEqual({ number: 3, last: ["no last words"] });
	});

	it("tells the last words of a Veil that has stopped, and those of one run alone", async () => {
		await stopHandset(ID);
		await flashRefusedImage();
		const before = await digest("others");
		const [, words = ""] = /Veil stopped: (manifest refused: error 0x[0-9a-f]+)/.exec(await bareRun()) ?? [];
		expect(words).not.toBe("");
		expect(await digest("others")).toBe(before);
		await start();
		expect(await runs()).toEqual({ number: 5, last: ["run on record: 0x4", words] });
		await killQemu();
		await start();
		expect(await runs()).toEqual({ number: 6, last: ["no last words"] });
	});

	it("writes nothing for a guest, not even for one that crashes", async () => {
		await phone.start(); // that is, waits for its personas
		const before = await digest("own");
		await until(async () => (await persona(["exec", "work", "true"])).status === 0); // its agent comes up after it is READY
		await persona(["exec", "work", "--", "sh", "-c", "echo c > /proc/sysrq-trigger"]);
		await until(async () => (await observeHandset(ID)).personas[0]?.reason === "guestCrashed");
		expect(await digest("own")).toBe(before);
	});

	it("passes over blocks that are marked as bad, and leaves them as they are", async () => {
		await stopHandset(ID);
		const contents = Buffer.alloc(PAGE, 0x5a);
		// The sixth run, which is the last, is in block 6.
		const bad = [0, 1, 2, 3, 4, 5].map((block) => own.offsetBytes + block * BLOCK);
		const file = openSync(flash(), "r+");
		for (const [index, at] of bad.entries()) {
			writeSync(file, Buffer.alloc(2), 0, 2, FLASH_BYTES + (at / PAGE + (index % 2)) * SPARE);
			writeSync(file, contents, 0, PAGE, at);
		}
		for (const number of [7, 8, 9]) {
			await start();
			expect(await runs()).toEqual({ number, last: ["switched off"] });
			await stopHandset(ID);
		}
		for (const at of bad) {
			const found = Buffer.alloc(PAGE);
			readSync(file, found, 0, PAGE, at);
			expect(found.equals(contents)).toBe(true);
		}
		closeSync(file);
	});

	it("has changed nothing in the flash but Veil's own", async () => {
		expect(await digest("others")).toBe(others);
	});
});

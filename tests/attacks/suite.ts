// SPDX-License-Identifier: Apache-2.0
// Runs waves of attacks on a phone beside a neighbour that works, watches both from outside, and says what stopped what.
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { decode } from "fast-png";
import type { Statistics } from "../../components/handset/index.ts";
import { screenshot } from "../../components/handset/index.ts";
import { waitUntil } from "../../components/handset/processes.ts";
import { volumePlace } from "../../components/handset/volumes.ts";
import { KEY_CODES } from "../../components/image/device-image.ts";
import { DEVELOPMENT_MARK, stripPixels } from "../../components/image/strip.ts";
import type { GuestPersona, GuestPhone, Workshop } from "../guests/phone.ts";
import { ATTACKED_NETWORK, type Attack, type AttackEffort, type AttackTarget, type Wave } from "./catalogue.ts";

/** What became of one attack. */
export interface AttackResult {
	readonly attack: string;
	readonly tried: string;
	readonly stoppedBy: string;
	/** What is wrong; nothing: it was contained. */
	readonly problems: readonly string[];
}

/** What became of the rest of the phone meanwhile. */
export interface WaveResult {
	readonly wave: string;
	readonly seed: number;
	readonly attacks: readonly AttackResult[];
	readonly neighbour: {
		/** Parts of one CPU. */
		readonly promised: number;
		readonly had: number;
		/** Rounds of work it got done. */
		readonly work: number;
		readonly problems: readonly string[];
	};
	readonly status: { readonly answers: number; readonly slowestMs: number; readonly problems: readonly string[] };
}

const NEIGHBOUR = "neighbour";
const SECRET = { name: "secret", sizeMiB: 2 };
const STRIP_ROWS = 32;
/** How much less of the CPU than promised the neighbour may have: what is promised is within 2 %. */
const TOLERANCE = 0.02;
/** The least time over which that is measured, and the longest. */
const SHARE_NS = 2_000_000_000n;
const SHARE_MAX_MS = 20_000;

/** Runs one wave; throws only when the phone does not start. */
export async function runWave(workshop: Workshop, target: AttackTarget, wave: Wave, effort: AttackEffort): Promise<WaveResult> {
	const { devices, storage } = target.board.supports;
	const [display, input, stores] = [devices.includes("display"), devices.includes("input"), storage.length > 0];
	const attacks = wave.attacks.filter(({ needs }) => needs?.(target) ?? true);
	const personas: GuestPersona[] = [
		{
			...{ guest: "worker", name: NEIGHBOUR, label: "Neighbour", colour: 0x2471a3, display, input },
			volumes: stores ? [SECRET] : [],
		},
		...attacks.map((attack) => ({
			guest: attack.guest,
			name: nameOf(attack),
			words: attack.words?.(effort) ?? "",
			...attack.persona,
		})),
	];
	let secret = "";
	const phone = await workshop.start(personas, {
		cpus: wave.cpus,
		policy: { networks: { ...target.policy.networks, [ATTACKED_NETWORK]: { egress: [] } }, channels: [], ownerAccess: { off: [] } },
		hotkey: input ? target.policy.switching.hotkey.map((key) => KEY_CODES[key]) : [],
		beforeStart: async (id) => {
			if (stores) secret = await writeSecret(id);
		},
	});
	try {
		const watch = watchStatus(phone);
		await phone.says(NEIGHBOUR, "progress", 120);
		const before = await usage(phone);
		const results: AttackResult[] = [];
		for (const attack of attacks) results.push(await judge(phone, attack, target));
		await phone.until("two seconds of it all", async () => (await usage(phone)).at > before.at + SHARE_NS);
		// The attackers that have ended leave more; on several CPUs the neighbour's one is shared by no more than all of them.
		const promised = 1 / personas.length;
		const had = await shareSince(before, promised - TOLERANCE, () => usage(phone));
		const problems = await neighbourProblems(phone);
		if (had < promised - TOLERANCE) problems.push(`had ${percent(had)} of the CPU, ${percent(promised)} were promised`);
		if (stores && (await hashOf(phone.id)) !== secret) problems.push("its volume has changed");
		return {
			wave: wave.what,
			seed: effort.seed,
			attacks: results,
			neighbour: { promised, had, work: phone.progress(NEIGHBOUR), problems },
			status: await watch.stop(),
		};
	} finally {
		await phone.stop();
	}
}

function nameOf({ guest, name = guest.replaceAll("_", "-") }: Attack): string {
	return name;
}

/** Waits for the end of an attack, and looks from outside whether it was contained. */
async function judge(phone: GuestPhone, attack: Attack, target: AttackTarget): Promise<AttackResult> {
	const name = nameOf(attack);
	const problems: string[] = [];
	try {
		problems.push(...(await outcome(phone, attack, name)));
		if (attack.guest === "input_snoop") problems.push(...(await snoops(phone, name, target)));
		if (attack.guest === "paint") problems.push(...(await forges(phone, attack, name)));
	} catch (error) {
		problems.push(error instanceof Error ? error.message : String(error));
	}
	const statistics = { ...(await phone.control.statistics(name)), ...(await refusedFrames(phone, attack, name)) };
	return { attack: name, tried: attack.tries, stoppedBy: `${attack.stoppedBy}${shown(statistics, attack.counters)}`, problems };
}

/** Frames that the switch refused, by why. */
async function refusedFrames(phone: GuestPhone, { persona }: Attack, name: string): Promise<Statistics> {
	if (persona?.network === undefined) return {};
	const { refusedSource, refusedKind } = await phone.control.frames(name);
	return { refusedSource, refusedKind };
}

async function outcome(phone: GuestPhone, { ends }: Attack, name: string): Promise<string[]> {
	const state = async () => (await phone.control.personaStatus(name)).state;
	if (ends === "held") {
		await phone.until(`${name} is held`, async () => (await state()) === "crashed", 60);
		return [];
	}
	if (ends !== "judges") {
		await phone.says(name, ends.says, 120);
		return [];
	}
	await phone.says(name, "SUMMARY", 240);
	await phone.until(`${name} is off`, async () => (await state()) === "off");
	const lines = phone.console(name).split("\n");
	const failed = lines.filter((line) => line.startsWith("FAIL"));
	const passed = lines.some((line) => /^SUMMARY: [1-9]\d* passed, 0 failed/.test(line));
	return passed ? failed : [...failed, "its own summary tells of failures"];
}

/** In the background it hears nothing; in front it hears what is pressed, which shows that it would have. */
async function snoops(phone: GuestPhone, name: string, { policy }: AttackTarget): Promise<string[]> {
	const heard = () => phone.console(name).includes("event ");
	const problems: string[] = [];
	await phone.control.switchTo(NEIGHBOUR);
	for (const key of ["a", "b", "ret", "esc"]) await phone.press(key);
	const before = (await phone.control.status()).system.uptimeNs;
	await phone.until("half a second", async () => (await phone.control.status()).system.uptimeNs > before + 500_000_000n);
	if (heard()) problems.push("it heard keys of the persona in front");
	await phone.control.switchTo(name);
	await phone.press("c");
	if (!(await waitUntil(heard, { deadlineMs: 20_000 }))) problems.push("in front it hears nothing, so that nothing was shown");
	// The hotkey is Veil's alone: one press of its first key, which is a part of the sequence, shows nowhere.
	const [hotkey] = policy.switching.hotkey;
	if (hotkey !== undefined && phone.console(name).includes(`event 1 ${KEY_CODES[hotkey]} `))
		problems.push("it heard a key of the hotkey");
	await phone.control.switchTo(NEIGHBOUR);
	return problems;
}

/** Its own strip is what its document says, whatever it wrote. */
async function forges(phone: GuestPhone, { persona }: Attack, name: string): Promise<string[]> {
	await phone.control.switchTo(name);
	const { width, channels, data } = decode(await screenshot(phone.id));
	const drawn = stripPixels(
		{ label: persona?.label ?? "", colour: persona?.colour ?? 0, mark: DEVELOPMENT_MARK },
		width,
		STRIP_ROWS,
		"xrgb8888",
	);
	await phone.control.switchTo(NEIGHBOUR);
	for (let pixel = 0; pixel < width * STRIP_ROWS; pixel++) {
		const at = pixel * channels;
		// Drawn as blue, green, red, nothing.
		if (data[at] !== drawn[pixel * 4 + 2] || data[at + 1] !== drawn[pixel * 4 + 1] || data[at + 2] !== drawn[pixel * 4])
			return [`its strip is not the true one at pixel ${pixel}`];
	}
	return [];
}

async function neighbourProblems(phone: GuestPhone): Promise<string[]> {
	const problems: string[] = [];
	const before = phone.progress(NEIGHBOUR);
	if (!(await waitUntil(() => phone.progress(NEIGHBOUR) > before, { deadlineMs: 60_000 }))) problems.push("it works no more");
	if (phone.console(NEIGHBOUR).includes("FAIL")) problems.push("its memory changed");
	const { state, restarts, starts } = await phone.control.personaStatus(NEIGHBOUR);
	if (state !== "running" || restarts !== 0 || starts !== 1) problems.push(`it is ${state} after ${restarts} restarts`);
	const { system } = await phone.control.status();
	if (system.muxGarbage !== 0) problems.push(`${system.muxGarbage} damaged frames on the serial line`);
	return problems;
}

interface Usage {
	readonly at: bigint;
	readonly used: bigint;
}

/**
 * The neighbour's part of a CPU. On a busy host it may be too little at first: when the handset stands still, whoever has its CPU pays for that
 * time and is passed over until the others have had as much; and Veil tells the two times in two answers. Neither error grows with time, so
 * a share that is kept comes true.
 */
async function shareSince(before: Usage, least: number, now: () => Promise<Usage>): Promise<number> {
	let share = 0;
	const isKept = async () => {
		const { at, used } = await now();
		share = Number(used - before.used) / Number(at - before.at);
		return share >= least;
	};
	await waitUntil(isKept, { deadlineMs: SHARE_MAX_MS, everyMs: 100 });
	return share;
}

async function usage(phone: GuestPhone): Promise<Usage> {
	const { system, personas } = await phone.control.status();
	return { at: system.uptimeNs, used: personas.find(({ name }) => name === NEIGHBOUR)?.cpuTimeNs ?? 0n };
}

/** Asks for the status all the time. */
function watchStatus(phone: GuestPhone): { stop(): Promise<WaveResult["status"]> } {
	let stopped = false;
	let answers = 0;
	let slowestMs = 0;
	const problems: string[] = [];
	const watching = (async () => {
		while (!stopped) {
			const asked = performance.now();
			try {
				await phone.control.status();
				answers++;
				slowestMs = Math.max(slowestMs, performance.now() - asked);
			} catch (error) {
				problems.push(String(error));
			}
			await new Promise((settle) => setTimeout(settle, 100));
		}
	})();
	return {
		async stop() {
			stopped = true;
			await watching;
			return { answers, slowestMs: Math.round(slowestMs), problems };
		},
	};
}

/** Fills the neighbour's volume, and gives its digest. */
async function writeSecret(handset: string): Promise<string> {
	const { path, offset, size } = await secretPlace(handset);
	const disk = await open(path, "r+");
	try {
		await disk.write(randomBytes(size), 0, size, offset);
	} finally {
		await disk.close();
	}
	return hashOf(handset);
}

async function hashOf(handset: string): Promise<string> {
	const { path, offset, size } = await secretPlace(handset);
	const hash = createHash("sha256");
	for await (const chunk of createReadStream(path, { start: offset, end: offset + size - 1 })) hash.update(chunk as Buffer);
	return hash.digest("hex");
}

async function secretPlace(handset: string): Promise<{ path: string; offset: number; size: number }> {
	const place = await volumePlace({ handset, persona: NEIGHBOUR, name: SECRET.name });
	if (place === undefined) throw new Error("the neighbour has no volume");
	return place;
}

function shown(statistics: Statistics, counters: readonly string[] = []): string {
	const parts = counters.map((name) => `${statistics[name] ?? 0n} × ${name.replace(/([A-Z])/g, " $1").toLowerCase()}`);
	return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

function percent(part: number): string {
	return `${(part * 100).toFixed(1)} %`;
}

/** All that was tried and what stopped it, for a person. */
export function table(results: readonly WaveResult[]): string {
	const rows = results.flatMap(({ seed, attacks }) =>
		attacks.map(({ attack, tried, stoppedBy, problems }) => [
			attack,
			String(seed),
			tried,
			problems.length === 0 ? stoppedBy : `NOT CONTAINED: ${problems.join("; ")}`,
		]),
	);
	const lines = [["attack", "seed", "what it tried", "what stopped it"], ...rows];
	const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
	const text = lines.map((line) =>
		line
			.map((cell, column) => cell.padEnd(widths[column] ?? 0))
			.join("  ")
			.trimEnd(),
	);
	const rest = results.map(
		({ wave, seed, neighbour, status }) =>
			`${wave}, seed ${seed}: the neighbour was promised ${percent(neighbour.promised)} of the CPU and had ${percent(neighbour.had)} (${neighbour.work} rounds of work); ` +
			`status answered ${status.answers} times, the slowest in ${status.slowestMs} ms`,
	);
	return [...text, "", ...rest].join("\n");
}

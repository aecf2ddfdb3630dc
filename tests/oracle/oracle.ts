// SPDX-License-Identifier: Apache-2.0
// Runs the oracle's program (armv6/oracle.h) on the bare machine that guests of the N800 see, and as a persona of Veil's, and says in which
// cases the two differ.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { INTEGRATOR, type Machine, N800 } from "../../bench/machine.ts";
import { bridgeGreeting } from "../../bench/veil.ts";
import { FrameDecoder } from "../../components/handset/mux.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { run } from "../../components/util/process.ts";
import { composeDev } from "../../tools/compose-dev.ts";

/** Which cases are run. Each is made of the seed and its number alone. */
export interface Cases {
	readonly seed: number;
	readonly first: number;
	readonly count: number;
	/** Everything that is compared is told in words; default: a number stands for it. */
	readonly inFull?: boolean;
}

export interface Oracle {
	/** One line a case; in full, several. */
	bare(cases: Cases): Promise<string[]>;
	hosted(cases: Cases): Promise<string[]>;
}

/** The persona's console, after the links and control channels. */
const CONSOLE = 1;
const MEMORY_MIB = 8;
/** Nothing is printed for so long only when it hangs: a case that runs in circles ends after three seconds of its own. */
const SILENCE_MS = 60_000;
const POLL_MS = 50;

/** Builds the program into a folder; `veil` is the N800's. */
export async function openOracle(folder: string, veil: string): Promise<Oracle> {
	await run("make", ["-s", "-C", join(packageRoot(), "tests/oracle/armv6"), `OUT=${folder}`]);
	const program = await readFile(join(folder, "oracle.elf"));
	const made = async (name: string, cases: Cases) => {
		const path = join(folder, `${name}.elf`);
		await writeFile(path, withCases(program, cases));
		return path;
	};
	return {
		async bare(cases) {
			const kernel = await made("bare", cases);
			return await runToDone(INTEGRATOR, kernel, MEMORY_MIB, join(folder, "bare"), new Uint8Array(), (bytes) => bytes);
		},
		async hosted(cases) {
			const image = join(folder, "veil.img");
			const persona = { name: "oracle", kernel: await made("hosted", cases), memoryMiB: MEMORY_MIB, restart: false };
			const { ramSize } = await composeDev(image, veil, [persona], { board: "n800" });
			return await runToDone(N800, image, ramSize / 2 ** 20, join(folder, "hosted"), bridgeGreeting(1), consoleOf);
		},
	};
}

/** The cases that differ, by their numbers from 0; a run that ended early differs from its end on. */
export function differences(bare: readonly string[], hosted: readonly string[]): number[] {
	const longer = Math.max(bare.length, hosted.length);
	return Array.from({ length: longer }, (_, index) => index).filter((index) => bare[index] !== hosted[index]);
}

/** What a person wants to see of a case that differs: the stream, and the first stop that is another one. */
export async function explain(oracle: Oracle, seed: number, number: number): Promise<string> {
	const only = { seed, first: number, count: 1, inFull: true };
	const [bare, hosted] = await Promise.all([oracle.bare(only), oracle.hosted(only)]);
	// The first line is the stream, in which a persona has other words where instructions were replaced.
	const at = differences(bare, hosted).find((line) => line > 0) ?? bare.length;
	const lines = [`case ${number} of seed ${seed}:`, bare[0], `before: ${bare[at - 1]}`];
	return [...lines, `bare:   ${bare[at]}`, `hosted: ${hosted[at]}`].join("\n");
}

function withCases(program: Buffer, { seed, first, count, inFull = false }: Cases): Buffer {
	const bytes = Buffer.from(program);
	const at = bytes.indexOf("orcl");
	for (const [index, word] of [seed, first, count, inFull ? 1 : 0].entries()) bytes.writeUInt32LE(word, at + 4 + 4 * index);
	return bytes;
}

function consoleOf(serial: Buffer): Buffer {
	const items = new FrameDecoder().push(serial);
	return Buffer.concat(items.map((item) => (item.kind === "frame" && item.channel === CONSOLE ? item.payload : Buffer.alloc(0))));
}

/** Runs a machine until its program says that it is done. */
async function runToDone(
	machine: Machine,
	kernel: string,
	memoryMiB: number,
	line: string,
	input: Uint8Array,
	textOf: (serial: Buffer) => Buffer,
): Promise<string[]> {
	// QEMU's "pipe" opens NAME.in and NAME.out, which may be files: input and output that wait for nobody.
	await Promise.all([writeFile(`${line}.in`, input), writeFile(`${line}.out`, "")]);
	const end = new AbortController();
	const machineEnds = run(
		machine.program,
		[
			...[...machine.args, "-m", `${memoryMiB}M`, "-nodefaults", "-display", "none", "-kernel", kernel],
			...Array.from({ length: machine.uart }, () => ["-serial", "null"]).flat(),
			...["-chardev", `pipe,id=serial,path=${line}`, "-serial", "chardev:serial"],
		],
		{ signal: end.signal },
	).catch((error: unknown) => {
		if (!end.signal.aborted) throw error;
	});
	try {
		return await Promise.race([
			untilDone(`${line}.out`, textOf),
			machineEnds.then(() => {
				throw new Error("QEMU has ended by itself");
			}),
		]);
	} finally {
		end.abort();
		await machineEnds.catch(() => undefined);
	}
}

async function untilDone(path: string, textOf: (serial: Buffer) => Buffer): Promise<string[]> {
	let size = 0;
	for (let since = performance.now(); performance.now() - since < SILENCE_MS; ) {
		await new Promise((settle) => setTimeout(settle, POLL_MS));
		const serial = await readFile(path);
		if (serial.length === size) continue;
		[size, since] = [serial.length, performance.now()];
		const [greeting, ...lines] = textOf(serial).toString("latin1").replaceAll("\r", "").split("\n");
		if (greeting === "oracle" && lines.at(-2) === "done") return lines.slice(0, -2);
	}
	throw new Error(
		`nothing comes any more; the last that came: ${textOf(await readFile(path))
			.toString("latin1")
			.slice(-400)}`,
	);
}

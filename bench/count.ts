// SPDX-License-Identifier: Apache-2.0
// Runs QEMU so that it does the very same on every run, and reads how many instructions were executed where and between markers.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ProcessError, run } from "../components/util/process.ts";
import type { Machine } from "./machine.ts";

/** A physical address range whose instructions are counted apart. */
export interface Window {
	start: number;
	size: number;
}

/** One run of QEMU. */
export interface CountedRun {
	/** The plugin's shared object. */
	plugin: string;
	/** Where the counts and the console's output are written. */
	folder: string;
	machine: Machine;
	memoryMiB: number;
	kernel: string;
	/** Further arguments of QEMU. */
	args: readonly string[];
	windows: readonly Window[];
	/** Ends the run when this marker was executed so many times. */
	stop: { mark: number; times: number };
	/** What the board's UART receives. */
	serialInput?: Uint8Array;
	/** Wall-clock limit. */
	limitSeconds?: number;
}

/** A marker that was executed. */
export interface Mark {
	number: number;
	/** Physical address of the marker instruction. */
	address: number;
	/** Instructions executed before it, in all. */
	total: number;
	/** The same by window. */
	windows: number[];
}

/** What a run gave. */
export interface Counts {
	marks: Mark[];
	/** Instructions executed, in all and by window. */
	total: number;
	windows: number[];
	/** Wall-clock time, the plugin's cost included: several times what it takes without. */
	seconds: number;
	/** What the board's UART sent. */
	serial: Buffer;
}

const DETERMINISM = ["-icount", "shift=0,align=off,sleep=off", "-rtc", "base=2020-01-01,clock=vm", "-seed", "1"];

/**
 * Runs QEMU until the marker.
 *
 * @throws Error when QEMU fails, or ends or times out before the marker
 */
export async function count(spec: CountedRun): Promise<Counts> {
	const counts = join(spec.folder, "counts.txt");
	// QEMU's "pipe" opens NAME.in and NAME.out, which may be files: input and output that wait for nobody.
	const line = join(spec.folder, "serial");
	const serial = `${line}.out`;
	await writeFile(`${line}.in`, spec.serialInput ?? "");
	await writeFile(serial, "");
	const windows = spec.windows.map(({ start, size }) => `window=${start.toString(16)}:${size.toString(16)}`);
	const began = performance.now();
	try {
		await run(
			spec.machine.program,
			[
				...spec.machine.args,
				...["-m", `${spec.memoryMiB}M`, "-nodefaults", "-display", "none"],
				...["-chardev", `pipe,id=serial,path=${line}`],
				...Array.from({ length: spec.machine.uart }, () => ["-serial", "null"]).flat(),
				...["-serial", "chardev:serial"],
				...["-kernel", spec.kernel, ...spec.args],
				...DETERMINISM,
				...[
					"-plugin",
					[spec.plugin, `out=${counts}`, ...windows, `stop=${spec.stop.mark.toString(16)}:${spec.stop.times}`].join(","),
				],
			],
			{ signal: AbortSignal.timeout((spec.limitSeconds ?? 120) * 1000) },
		);
	} catch (error) {
		if (error instanceof ProcessError) throw error;
		const tail = (await readFile(serial, "latin1").catch(() => "")).slice(-400);
		throw new Error(`QEMU did not come to marker ${spec.stop.mark.toString(16)} in time; its serial line ends with: ${tail}`, {
			cause: error,
		});
	}
	const seconds = (performance.now() - began) / 1000;
	return { ...parseCounts(await readFile(counts, "latin1")), seconds, serial: await readFile(serial) };
}

/** Reads the plugin's file; see bench/plugin/count.c. */
export function parseCounts(text: string): Pick<Counts, "marks" | "total" | "windows"> {
	const marks: Mark[] = [];
	for (const line of text.split("\n")) {
		const [what, number = "", address = "", total = "", ...windows] = line.split(" ");
		if (what === "mark") {
			marks.push({
				number: Number.parseInt(number, 16),
				address: Number.parseInt(address, 16),
				total: Number(total),
				windows: windows.map(Number),
			});
		} else if (what === "stop") {
			return { marks, total: Number(total), windows: windows.map(Number) };
		} else if (what === "end") {
			throw new Error(`QEMU ended after ${total} instructions and ${marks.length} markers, before the one it was to stop at`);
		}
	}
	throw new Error("the counting plugin wrote no last line: QEMU was killed");
}

/** The numbers a guest told with `mark_value` after each marker `number`. */
export function markedValues(marks: readonly Mark[], number: number): number[] {
	const values: number[] = [];
	marks.forEach((mark, at) => {
		if (mark.number !== number) return;
		// Digits of one guest may have another guest's markers between them: same place in memory, same guest.
		const digits = marks.slice(at + 1).filter((next) => next.number >= 0xc0 && next.number <= 0xcf && sameGuest(next, mark));
		const value = digits.slice(0, 16).reduce((sum, digit) => sum * 16n + BigInt(digit.number - 0xc0), 0n);
		values.push(Number(BigInt.asIntN(64, value)));
	});
	return values;
}

function sameGuest(a: Mark, b: Mark): boolean {
	return Math.abs(a.address - b.address) < 2 ** 20;
}

/** Instructions from each marker `from` to the next marker `to`, the marker itself left out. */
export function between(marks: readonly Mark[], from: number, to: number): number[] {
	const lengths: number[] = [];
	let start: Mark | undefined;
	for (const mark of marks) {
		if (mark.number === from) start = mark;
		else if (mark.number === to && start !== undefined) {
			lengths.push(mark.total - start.total - 1);
			start = undefined;
		}
	}
	return lengths;
}

/** The middle value. */
export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted[Math.floor(sorted.length / 2)];
	if (middle === undefined) throw new Error("no values were measured");
	return middle;
}

/** The largest value. */
export function worst(values: readonly number[]): number {
	if (values.length === 0) throw new Error("no values were measured");
	return Math.max(...values);
}

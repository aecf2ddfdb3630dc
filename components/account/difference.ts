// SPDX-License-Identifier: Apache-2.0
// How two artifacts of the same name differ: where first, what lies there, which files; and what diffoscope says where it is installed.
import { type FileHandle, open } from "node:fs/promises";
import { findCommand } from "../../tools/needs.mjs";
import { placeInImage } from "../image/index.ts";
import { run } from "../util/process.ts";
import type { NamedArtifact } from "./artifacts.ts";
import { fileChanges, filesIn } from "./file-changes.ts";

/** A difference, explained. */
export interface Difference {
	/** Of the first byte that differs; null where one is the beginning of the other, or only one was made. */
	readonly offset: number | null;
	/** Sentences, the most telling first. */
	readonly explanation: readonly string[];
}

/** No list is longer: who looks for a cause needs the first. */
const MOST = 20;
const DIFFOSCOPE_MS = 120_000;

/** Explains how two artifacts that are not the same differ. */
export async function differenceOf(
	first: NamedArtifact | undefined,
	second: NamedArtifact | undefined,
	signal?: AbortSignal,
): Promise<Difference> {
	if (first === undefined || second === undefined) {
		return { offset: null, explanation: [`it was made only the ${first === undefined ? "second" : "first"} time`] };
	}
	const { offset, sizes } = await firstDifference(first.path, second.path);
	const explanation: string[] = [];
	if (sizes[0] !== sizes[1]) explanation.push(`${sizes[0]} bytes the first time, ${sizes[1]} the second`);
	if (offset !== null) {
		const place = await placeInImage(first.path, offset);
		explanation.push(
			`the first byte that differs is at ${offset} (0x${offset.toString(16)})${place === undefined ? "" : `, in ${place}`}`,
		);
	}
	explanation.push(...(await differingFiles(first.path, second.path)), ...(await byDiffoscope(first.path, second.path, signal)));
	return { offset, explanation };
}

async function firstDifference(one: string, other: string): Promise<{ offset: number | null; sizes: [number, number] }> {
	const files: FileHandle[] = [];
	try {
		for (const path of [one, other]) files.push(await open(path));
		const [a, b] = files as [FileHandle, FileHandle];
		const sizes: [number, number] = [(await a.stat()).size, (await b.stat()).size];
		const [left, right] = [Buffer.alloc(1 << 20), Buffer.alloc(1 << 20)];
		for (let at = 0; at < Math.min(...sizes); ) {
			const length = Math.min(
				(await a.read(left, 0, left.length, at)).bytesRead,
				(await b.read(right, 0, right.length, at)).bytesRead,
			);
			if (length === 0) break;
			if (Buffer.compare(left.subarray(0, length), right.subarray(0, length)) !== 0) {
				return { offset: at + left.findIndex((byte, index) => byte !== right[index]), sizes };
			}
			at += length;
		}
		return { offset: null, sizes };
	} finally {
		for (const file of files) await file.close();
	}
}

async function differingFiles(one: string, other: string): Promise<string[]> {
	const [before, after] = [await filesIn(one), await filesIn(other)];
	if (before === undefined || after === undefined) return [];
	const changes = fileChanges(before, after);
	const lines = changes.slice(0, MOST).map(({ path, change, what }) => `${path}: ${what === undefined ? change : what.join(", ")}`);
	return changes.length > MOST ? [...lines, `and ${changes.length - MOST} more files`] : lines;
}

async function byDiffoscope(one: string, other: string, signal?: AbortSignal): Promise<string[]> {
	const command = findCommand("diffoscope");
	if (command === undefined) return [];
	const limit = AbortSignal.any([AbortSignal.timeout(DIFFOSCOPE_MS), ...(signal === undefined ? [] : [signal])]);
	// It ends with 1 where there is a difference; what it says is wanted, however it ends.
	const script = '"$0" --text - --no-progress --max-text-report-size 20000 "$1" "$2" || true';
	const said = await run("sh", ["-c", script, command, one, other], { signal: limit }).catch(() => undefined);
	signal?.throwIfAborted();
	const lines = (said?.stdout ?? "").split("\n").filter((line) => line !== "");
	return lines.length === 0 ? [] : ["diffoscope:", ...lines.slice(0, 3 * MOST)];
}

// SPDX-License-Identifier: Apache-2.0
// How two artifacts of the same name differ: where first, what lies there, which files; and what diffoscope says where it is installed.
import { type FileHandle, open, readFile } from "node:fs/promises";
import { differingParts, digestsOfParts, type FileTree, placeInImage, readImageParts } from "../image/index.ts";
import { printableName } from "../util/printable.ts";
import type { NamedArtifact } from "./artifacts.ts";
import { diffoscope, type FilePair } from "./diffoscope.ts";
import { type FileChange, fileChanges, filesIn } from "./file-changes.ts";

/** A difference, explained. */
export interface Difference {
	/** Of the first byte that differs; null where one is the beginning of the other, or only one was made. */
	readonly offset: number | null;
	/** Sentences, the most telling first. */
	readonly explanation: readonly string[];
}

/** No list is longer: who looks for a cause needs the first. */
const MOST = 20;

/** Explains how two artifacts that are not the same differ; `others` are what else was made the first time. */
export async function differenceOf(
	first: NamedArtifact | undefined,
	second: NamedArtifact | undefined,
	others: readonly NamedArtifact[],
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
	if (first.name === "device image") explanation.push(...(await partLines(first.path, second.path, others, signal)));
	if (isComposed(first)) return { offset, explanation };
	const trees = await filesOfBoth(first.path, second.path);
	const changes = trees === undefined ? [] : fileChanges(...trees);
	if (trees !== undefined && changes.length === 0)
		explanation.push("all files in it are the same: it differs in how they are packed");
	explanation.push(...fileLines(changes), ...(await diffoscope(await pairsOf([first, second], trees, changes), signal)));
	return { offset, explanation };
}

/** Which parts of a device image differ; of those that are artifacts by themselves it is said which, for that one is explained, too. */
async function partLines(first: string, second: string, others: readonly NamedArtifact[], signal?: AbortSignal): Promise<string[]> {
	try {
		const parts = await readImageParts(first);
		const names = differingParts(await digestsOfParts(first, signal), await digestsOfParts(second, signal));
		const lines = names.map((name) => {
			const payload = parts.find((part) => part.name === name)?.payload;
			const artifact = others.find((one) => (name === "Veil" ? one.name === "veil" : one.digest === payload));
			return printableName(`${name} differs${artifact === undefined ? "" : `: see ${artifact.name}`}`);
		});
		return lines.length > MOST ? [...lines.slice(0, MOST), `and ${lines.length - MOST} more parts`] : lines;
	} catch (error) {
		if (error instanceof RangeError) return [`its parts cannot be compared: ${error.message}`];
		throw error;
	}
}

/** What is put together from other artifacts differs as those do, or in what `persona diff` tells of the two that were kept. */
function isComposed({ name }: NamedArtifact): boolean {
	return name === "device image" || name === "fiasco";
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

/** The files of two root filesystems; undefined where one is none. */
async function filesOfBoth(one: string, other: string): Promise<[FileTree, FileTree] | undefined> {
	const [before, after] = [await filesIn(one), await filesIn(other)];
	return before === undefined || after === undefined ? undefined : [before, after];
}

function fileLines(changes: readonly FileChange[]): string[] {
	const line = ({ path, change, what }: FileChange) => `${printableName(path)}: ${what === undefined ? change : what.join(", ")}`;
	const lines = changes.slice(0, MOST).map(line);
	return changes.length > MOST ? [...lines, `and ${changes.length - MOST} more files`] : lines;
}

/** Of a root filesystem only those files whose contents differ are looked into: in the whole of it diffoscope would take minutes to find them. */
async function pairsOf(
	[first, second]: readonly [NamedArtifact, NamedArtifact],
	trees: [FileTree, FileTree] | undefined,
	changes: readonly FileChange[],
): Promise<FilePair[]> {
	if (trees === undefined) {
		const [one, other] = [await readFile(first.path), await readFile(second.path)];
		return [{ name: first.name, first: one, second: other }];
	}
	const nothing = new Uint8Array();
	return changes
		.filter(({ what }) => what?.includes("contents"))
		.slice(0, MOST)
		.map(({ path }) => ({
			name: path,
			first: trees[0].get(path)?.data ?? nothing,
			second: trees[1].get(path)?.data ?? nothing,
		}));
}

// SPDX-License-Identifier: Apache-2.0
// What two images are compared by, read from the files themselves: what Veil enforces, and what is loaded for each persona.
import { type FileHandle, open } from "node:fs/promises";
import {
	type Composition,
	digestsOfParts,
	type Enforced,
	type ExplainedImage,
	readDeviceImage,
	readEnforced,
	type TreeEntry,
} from "../image/index.ts";
import { sha256 } from "../util/digest.ts";
import { filesOf } from "./file-changes.ts";
import type { PackageVersion } from "./package-changes.ts";

/** Devicetree Specification, 5.2. */
const FDT_MAGIC = 0xd00dfeed;

/** An image as it is compared. */
export interface ImageContents {
	/** As the user names it. */
	readonly name: string;
	readonly image: ExplainedImage;
	readonly enforced: Enforced;
	/** By persona name. */
	readonly loaded: ReadonlyMap<string, Loaded>;
	/** Digests of its parts, by their names. */
	readonly parts: ReadonlyMap<string, string>;
	/** Missing where it is not known. */
	readonly composition?: Composition;
	/** By persona name, the packages of each; missing where they are not known. */
	readonly packages: ReadonlyMap<string, readonly PackageVersion[]>;
}

/** What is loaded for a persona. */
export interface Loaded {
	/** Files of its initial filesystem; undefined where it has none that can be read. */
	readonly files: ReadonlyMap<string, TreeEntry> | undefined;
	/** Of its device tree: made by the composer from everything else, unless the user brings one. */
	readonly deviceTree: string | undefined;
	/** Of its other payloads: the kernel, and what cannot be read. */
	readonly digests: readonly string[];
}

/** Reads an image. @throws UserError when the file is none */
export async function imageContents(
	name: string,
	path: string,
	composition: Composition | undefined,
	packages: ImageContents["packages"],
	signal?: AbortSignal,
): Promise<ImageContents> {
	const image = await readDeviceImage(path, [], signal);
	const enforced = await readEnforced(path);
	const loaded = new Map<string, Loaded>();
	const file = await open(path);
	try {
		for (const persona of image.personas) loaded.set(persona.name, await loadedOf(file, image, persona.segments));
	} finally {
		await file.close();
	}
	const parts = await digestsOfParts(path, signal);
	return { name, image, enforced, loaded, parts, packages, ...(composition === undefined ? {} : { composition }) };
}

async function loadedOf(
	file: FileHandle,
	{ payloads }: ExplainedImage,
	segments: ExplainedImage["personas"][number]["segments"],
): Promise<Loaded> {
	let files: Loaded["files"];
	let deviceTree: string | undefined;
	const digests: string[] = [];
	for (const { payload: index } of segments) {
		const payload = payloads[index];
		if (payload === undefined) continue;
		const bytes = Buffer.alloc(payload.size);
		await file.read(bytes, 0, bytes.length, Number(payload.offset));
		const found = files === undefined && mayBeArchive(bytes) ? filesOf(bytes) : undefined;
		if (found !== undefined) files = found;
		else if (bytes.length >= 4 && bytes.readUInt32BE(0) === FDT_MAGIC) deviceTree = sha256(bytes);
		else digests.push(sha256(bytes));
	}
	return { files, deviceTree, digests };
}

function mayBeArchive(bytes: Uint8Array): boolean {
	const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
	return isPacked || Buffer.from(bytes.subarray(0, 5)).toString("latin1") === "07070";
}

// SPDX-License-Identifier: Apache-2.0
// FIASCO, the format Nokia's tablets are flashed from: made with 0xFFFF, and read back and compared before anybody uses it.
import { createHash } from "node:crypto";
import { mkdtemp, open, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../util/errors.ts";
import { ProcessError, run } from "../util/process.ts";
import type { PartFile } from "./flash-parts.ts";

const FLASHER = "0xFFFF";

/** The tablet a FIASCO image is for. */
export interface FiascoDevice {
	/** Product code; an N800 is an RX-34. */
	readonly product: string;
	/** Hardware revisions it may be flashed on, at least one: 0xFFFF 0.9 writes a truncated file when there is none. */
	readonly revisions: readonly string[];
	/** Version that each piece carries. */
	readonly version: string;
}

/** Pieces are padded with 0xff to a multiple of this many bytes. */
const PADDING = 128;

/**
 * Makes a FIASCO image and checks that it holds exactly the parts.
 *
 * @throws UserError when 0xFFFF is missing or refuses, or what it wrote is not what it was given
 */
export async function makeFiasco(
	path: string,
	parts: readonly PartFile[],
	device: FiascoDevice,
	signal?: AbortSignal,
): Promise<void> {
	checkDevice(device);
	const images = parts.flatMap((part) => [
		"-m",
		`${device.product}:${revisionList(device)}:${device.version}:${part.name}:${part.path}`,
	]);
	await rm(path, { force: true });
	// Without a software release for the whole: 0xFFFF 0.9 would write one to the tablet before it has written a piece, in a dry run even.
	await flasher([...images, "-g", path], signal);
	const problems = await fiascoProblems(path, parts, device, signal);
	if (problems.length > 0)
		throw new UserError(`the FIASCO image is not what it should be: ${problems.join("; ")}`, { where: path });
}

/** Everything in which a FIASCO image differs from the parts it should hold, as sentences that name the piece. */
export async function fiascoProblems(
	path: string,
	parts: readonly PartFile[],
	device: FiascoDevice,
	signal?: AbortSignal,
): Promise<string[]> {
	const folder = await mkdtemp(join(tmpdir(), "persona-fiasco-"));
	try {
		const refusal = await flasher(["-M", path, "-u", folder], signal).then(
			() => undefined,
			(error: unknown) => {
				if (error instanceof UserError) return error.message;
				throw error;
			},
		);
		if (refusal === undefined) return await unpackedProblems(folder, parts, device);
		// Its own check does not say which piece it is about: unpacked without that check, ours does.
		await flasher(["-n", "-M", path, "-u", folder], signal).catch(() => undefined);
		return [...(await unpackedProblems(folder, parts, device)), refusal];
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

async function unpackedProblems(folder: string, parts: readonly PartFile[], device: FiascoDevice): Promise<string[]> {
	const suffix = `-${device.product}:${revisionList(device)}_${device.version}`;
	const unpacked = (await readdir(folder)).sort();
	const problems: string[] = [];
	for (const part of parts) {
		const name = `${part.name}${suffix}`;
		if (!unpacked.includes(name)) problems.push(`piece ${part.name} is missing, or for another device or version`);
		else problems.push(...(await pieceProblems(join(folder, name), part)));
	}
	const stray = unpacked.filter((name) => !parts.some((part) => name === `${part.name}${suffix}`));
	return [...problems, ...stray.map((name) => `piece ${name} should not be there`)];
}

async function pieceProblems(path: string, part: PartFile): Promise<string[]> {
	const { size } = await stat(path);
	const padded = Math.ceil(part.size / PADDING) * PADDING;
	if (size !== padded && size !== part.size) return [`piece ${part.name} has ${size} bytes instead of ${padded}`];
	const file = await open(path);
	try {
		const hash = createHash("sha256");
		let left = part.size;
		for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
			const own = chunk.subarray(0, Math.max(0, left));
			hash.update(own);
			left -= own.length;
			if (chunk.subarray(own.length).some((byte) => byte !== 0xff)) return [`piece ${part.name} is damaged in its padding`];
		}
		return hash.digest("hex") === part.sha256 ? [] : [`piece ${part.name} is damaged: its digest is wrong`];
	} finally {
		await file.close();
	}
}

// 0xFFFF 0.9 reads a revision of fewer than four digits, unless it is the last, together with a byte of its stack that was never written: 801
// becomes 8013 where that is a digit.
function revisionList({ revisions }: FiascoDevice): string {
	return [...revisions].sort((a, b) => b.length - a.length || (a < b ? -1 : 1)).join(",");
}

/** What would crash 0xFFFF, or make it write something else than it says. */
function checkDevice({ product, revisions, version }: FiascoDevice): void {
	const text = /^[A-Za-z0-9.-]{1,15}$/;
	if (!text.test(product)) throw new UserError(`"${product}" is no product code`);
	if (revisions.length === 0) throw new UserError("a FIASCO image needs a hardware revision");
	for (const revision of revisions) if (!/^\d{1,7}$/.test(revision)) throw new UserError(`"${revision}" is no hardware revision`);
	const [, ...short] = revisions.filter((revision) => revision.length < 4);
	if (short.length > 0) throw new UserError("a FIASCO image can have one hardware revision of fewer than four digits");
	if (!text.test(version)) throw new UserError(`"${version}" is no version`);
}

async function flasher(args: readonly string[], signal?: AbortSignal): Promise<string> {
	try {
		const { stdout, stderr } = await run(FLASHER, args, { signal });
		return stdout + stderr;
	} catch (error) {
		if (!(error instanceof ProcessError)) throw error;
		if (error.status === undefined && error.signal === undefined)
			throw new UserError(`${FLASHER} is missing, which packs images for the N800`, {
				remedy: "apt-get install 0xffff",
				cause: error,
			});
		throw new UserError(`${FLASHER} refuses: ${(error.stderr || error.stdout).trim().split("\n").slice(-3).join(" ")}`, {
			cause: error,
		});
	}
}

// SPDX-License-Identifier: Apache-2.0
// What the provider keeps in a handset's folder, so that import, retries after a kill, and other stacks find out whose it is.
import { mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { HandsetSpec, ReadyExpectation } from "../handset/index.ts";
import { writeFileAtomic } from "../util/atomic.ts";
import { errorCode, UserError } from "../util/errors.ts";
import { readIfThere } from "../util/read-if-there.ts";
import type { Handsets } from "./stages.ts";

const FILE = "pulumi.json";
const VERSION = 1;

export interface HandsetRecord {
	readonly version: 1;
	/** The Handset resource. */
	readonly urn: string;
	readonly spec: HandsetSpec;
	/** The process that made the folder: while it lives, its engine may not have written the handset's id down yet. */
	readonly creator: { readonly pid: number; readonly token: string | null };
	/** The Handset resource is gone; its folder stays for the sake of volumes that were kept, or of images to go back to. */
	readonly removed?: true;
	/** The Deployment resource that uses the handset, or used it last. */
	readonly deployment?: DeploymentRecord;
	/** The deployment all personas of which were ready last: what to go back to. */
	readonly lastGood?: DeploymentRecord;
}

export interface DeploymentRecord {
	readonly id: string;
	readonly urn: string;
	/** Key of the device image that was started, and the digest of its bytes. Null: nothing is to run. */
	readonly image: { readonly key: string; readonly digest: string } | null;
	readonly personas: readonly ReadyExpectation[];
	/** Digest of the emulated hardware it was started on. */
	readonly hardware: string | null;
	/** Public keys one of which has signed the image; missing where it is not signed. */
	readonly trustedKeys?: readonly string[];
}

/** The record of a handset, or undefined where this machine has no handset of that id. */
export async function readRecord(handsets: Handsets, id: string): Promise<HandsetRecord | undefined> {
	const record = await readAny(handsets, id);
	return record?.removed === true ? undefined : record;
}

/** Marks what stays of a handset's folder when the resource is gone. */
export async function markRemoved(handsets: Handsets, { urn, spec, creator }: HandsetRecord): Promise<void> {
	await writeRecord(handsets, { version: VERSION, urn, spec, creator, removed: true });
}

/** Handsets of a resource that are gone but for what was kept of them. */
export async function removedHandsets(handsets: Handsets, urn: string): Promise<HandsetSpec[]> {
	const ids = await folderNames(handsets);
	const records = await Promise.all(ids.map((id) => readAny(handsets, id).catch(() => undefined)));
	return records.flatMap((record) => (record?.removed === true && record.urn === urn ? [record.spec] : []));
}

async function readAny(handsets: Handsets, id: string): Promise<HandsetRecord | undefined> {
	const path = join(handsets.folder(id), FILE);
	const text = await readIfThere(path);
	if (text === undefined) return undefined;
	const record = parsed(text);
	if (record !== undefined) return record;
	throw new UserError("is not a record this version can read", {
		where: path,
		remedy: "use the version of pulumi-persona that wrote it",
	});
}

function parsed(text: string): HandsetRecord | undefined {
	try {
		const value: unknown = JSON.parse(text);
		if (typeof value === "object" && value !== null && "version" in value && value.version === VERSION)
			return value as HandsetRecord;
	} catch {
		// Falls through: what is not JSON is no record.
	}
	return undefined;
}

export async function writeRecord(handsets: Handsets, record: HandsetRecord): Promise<void> {
	const folder = handsets.folder(record.spec.id);
	await mkdir(folder, { recursive: true, mode: 0o700 });
	await writeFileAtomic(join(folder, FILE), `${JSON.stringify(record, undefined, "\t")}\n`, 0o600);
}

/** All records on this machine; folders without one are not ours to judge. */
export async function allRecords(handsets: Handsets): Promise<HandsetRecord[]> {
	const names = await folderNames(handsets);
	const records = await Promise.all(names.map((name) => readRecord(handsets, name).catch(() => undefined)));
	return records.filter((record) => record !== undefined);
}

async function folderNames(handsets: Handsets): Promise<string[]> {
	try {
		return (await readdir(dirname(handsets.folder("any")))).filter((name) => /^[a-z0-9-]+$/.test(name));
	} catch (error) {
		if (errorCode(error) === "ENOENT") return [];
		throw error;
	}
}

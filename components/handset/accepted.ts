// SPDX-License-Identifier: Apache-2.0
// What a handset has accepted: the version and the trusted keys of the newest signed image all personas of which were READY. It stands beside
// the record, for Veil's own number cannot be read before a Veil runs.
import { join } from "node:path";
import { writeFileAtomic } from "../util/atomic.ts";
import { UserError } from "../util/errors.ts";
import { readIfThere } from "../util/read-if-there.ts";
import { FILE } from "./run-folder.ts";

export interface Accepted {
	/** Of the image, 1 or more. */
	readonly imageVersion: number;
	/** Fingerprints of the keys its phone declared. */
	readonly trusted: readonly string[];
}

/** What was accepted; undefined on a handset that no signed image has run on. */
export async function readAccepted(folder: string): Promise<Accepted | undefined> {
	const path = join(folder, FILE.accepted);
	const text = await readIfThere(path);
	if (text === undefined) return undefined;
	const accepted = parsed(text);
	if (accepted !== undefined) return accepted;
	throw new UserError("does not say which version was accepted", {
		where: path,
		remedy: "use the version of pulumi-persona that wrote it, or give the phone a new handset",
	});
}

function parsed(text: string): Accepted | undefined {
	try {
		const { version, imageVersion, trusted } = JSON.parse(text) as Record<string, unknown>;
		if (version !== 1 || typeof imageVersion !== "number" || !Number.isSafeInteger(imageVersion) || !Array.isArray(trusted))
			return undefined;
		return { imageVersion, trusted: trusted.map(String) };
	} catch {
		return undefined;
	}
}

/** Raises what was accepted; the version never falls. */
export async function writeAccepted(folder: string, { imageVersion, trusted }: Accepted): Promise<void> {
	const before = await readAccepted(folder);
	const highest = Math.max(imageVersion, before?.imageVersion ?? 0);
	const content = { version: 1, imageVersion: highest, trusted };
	await writeFileAtomic(join(folder, FILE.accepted), `${JSON.stringify(content, undefined, "\t")}\n`, 0o600);
}

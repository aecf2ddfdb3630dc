// SPDX-License-Identifier: Apache-2.0
// Another policy for a phone that runs: when an image differs from the one that runs in its policy alone, nothing has to start again.
import { optional } from "../image/optional.ts";
import { readAccepted } from "./accepted.ts";
import { checkImage, checkStep } from "./check-image.ts";
import { readImageFacts } from "./image-facts.ts";
import { controlClient } from "./observe.ts";
import { isAlive } from "./processes.ts";
import { type HandsetRecord, writeRecord } from "./record.ts";
import type { ImageReference, StartOptions } from "./types.ts";

/**
 * Brings the policy of `image` into force on a handset that runs an image which is the same otherwise, or this one under another policy.
 *
 * @returns the handset's new record; undefined when the images differ in more, or the handset does not answer: then it has to be started
 */
export async function adoptPolicy(
	folder: string,
	record: HandsetRecord,
	image: ImageReference,
	{ signal, progress }: Pick<StartOptions, "signal" | "progress">,
): Promise<HandsetRecord | undefined> {
	if (record.base === undefined || !isAlive(record.qemu)) return undefined;
	const facts = await readImageFacts(image, signal);
	if (facts.base !== record.base) return undefined;
	await checkImage(image, facts.signature, signal);
	checkStep(record.id, await readAccepted(folder), facts.signature);
	let client: Awaited<ReturnType<typeof controlClient>>;
	try {
		client = await controlClient(record.id);
	} catch {
		return undefined;
	}
	try {
		const inForce = await client.policyDigest();
		if (inForce === undefined) return undefined;
		if (inForce !== facts.policyDigest) {
			progress?.("bringing another policy into force; every persona goes on running");
			await client.replacePolicy(facts.policy);
		}
	} finally {
		client.close();
	}
	const policyDigest = facts.policyDigest;
	const adopted = { ...record, imageDigest: image.digest, policyDigest, ...optional("imageVersion", facts.signature?.version) };
	await writeRecord(folder, adopted);
	return adopted;
}

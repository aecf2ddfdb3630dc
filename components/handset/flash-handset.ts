// SPDX-License-Identifier: Apache-2.0
// A real handset: its folder and record are those of an emulated one, but what is on it is what was flashed last, and nobody sees it run.
import { dirname } from "node:path";
import { UserError } from "../util/errors.ts";
import { readAccepted } from "./accepted.ts";
import { checkImage, checkStep } from "./check-image.ts";
import { type FlashOptions, flashTablet, type UsbImage } from "./flash-usb.ts";
import { readImageFacts } from "./image-facts.ts";
import { withOperationLock } from "./operation-lock.ts";
import { writeRecord } from "./record.ts";
import { handsetDir, LOCK, makePrivate } from "./run-folder.ts";
import { newRecord, recordedPersonas } from "./start.ts";
import { observeTablet } from "./tablet.ts";
import type { HandsetSpec, ImageReference, Observation, ReadyExpectation } from "./types.ts";

/**
 * Flashes the declared tablet with a device image, unless it has it already.
 *
 * @param fiasco - the device image as the tablet's flasher takes it
 * @throws UserError on any doubt, before anything is written
 */
export async function flashHandset(
	spec: HandsetSpec,
	image: ImageReference,
	fiasco: Omit<UsbImage, "content">,
	personas: readonly ReadyExpectation[],
	options: FlashOptions,
): Promise<Observation> {
	const { id, usb } = spec;
	if (usb === undefined) throw new Error(`handset ${id} is no tablet`);
	const folder = handsetDir(id);
	await withOperationLock(dirname(folder), LOCK.operation(id), `handset ${id} is being flashed`, async () => {
		const facts = await readImageFacts(image, options.signal);
		if (facts.board !== spec.board) throw new UserError(`the image is for board ${facts.board}, handset ${id} is a ${spec.board}`);
		await checkImage(image, facts.signature, options.signal);
		checkStep(id, await readAccepted(folder), facts.signature);
		makePrivate(folder);
		const recorded = recordedPersonas(facts, personas);
		await flashTablet(folder, usb.kind, usb.target, { ...fiasco, content: image.digest }, options);
		await writeRecord(folder, { ...newRecord(folder, spec), imageDigest: image.digest, personas: recorded, phase: "running" });
	});
	return observeTablet(id, spec.board);
}

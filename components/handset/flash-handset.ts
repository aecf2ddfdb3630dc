// SPDX-License-Identifier: Apache-2.0
// A real handset: its folder and record are those of an emulated one, but what runs is what was flashed last.
import { dirname } from "node:path";
import { UserError } from "../util/errors.ts";
import { type FlashOptions, flashTablet, type UsbImage } from "./flash-usb.ts";
import { readImageFacts } from "./image-facts.ts";
import { observeHandset } from "./observe.ts";
import { withOperationLock } from "./operation-lock.ts";
import { writeRecord } from "./record.ts";
import { handsetDir, LOCK, makePrivate } from "./run-folder.ts";
import { newRecord, recordedPersonas } from "./start.ts";
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
	fiasco: UsbImage,
	personas: readonly ReadyExpectation[],
	options: FlashOptions,
): Promise<Observation> {
	const { id, usb } = spec;
	if (usb === undefined) throw new Error(`handset ${id} is no tablet`);
	const folder = handsetDir(id);
	await withOperationLock(dirname(folder), LOCK.operation(id), `handset ${id} is being flashed`, async () => {
		const facts = await readImageFacts(image, options.signal);
		if (facts.board !== spec.board) throw new UserError(`the image is for board ${facts.board}, handset ${id} is a ${spec.board}`);
		makePrivate(folder);
		const record = { ...newRecord(folder, spec), imageDigest: image.digest, personas: recordedPersonas(facts, personas) };
		await writeRecord(folder, { ...record, phase: "starting" });
		await flashTablet(folder, usb.kind, usb.target, fiasco, options);
		await writeRecord(folder, { ...record, phase: "running" });
	});
	return observeHandset(id);
}

// SPDX-License-Identifier: Apache-2.0
// A device image as a real phone is flashed with, and as an emulated one starts from: cut into partitions, packed as FIASCO, kept in the store.
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Board } from "../manifest/index.ts";
import { canonicalJson, sha256 } from "../util/digest.ts";
import { UserError } from "../util/errors.ts";
import { type FiascoDevice, makeFiasco } from "./fiasco.ts";
import { writeFlashImage } from "./flash-image.ts";
import { buildBootCode } from "./flash-loader.ts";
import { writeFlashParts } from "./flash-parts.ts";
import type { Artifact, BuildContext } from "./types.ts";

/** Another number means other bytes from the same image and loader. */
const RECIPE = 1;

/**
 * Writes a device image into the flash of an emulated phone, beside what else is in it.
 *
 * @param flash - path of the flash image
 * @throws UserError when the image does not fit
 */
export async function flashEmulated(
	image: Pick<Artifact, "path">,
	board: Board,
	flash: string,
	{ store, signal }: Pick<BuildContext, "store" | "signal">,
): Promise<void> {
	const scratch = await store.scratch();
	try {
		const { loader, slide } = await buildBootCode(board.name, signal);
		await writeFlashImage(flash, await writeFlashParts(image.path, loader, board, scratch), slide);
	} finally {
		await rm(scratch, { recursive: true, force: true });
	}
}

/**
 * The FIASCO image of a device image. `version` is what a tablet says it has when it has been flashed with it.
 *
 * @throws UserError when the board has no flash, the image does not fit it, or 0xFFFF is missing
 */
export async function fiascoImage(
	image: Pick<Artifact, "digest" | "path">,
	board: Board,
	{ store, signal, progress }: Pick<BuildContext, "store" | "signal" | "progress">,
): Promise<Artifact & { version: string }> {
	const { flashing, storage } = board;
	if (flashing === undefined) throw new UserError(`board ${board.name} cannot be flashed: its document has no section flashing`);
	const { loader } = await buildBootCode(board.name, signal);
	const { product, hardwareRevisions: revisions } = flashing;
	const made = { image: image.digest, loader: sha256(loader), partitions: storage?.partitions ?? [], product, revisions };
	const key = sha256(canonicalJson({ kind: "fiasco", ...made, recipe: RECIPE }));
	const version = `p${key.slice("sha256:".length).slice(0, 12)}`;
	return store.exclusively(key, { signal, progress }, async () => {
		const known = await store.getKeyed(key);
		const stored = typeof known === "string" ? await store.get(known, signal) : undefined;
		if (stored !== undefined) return { key, version, ...stored };
		progress("packing the image for the tablet");
		const scratch = await store.scratch();
		try {
			const path = join(scratch, "device.fiasco");
			const device: FiascoDevice = { product, revisions, version };
			await makeFiasco(path, await writeFlashParts(image.path, loader, board, scratch), device, signal);
			const blob = await store.put(createReadStream(path), signal);
			await store.putKeyed(key, blob.digest);
			return { key, version, ...blob };
		} finally {
			await rm(scratch, { recursive: true, force: true });
		}
	});
}

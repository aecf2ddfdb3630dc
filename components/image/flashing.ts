// SPDX-License-Identifier: Apache-2.0
// A device image as a real phone is flashed with, and as an emulated one starts from: cut into partitions, packed as FIASCO, kept in the store.
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Board } from "../manifest/index.ts";
import { canonicalJson, sha256 } from "../util/digest.ts";
import { UserError } from "../util/errors.ts";
import { builtOnce } from "./built-once.ts";
import { type FiascoDevice, makeFiasco } from "./fiasco.ts";
import { writeFlashImage } from "./flash-image.ts";
import { type BootCode, bootCode, bootCodeInputs } from "./flash-loader.ts";
import { flashParts, writeFlashParts } from "./flash-parts.ts";
import type { Artifact, BuildContext } from "./types.ts";

/** Another number means other bytes from the same image and loader. */
const RECIPE = 2;

type Context = Pick<BuildContext, "store" | "signal" | "progress">;

async function bootCodeOf(board: Board, context: Context): Promise<BootCode> {
	const inputs = await bootCodeInputs(board);
	if (inputs === undefined) throw new UserError(`board ${board.name} cannot be flashed: its document has no section flashing`);
	return bootCode(board.name, inputs, context);
}

/**
 * Writes a device image into the flash of an emulated phone, beside what else is in it.
 *
 * @param flash - path of the flash image
 * @throws UserError when the image does not fit
 */
export async function flashEmulated(image: Pick<Artifact, "path">, board: Board, flash: string, context: Context): Promise<void> {
	const { loader, slide } = await bootCodeOf(board, context);
	await writeFlashImage(flash, await flashParts(image.path, loader, board), slide);
}

/**
 * The FIASCO image of a device image. `version` is what a tablet says it has when it has been flashed with it.
 *
 * @throws UserError when the board has no flash, the image does not fit it, or 0xFFFF is missing
 */
export async function fiascoImage(
	image: Pick<Artifact, "digest" | "path">,
	board: Board,
	context: Context,
): Promise<Artifact & { version: string }> {
	const { flashing, storage } = board;
	if (flashing === undefined) throw new UserError(`board ${board.name} cannot be flashed: its document has no section flashing`);
	const { loader } = await bootCodeOf(board, context);
	const { product, hardwareRevisions: revisions } = flashing;
	const made = { image: image.digest, loader: sha256(loader), partitions: storage?.partitions ?? [], product, revisions };
	const key = sha256(canonicalJson({ kind: "fiasco", ...made, recipe: RECIPE }));
	const version = `p${key.slice("sha256:".length).slice(0, 12)}`;
	const blob = await builtOnce(key, { ...context, log: `fiasco-${board.name}` }, async (progress) => {
		progress("packing the image for the tablet");
		const scratch = await context.store.scratch();
		try {
			const path = join(scratch, "device.fiasco");
			const device: FiascoDevice = { product, revisions, version };
			const parts = await writeFlashParts(await flashParts(image.path, loader, board), scratch);
			await makeFiasco(path, parts, device, context.signal);
			return await context.store.put(createReadStream(path), context.signal);
		} finally {
			await rm(scratch, { recursive: true, force: true });
		}
	});
	return { key, version, ...blob };
}

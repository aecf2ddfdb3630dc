// SPDX-License-Identifier: Apache-2.0
// The demo phone's image, built from stacks/dev.phone.yaml or taken from the store, for tests that start it without Pulumi.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HandsetSpec, ImageReference, ReadyExpectation } from "../../components/handset/index.ts";
import {
	buildGuest,
	buildHypervisor,
	composeDeviceImage,
	deviceImageInputs,
	flashEmulated,
	guestInputs,
	guestKey,
	guestSources,
	hypervisorInputs,
	hypervisorKey,
	loadLock,
	openStore,
} from "../../components/image/index.ts";
import { loadAndCheckPhone } from "../../components/policy/index.ts";
import { silent } from "../../components/util/progress.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface DemoPhone {
	readonly spec: HandsetSpec;
	readonly image: ImageReference;
	readonly personas: ReadyExpectation[];
}

/** Builds what is not built yet. `file`: the document of another phone. */
export async function demoPhone(id: string, file = join(ROOT, "stacks", "dev.phone.yaml")): Promise<DemoPhone> {
	const { resolved, problems } = await loadAndCheckPhone(file);
	if (resolved === undefined) throw new Error(`the phone has problems: ${JSON.stringify(problems)}`);
	const [store, lock] = [await openStore(), await loadLock(ROOT)];
	const context = { store, lock, progress: silent, projectDir: ROOT };
	const board = resolved.board.document;
	const built = await Promise.all(
		resolved.personas.map(async (loaded) => {
			const inputs = await guestInputs(loaded, board, lock);
			const guest = await buildGuest(inputs, guestSources(loaded), context);
			return { name: loaded.document.name, key: guestKey(inputs), guest };
		}),
	);
	const veil = await hypervisorInputs(board);
	const hypervisor = await buildHypervisor(veil, context);
	const keys = Object.fromEntries(built.map(({ name, key }) => [name, key]));
	const guests = Object.fromEntries(built.map(({ name, guest }) => [name, guest]));
	const inputs = deviceImageInputs(resolved, hypervisorKey(veil), keys);
	const image = await composeDeviceImage(inputs, { hypervisor, guests }, context);
	return {
		spec: { id, board: board.name, qemu: { cpus: inputs.cpus, cpu: board.cpu.model } },
		image: { ...image, writeFlash: (path) => flashEmulated(image, board, path, context) },
		personas: resolved.personas.map(({ document: { name, ready } }) => ({
			name,
			readyMarker: ready.marker,
			readyDeadlineSeconds: ready.deadlineSeconds,
		})),
	};
}

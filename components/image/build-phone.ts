// SPDX-License-Identifier: Apache-2.0
// Every artifact of a phone, one after the other, without Pulumi: what its Deployment would run.
import type { ResolvedPhone } from "../manifest/index.ts";
import { composeDeviceImage, deviceImageInputs } from "./device-image.ts";
import { bootCode, bootCodeInputs } from "./flash-loader.ts";
import { fiascoImage } from "./flashing.ts";
import { buildGuest } from "./guest.ts";
import { guestInputs, guestSources } from "./guest-inputs.ts";
import { buildHypervisor, hypervisorInputs, trusting } from "./hypervisor.ts";
import type { Artifact, BuildContext } from "./types.ts";

/** What was built of a phone. */
export interface BuiltPhone {
	/** By persona name, in the phone's order. */
	readonly guests: Readonly<Record<string, Artifact>>;
	readonly hypervisor: Artifact;
	readonly device: Artifact;
	/** Of a board that is flashed: what a tablet would be flashed with. */
	readonly fiasco?: Artifact;
}

/**
 * Builds a phone, or takes from the store what was built from the same inputs before.
 *
 * @throws UserError when the lock answers not all of it, or something cannot be built
 */
export async function buildPhone(phone: ResolvedPhone, context: BuildContext): Promise<BuiltPhone> {
	const board = phone.board.document;
	const guests: Record<string, Artifact> = {};
	for (const persona of phone.personas) {
		const inputs = await guestInputs(persona, board, context.lock);
		guests[persona.document.name] = await buildGuest(inputs, guestSources(persona), context);
	}
	const trustedKeys = (phone.signing?.trusted ?? []).map(({ hex }) => hex);
	const hypervisor = await buildHypervisor(trusting(await hypervisorInputs(board), trustedKeys), context);
	const keys = Object.fromEntries(Object.entries(guests).map(([name, { key }]) => [name, key]));
	const boot = await bootCodeInputs(board);
	const inputs = deviceImageInputs(phone, hypervisor.key, keys, boot);
	const device = await composeDeviceImage(inputs, { hypervisor, guests }, context);
	if (boot === undefined) return { guests, hypervisor, device };
	await bootCode(board.name, boot, context);
	return { guests, hypervisor, device, fiasco: await fiascoImage(device, board, context) };
}

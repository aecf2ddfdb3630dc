// SPDX-License-Identifier: Apache-2.0
// Every artifact of a phone, one after the other, without Pulumi: what its Deployment would run.
import type { ResolvedPhone } from "../manifest/index.ts";
import { composeDeviceImage, deviceImageInputs } from "./device-image.ts";
import { bootCodeInputs } from "./flash-loader.ts";
import { fiascoImage } from "./flashing.ts";
import { buildGuest } from "./guest.ts";
import { guestInputs, guestSources } from "./guest-inputs.ts";
import { buildHypervisor, hypervisorInputs, trusting } from "./hypervisor.ts";
import type { Artifact, BuildContext } from "./types.ts";

/** What a device image is composed from. */
export interface BuiltParts {
	/** By persona name, in the phone's order. */
	readonly guests: Readonly<Record<string, Artifact>>;
	readonly hypervisor: Artifact;
}

/** What is composed of the parts. */
export interface ComposedPhone {
	readonly device: Artifact;
	/** Of a board that is flashed: what a tablet would be flashed with. */
	readonly fiasco?: Artifact;
}

/**
 * Builds Veil and the guests of a phone, or takes from the store what was built from the same inputs before.
 *
 * @throws UserError when the lock answers not all of it, or something cannot be built
 */
export async function buildParts(phone: ResolvedPhone, context: BuildContext): Promise<BuiltParts> {
	const board = phone.board.document;
	const guests: Record<string, Artifact> = {};
	for (const persona of phone.personas) {
		const inputs = await guestInputs(persona, board, context.lock);
		guests[persona.document.name] = await buildGuest(inputs, guestSources(persona), context);
	}
	const trustedKeys = (phone.signing?.trusted ?? []).map(({ hex }) => hex);
	const bySource = phone.phone.document.veil.builder === "buildroot";
	const veil = await hypervisorInputs(board, undefined, bySource ? context.lock : undefined);
	return { guests, hypervisor: await buildHypervisor(trusting(veil, trustedKeys), context) };
}

/**
 * Composes the device image of a phone, and packs it where its board is flashed.
 *
 * @throws UserError when it does not fit, or cannot be signed
 */
export async function composePhone(phone: ResolvedPhone, parts: BuiltParts, context: BuildContext): Promise<ComposedPhone> {
	const board = phone.board.document;
	const keys = Object.fromEntries(Object.entries(parts.guests).map(([name, { key }]) => [name, key]));
	const boot = await bootCodeInputs(board);
	const device = await composeDeviceImage(deviceImageInputs(phone, parts.hypervisor.key, keys, boot), parts, context);
	return { device, ...(boot === undefined ? {} : { fiasco: await fiascoImage(device, board, context) }) };
}

/** Both, one after the other. */
export async function buildPhone(phone: ResolvedPhone, context: BuildContext): Promise<BuiltParts & ComposedPhone> {
	const parts = await buildParts(phone, context);
	return { ...parts, ...(await composePhone(phone, parts, context)) };
}

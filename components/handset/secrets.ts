// SPDX-License-Identifier: Apache-2.0
// Secrets for the agents of personas, such as keys of volumes: kept in the bridge's memory alone, and handed over at every start.
import { VEIL_RESULT_OK, VEIL_SECRET_BYTES } from "../image/abi.ts";
import { UserError } from "../util/errors.ts";
import type { Answer } from "./control-messages.ts";

/** A secret for the agent of a persona; the guest finds it by its name. */
export interface PersonaSecret {
	readonly persona: string;
	/** 1 to 63 letters, digits and `._-`, the first no dot. */
	readonly name: string;
	/** Its bytes; with the name at most {@link VEIL_SECRET_BYTES} - 1. */
	readonly value: Uint8Array;
}

/** A secret as it travels: its name, NUL, its bytes. Throws a UserError when it has no such form. */
export function encodeSecret({ persona, name, value }: PersonaSecret): Buffer {
	if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,62}$/.test(name)) throw new UserError(`"${name}" is no name of a secret of ${persona}`);
	const bytes = Buffer.concat([Buffer.from(`${name}\0`), value]);
	if (value.length > 0 && bytes.length <= VEIL_SECRET_BYTES) return bytes;
	throw new UserError(`secret ${name} of ${persona} has ${value.length} bytes; at most ${VEIL_SECRET_BYTES - name.length - 1} fit`);
}

/** Sends a secret to Veil. */
export type HandOver = (persona: number, secret: Buffer, answered: (answer: Answer) => void) => void;

/** What the bridge keeps for each persona. */
export class SecretKeeper {
	/** By persona, then by name. */
	private readonly kept = new Map<number, Map<string, Buffer>>();
	private readonly handOver: HandOver;

	constructor(handOver: HandOver) {
		this.handOver = handOver;
	}

	/** Keeps one, in place of an earlier one of that name, and tries to hand it over; false when it has no sound form. */
	keep(persona: number, secret: Buffer): boolean {
		const end = secret.indexOf(0);
		if (end < 1 || secret.length > VEIL_SECRET_BYTES) return false;
		const name = secret.toString("latin1", 0, end);
		const own = this.kept.get(persona) ?? new Map<string, Buffer>();
		this.kept.set(persona, own.set(name, Buffer.from(secret)));
		this.give(persona, secret);
		return true;
	}

	/** A persona's agent has just begun: it gets all there is. */
	agentIsThere(persona: number): void {
		for (const secret of this.kept.get(persona)?.values() ?? []) this.give(persona, secret);
	}

	private give(persona: number, secret: Buffer, tries = 3): void {
		this.handOver(persona, secret, ({ result }) => {
			// Refused: no agent is there yet, which will say when it is; or it has not taken the one before yet.
			if (result !== VEIL_RESULT_OK && tries > 1) setTimeout(() => this.give(persona, secret, tries - 1), 200).unref();
		});
	}
}

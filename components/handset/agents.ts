// SPDX-License-Identifier: Apache-2.0
// Everything the bridge does for the agents of personas: their owner ports and their secrets.
import { join } from "node:path";
import {
	VEIL_MUX_AGENT,
	VEIL_OP_SECRET,
	VEIL_RESULT_BAD_LENGTH,
	VEIL_RESULT_NO_SUCH_PERSONA,
	VEIL_RESULT_OK,
} from "../image/abi.ts";
import { AgentHub } from "./agent-hub.ts";
import type { Answer } from "./control-messages.ts";
import type { MuxLink } from "./link.ts";
import type { HandsetRecord } from "./record.ts";
import { SOCKET } from "./run-folder.ts";
import { type HandOver, SecretKeeper } from "./secrets.ts";

export class Agents {
	private readonly hubs: AgentHub[];
	private readonly secrets: SecretKeeper;

	/** `link` gives the line while there is one; `handOver` sends a secret to Veil. */
	constructor(record: HandsetRecord, link: () => MuxLink | undefined, handOver: HandOver) {
		this.secrets = new SecretKeeper(handOver);
		this.hubs = record.personas.map(({ name }, index) => {
			const channel = VEIL_MUX_AGENT + index;
			return new AgentHub(join(record.sockets, SOCKET.agent(index)), name, {
				send: (bytes) => link()?.send(channel, bytes),
				queued: () => link()?.queued(channel) ?? 0,
				drop: () => link()?.drop(channel),
				hold: (held) => link()?.hold(channel, held),
			});
		});
	}

	async listen(): Promise<void> {
		await Promise.all(this.hubs.map((hub) => hub.listen()));
	}

	close(): void {
		for (const hub of this.hubs) hub.close();
	}

	/** A payload of the line; false: it is not an owner port's. */
	payload(channel: number, payload: Buffer): boolean {
		const hub = this.hubs[channel - VEIL_MUX_AGENT];
		hub?.output(payload);
		return hub !== undefined;
	}

	/** Reads clients again whose words have gone. */
	resume(): void {
		for (const hub of this.hubs) hub.resume();
	}

	/** A new line, or one that has lost bytes. */
	lineLost(): void {
		for (const hub of this.hubs) hub.outOfStep("the line to the handset was interrupted");
	}

	/** A persona is not what it was: it ended, or began anew. */
	personaChanged(persona: number): void {
		this.hubs[persona]?.outOfStep("it has ended or begun anew");
	}

	/** Its agent says that it is there. */
	agentIsThere(persona: number): void {
		this.secrets.agentIsThere(persona);
	}

	/** The result of a request that is the bridge's to answer; undefined for all others. */
	answer({ op, persona, data }: Answer): number | undefined {
		if (op !== VEIL_OP_SECRET) return undefined;
		if (this.hubs[persona] === undefined) return VEIL_RESULT_NO_SUCH_PERSONA;
		return this.secrets.keep(persona, data) ? VEIL_RESULT_OK : VEIL_RESULT_BAD_LENGTH;
	}
}

// SPDX-License-Identifier: Apache-2.0
// What a persona's network card did, and what Veil refused, for people and as JSON.
import { type VeilNetworkStatus, veilProtocolNames } from "../image/abi.ts";
import { addressText } from "../image/policy-section.ts";

/** Frames, since the handset's boot. */
export interface NetworkReport {
	/** IPv4, as the network gave it; null while it has none. */
	readonly address: string | null;
	readonly sent: number;
	readonly received: number;
	readonly refused: Refused;
	/** What no rule allowed, the last one: protocol, address and port. */
	readonly lastRefused: string | null;
}

/** Frames Veil refused, by what refused them. */
export interface Refused {
	/** From the guest: nothing in the policy allows it. */
	readonly rule: number;
	/** From the guest, with another sender than itself. */
	readonly sender: number;
	/** From the guest, to another persona. */
	readonly neighbour: number;
	/** Of a kind that never passes, either way. */
	readonly kind: number;
	/** To the guest, answering nothing. */
	readonly unasked: number;
	/** To the guest, which had no room. */
	readonly room: number;
}

export function networkReport(status: VeilNetworkStatus): NetworkReport {
	const { lastFamily, lastProtocol, lastAddress, lastPort } = status;
	const protocol =
		veilProtocolNames
			.get(lastProtocol)
			?.replace(/^protocol/, "")
			.toLowerCase() ?? `protocol ${lastProtocol}`;
	const port = lastPort === 0 ? "" : ` port ${lastPort}`;
	return {
		address: status.hasAddress === 0 ? null : addressText(status.address, 4),
		sent: Number(status.sent),
		received: Number(status.received),
		refused: {
			rule: Number(status.refusedRule),
			sender: Number(status.refusedSource),
			neighbour: Number(status.refusedNeighbour),
			kind: Number(status.refusedKind),
			unasked: Number(status.refusedUnasked),
			room: Number(status.refusedRoom),
		},
		lastRefused: lastFamily === 0 ? null : `${protocol} ${addressText(lastAddress, lastFamily)}${port}`,
	};
}

/** One line for a person. */
export function networkLine({ address, sent, received, refused, lastRefused }: NetworkReport): string {
	const counts = Object.entries(refused).filter(([, count]) => count > 0);
	const what = counts.map(([cause, count]) => `${cause} ${count}`).join(", ");
	const last = lastRefused === null ? "" : ` (last by rule: ${lastRefused})`;
	return `${address ?? "no address"}, ${sent} out, ${received} in${what === "" ? "" : `; refused: ${what}${last}`}`;
}

// SPDX-License-Identifier: Apache-2.0
// What a screen switch costs: the other picture, keys released, and both events for whoever watches; and the command that asks for it.
import { join } from "node:path";
import { encodeRequest } from "../components/handset/control-messages.ts";
import { encodeFrame } from "../components/handset/mux.ts";
import { VEIL_MUX_CONTROL, VEIL_OP_SWITCH } from "../components/image/abi.ts";
import { hypervisorShare } from "./system.ts";
import { veilSystem } from "./veil.ts";

const COMMANDS = 64;
/** What is on the line arrives when this machine lets it, and where that is late Veil does other things meanwhile: the least of so many runs counts. */
const ROUNDS = 8;

/** Instructions of Veil. */
export interface ScreenSwitch {
	/** From knowing who shall be in front to having shown and told it. */
	switching: number;
	/** To take a command from the line and answer it. */
	command: number;
}

/**
 * Counts runs that differ in what arrives on the line: nothing, commands to switch to who is in front already, and commands that
 * switch each time.
 *
 * @throws Error when even so a difference is not that of what was asked
 */
export async function measureScreenSwitch(veil: string, plugin: string, folder: string, guests: string): Promise<ScreenSwitch> {
	const run = async (personas: readonly number[]): Promise<number> => {
		const frames = personas.map((persona, n) => encodeFrame(VEIL_MUX_CONTROL, encodeRequest(VEIL_OP_SWITCH, persona, n + 1)));
		const system = veilSystem(veil, plugin, folder, { bridge: true, screen: true, requests: Buffer.concat(frames) });
		// They wait for their timers, so that nearly all Veil does is what it is asked to.
		const waits = { kernel: join(guests, "micro.img"), arguments: "parts=16 rounds=100", memoryMiB: 64 };
		return hypervisorShare(await system.run({ guests: [waits, waits], stop: { mark: 0x01, times: 1 }, counterHz: 1_000_000_000 }));
	};
	const commands = Array.from({ length: COMMANDS }, (_, n) => n);
	const least = async (personas: readonly number[]) => {
		const runs: number[] = [];
		for (let round = 0; round < ROUNDS; round++) runs.push(await run(personas));
		return Math.min(...runs);
	};
	const nothing = await least([]);
	const inFront = await least(commands.map(() => 0));
	const other = await least(commands.map((n) => (n + 1) % 2));
	const cost = { switching: Math.round((other - inFront) / COMMANDS), command: Math.round((inFront - nothing) / COMMANDS) };
	if (cost.switching <= 0 || cost.command <= 0)
		throw new Error(`screen switches were not measured: ${nothing}, ${inFront}, ${other}`);
	return cost;
}

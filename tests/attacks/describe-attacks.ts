// SPDX-License-Identifier: Apache-2.0
// The attack suite as tests: waves against a declared phone's board and policy, and a table at the end.
// PERSONA_FUZZ_SEED says other seeds, PERSONA_FUZZ_STEPS longer runs.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadAndCheckPhone } from "../../components/policy/index.ts";
import { openWorkshop, type Workshop } from "../guests/phone.ts";
import type { AttackTarget, Wave } from "./catalogue.ts";
import { runWave, table, type WaveResult } from "./suite.ts";

/** `phone`: path of its document, which is for the board. */
export function describeAttacks(board: Parameters<typeof openWorkshop>[0], phone: string, waves: readonly Wave[]): void {
	const first = Number(process.env.PERSONA_FUZZ_SEED ?? 1);
	const steps = Number(process.env.PERSONA_FUZZ_STEPS ?? 10_000);
	const results: WaveResult[] = [];
	let workshop: Workshop;
	let target: AttackTarget;

	beforeAll(async () => {
		workshop = await openWorkshop(board);
		const { resolved } = await loadAndCheckPhone(phone);
		if (resolved === undefined) throw new Error("the phone has problems");
		target = { board: resolved.board.document, policy: resolved.policy.document };
	});
	afterAll(() => {
		workshop?.close();
		console.log(
			`What was tried, and what stopped it (${target.board.name}, policy ${target.policy.name}, ${steps} steps a seed):\n\n${table(results)}\n`,
		);
	});

	const runs = waves.flatMap((wave) =>
		(wave.isRandom ? [first, first + 1] : [first]).map((seed) => ({ wave, seed, what: wave.what })),
	);

	describe.each(runs)("attacks on $what, seed $seed", ({ wave, seed }) => {
		it("are contained", async () => {
			const result = await runWave(workshop, target, wave, { seed, steps });
			results.push(result);
			expect(result.attacks.filter(({ problems }) => problems.length > 0)).toEqual([]);
			expect(result.neighbour.problems).toEqual([]);
			expect(result.status.problems).toEqual([]);
			expect(result.status.answers).toBeGreaterThan(0);
		}, 600_000);
	});
}

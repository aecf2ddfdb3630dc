// SPDX-License-Identifier: Apache-2.0
// The attack suite on the declared phone's board and policy: every attack is contained, the neighbour keeps its share, `status` answers throughout.
// PERSONA_ATTACK_PHONE names another phone document, PERSONA_FUZZ_SEED other seeds, PERSONA_FUZZ_STEPS longer runs.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadAndCheckPhone } from "../../components/policy/index.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { type AttackTarget, WAVES } from "../attacks/catalogue.ts";
import { runWave, table, type WaveResult } from "../attacks/suite.ts";
import { openWorkshop, type Workshop } from "../guests/phone.ts";

const first = Number(process.env.PERSONA_FUZZ_SEED ?? 1);
const steps = Number(process.env.PERSONA_FUZZ_STEPS ?? 10_000);
const results: WaveResult[] = [];
let workshop: Workshop;
let target: AttackTarget;

beforeAll(async () => {
	workshop = await openWorkshop();
	const { resolved } = await loadAndCheckPhone(process.env.PERSONA_ATTACK_PHONE ?? join(packageRoot(), "stacks/dev.phone.yaml"));
	if (resolved === undefined) throw new Error("the phone has problems");
	target = { board: resolved.board.document, policy: resolved.policy.document };
});
afterAll(() => {
	workshop?.close();
	console.log(
		`What was tried, and what stopped it (${target.board.name}, policy ${target.policy.name}, ${steps} steps a seed):\n\n${table(results)}\n`,
	);
});

const runs = WAVES.flatMap((wave) =>
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

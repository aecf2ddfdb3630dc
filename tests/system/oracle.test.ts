// SPDX-License-Identifier: Apache-2.0
// Veil's ARM1136 against QEMU's: random instructions, tables and CP15 operations, natively and in a persona, give the same registers, memory, aborts and
// fault registers. `npm run test:oracle` runs 10,000 cases with each seed; PERSONA_ORACLE_CASES and PERSONA_FUZZ_SEED say others.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildVeil } from "../../bench/build.ts";
import { loadLock, openStore } from "../../components/image/index.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { silent } from "../../components/util/progress.ts";
import { differences, explain, type Oracle, openOracle } from "../oracle/oracle.ts";

const count = Number(process.env.PERSONA_ORACLE_CASES ?? 1000);
const first = Number(process.env.PERSONA_FUZZ_SEED ?? 1);
const folder = mkdtempSync(join(tmpdir(), "persona-oracle-"));
let oracle: Oracle;

beforeAll(async () => {
	const projectDir = packageRoot();
	const context = { store: await openStore(), lock: await loadLock(projectDir), progress: silent, projectDir };
	oracle = await openOracle(folder, await buildVeil(context, "n800"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([first, first + 1])("seed %i", (seed) => {
	it(`${count} cases end as on the bare machine`, async () => {
		const cases = { seed, first: 0, count };
		const [bare, hosted] = await Promise.all([oracle.bare(cases), oracle.hosted(cases)]);
		expect(bare).toHaveLength(count);
		const different = differences(bare, hosted);
		console.log(`oracle, seed ${seed}: ${count - different.length} of ${count} cases are the same`);
		const shown: string[] = [];
		for (const number of different.slice(0, 3)) shown.push(await explain(oracle, seed, number));
		expect(different, shown.join("\n\n")).toEqual([]);
	}, 3_600_000);
});

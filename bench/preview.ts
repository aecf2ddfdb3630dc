// SPDX-License-Identifier: Apache-2.0
// How long `pulumi preview` of an unchanged phone takes beside an empty program with the same runtime options: `node bench/preview.ts`.
import { CliProject, EMPTY_PROGRAM, PHONE_PROGRAM } from "../tests/system/cli-project.ts";

const ROUNDS = 7;
const TARGET = 1.5;

/** A stack in a project of its own, up. */
async function prepared(program: string): Promise<CliProject> {
	const project = new CliProject(program);
	await checked(project.pulumi("stack", "init", "dev", "--non-interactive"));
	await checked(project.pulumi("up", "--stack", "dev", "--yes", "--skip-preview", "--non-interactive"));
	return project;
}

async function checked(result: ReturnType<CliProject["pulumi"]>): Promise<number> {
	const { status, output, took } = await result;
	if (status !== 0) throw new Error(output);
	return took;
}

function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const preview = (project: CliProject) =>
	checked(project.pulumi("preview", "--stack", "dev", "--non-interactive", "--expect-no-changes"));
const empty = await prepared(EMPTY_PROGRAM);
const phone = await prepared(PHONE_PROGRAM);
try {
	const times = { empty: [] as number[], phone: [] as number[] };
	// By turns, so that whatever else the machine does slows both.
	for (let round = 0; round < ROUNDS; round++) {
		times.empty.push(await preview(empty));
		times.phone.push(await preview(phone));
	}
	const ratio = median(times.phone) / median(times.empty);
	const seconds = (values: readonly number[]) => (median(values) / 1000).toFixed(2);
	console.log(`preview, nothing changed, median of ${ROUNDS}`);
	console.log(`  empty program     ${seconds(times.empty)} s`);
	console.log(`  phone, 2 personas ${seconds(times.phone)} s`);
	console.log(`  ratio             ${ratio.toFixed(2)}, target ≤ ${TARGET}: ${ratio <= TARGET ? "met" : "missed"}`);
	process.exitCode = ratio <= TARGET ? 0 : 1;
} finally {
	await phone.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview", "--non-interactive");
	phone.remove();
	empty.remove();
}

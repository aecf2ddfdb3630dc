// SPDX-License-Identifier: Apache-2.0
// How long `pulumi preview` of an unchanged phone takes beside an empty program with the same runtime options: `node bench/preview.ts`.
import { CliProject, EMPTY_PROGRAM, NO_PROGRAM, PHONE_PROGRAM } from "../tests/system/cli-project.ts";

const ROUNDS = 7;
const TARGET = 1.5;

/** Makes a stack, up. */
async function prepare(project: CliProject): Promise<void> {
	await checked(project.pulumi("stack", "init", "dev", "--non-interactive"));
	await checked(project.pulumi("up", "--stack", "dev", "--yes", "--skip-preview", "--non-interactive"));
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
const projects: CliProject[] = [];
try {
	const times: { name: string; project: CliProject; took: number[] }[] = [];
	for (const [name, program] of [
		["no SDK, no resource", NO_PROGRAM],
		["empty program", EMPTY_PROGRAM],
		["phone, 2 personas", PHONE_PROGRAM],
	] as const) {
		const project = new CliProject(program);
		projects.push(project);
		await prepare(project);
		times.push({ name, project, took: [] });
	}
	// By turns, so that whatever else the machine does slows all.
	for (let round = 0; round < ROUNDS; round++) for (const { project, took } of times) took.push(await preview(project));
	console.log(`preview, nothing changed, median of ${ROUNDS}`);
	for (const { name, took } of times) console.log(`  ${name.padEnd(20)} ${(median(took) / 1000).toFixed(2)} s`);
	const [least, empty, phone] = times.map(({ took }) => median(took));
	const ratio = (phone ?? Number.NaN) / (empty ?? Number.NaN);
	console.log(`  phone : empty        ${ratio.toFixed(2)}, target ≤ ${TARGET}: ${ratio <= TARGET ? "met" : "missed"}`);
	console.log(`  phone : no SDK       ${((phone ?? Number.NaN) / (least ?? Number.NaN)).toFixed(2)}`);
	process.exitCode = ratio <= TARGET ? 0 : 1;
} finally {
	for (const project of projects) {
		await project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview", "--non-interactive");
		project.remove();
	}
}

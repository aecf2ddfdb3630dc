// SPDX-License-Identifier: Apache-2.0
// What a user of Pulumi waits for, in wall time: each row beside something else measured in the same run, or against a limit.
import { glob, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive } from "../components/util/alive.ts";
import { packageRoot } from "../components/util/paths.ts";
import { run } from "../components/util/process.ts";
import type { Progress } from "../components/util/progress.ts";
import { CliProject, EMPTY_PROGRAM, PHONE_PROGRAM } from "../tests/system/cli-project.ts";
import { warmStore } from "../tests/system/warm-store.ts";
import { MARK } from "../tools/leftovers.mjs";
import { median } from "./count.ts";
import { peakMemory } from "./peak-memory.ts";
import { bytes, seconds, type TimeRow } from "./table.ts";

const ROUNDS = 7;
const UP_FROM_NOTHING_MS = 30_000;
const CHECKED_PERSONAS = 1000;
const CHECK_MS = 2000;
/** Handsets in one program: the cost of the second half is compared with that of the first. */
const HANDSETS = [1, 50, 100] as const;
const MEMORY_BYTES = 2 ** 30;

const times = (value: number) => `${value.toFixed(2)}×`;

/** A row whose target is a multiple of what stands beside it. */
function relative(name: string, measured: number, beside: number, atMost: number): TimeRow {
	if (!(beside > 0 && measured > 0))
		throw new Error(`${name}: ${seconds(measured)} beside ${seconds(beside)} says nothing; is the machine busy?`);
	const judged = measured / beside;
	const show = (value: number) => (value === measured ? `${seconds(value)} (${times(judged)})` : seconds(value));
	return { name, beside, measured, judged, atMost, show, target: `≤ ${times(atMost)}` };
}

const flags = ["--stack", "dev", "--non-interactive"];
const preview = (project: CliProject, ...more: string[]) => checked(project, "preview", ...flags, ...more);
const up = (project: CliProject) => checked(project, "up", "--yes", "--skip-preview", ...flags);

/** An `up` that has to update so many resources and no other; gives how long it took. */
async function upThatUpdates(project: CliProject, count: number): Promise<number> {
	const { output, took } = await up(project);
	if (count === 0 ? / (created|updated|deleted)$/m.test(output) : !new RegExp(`^ +~ ${count} updated$`, "m").test(output))
		throw new Error(`${count} resources should have been updated:\n${output}`);
	return took;
}

/** Runs `pulumi` and gives how long it took, in milliseconds, and what it said. */
async function checked(project: CliProject, ...args: string[]): Promise<{ took: number; output: string }> {
	const { status, output, took } = await project.pulumi(...args);
	if (status !== 0) throw new Error(`pulumi ${args.join(" ")}\n${output}`);
	return { took, output };
}

/** Gives `work` a project with a stack, and takes everything away afterwards. */
async function withProject<T>(program: string, work: (project: CliProject) => Promise<T>): Promise<T> {
	const project = new CliProject(program);
	try {
		await checked(project, "stack", "init", ...flags.slice(1));
		return await work(project);
	} finally {
		await project.pulumi("destroy", "--yes", "--skip-preview", ...flags);
		project.remove();
	}
}

/** From nothing but downloads to two personas that are READY: `up` ends when they are. */
async function upFromNothing(project: CliProject): Promise<TimeRow> {
	await warmStore(join(project.env.PERSONA_CACHE_DIR ?? "", "store"));
	const { took } = await up(project);
	const name = "`pulumi up` from nothing, downloads cached, to both READY";
	return { name, measured: took, atMost: UP_FROM_NOTHING_MS, show: seconds };
}

/** By turns, so that whatever else the machine does slows both. */
async function unchangedPreview(project: CliProject): Promise<TimeRow> {
	return withProject(EMPTY_PROGRAM, async (empty) => {
		await up(empty);
		const took: Record<"phone" | "empty", number[]> = { phone: [], empty: [] };
		for (let round = 0; round < ROUNDS; round++) {
			took.empty.push((await preview(empty, "--expect-no-changes")).took);
			took.phone.push((await preview(project, "--expect-no-changes")).took);
		}
		return relative("`pulumi preview`, nothing changed; beside an empty program", median(took.phone), median(took.empty), 1.5);
	});
}

/** Kills what runs, and waits until it is gone: a process that has files to write out may take a while to end. */
async function killQemu(project: CliProject): Promise<void> {
	const runs = join(project.env.XDG_STATE_HOME ?? "", "persona", "run");
	const killed: number[] = [];
	for await (const file of glob("*/qemu.pid", { cwd: runs })) {
		const pid = Number(await readFile(join(runs, file), "utf8"));
		process.kill(pid, "SIGKILL");
		killed.push(pid);
	}
	if (killed.length === 0) throw new Error("no QEMU runs that could be killed");
	while (killed.some((pid) => isAlive(pid))) await delay(10);
}

/** What an `up` takes beyond one with nothing to do, after the hotkey was changed and, beside it, after QEMU was killed: that is a boot. */
async function policyChange(project: CliProject): Promise<TimeRow> {
	const policy = join(project.folder, "personas", "policy.yaml");
	const text = await readFile(policy, "utf8");
	const took: Record<"nothing" | "boot" | "policy", number[]> = { nothing: [], boot: [], policy: [] };
	for (let round = 0; round < 3; round++) {
		took.nothing.push(await upThatUpdates(project, 0));
		await killQemu(project);
		took.boot.push(await upThatUpdates(project, 1));
		await writeFile(policy, text.replace(/hotkey: .*?\]/, `hotkey: [${round % 2 === 0 ? "home, home" : "power, power"}]`));
		took.policy.push(await upThatUpdates(project, 2)); // the image and the deployment, no guest
	}
	const nothing = median(took.nothing);
	const name = "the policy changed: recompose and switch over; beside a boot";
	return relative(name, median(took.policy) - nothing, median(took.boot) - nothing, 2);
}

const manyPhones = (count: number) => `import * as persona from "@components";
for (let n = 0; n < ${count}; n++) new persona.Phone(\`phone-\${n}\`, { phone: "stacks/dev.phone.yaml" });
`;

/** Previews of programs with many phones: how time grows, and what all processes of the largest take together. */
async function manyHandsets(): Promise<TimeRow[]> {
	const took = new Map<number, number[]>(HANDSETS.map((count) => [count, []]));
	let memory = 0;
	for (let round = 0; round < 3; round++) {
		for (const [count, all] of took) {
			await withProject(manyPhones(count), async (project) => {
				project.env[MARK] = `bench-${process.pid}-${count}-${round}`;
				const { result, peak } = await peakMemory(project.env[MARK], () => preview(project));
				if (count === HANDSETS[2]) memory = Math.max(memory, peak);
				all.push(result.took);
			});
		}
	}
	const [one = 0, half = 0, whole = 0] = HANDSETS.map((count) => median(took.get(count) ?? []));
	const each = (from: number, to: number, count: number) => (to - from) / count;
	const first = each(one, half, HANDSETS[1] - HANDSETS[0]);
	const second = each(half, whole, HANDSETS[2] - HANDSETS[1]);
	return [
		{ name: `\`pulumi preview\` of ${HANDSETS[2]} new handsets; beside one`, beside: one, measured: whole, show: seconds },
		relative("  a handset of the second fifty; beside one of the first", second, first, 1.5),
		{ name: "  memory of all its processes, at most", measured: memory, atMost: MEMORY_BYTES, show: bytes },
	];
}

/** The command as users run it, on documents that differ. */
async function manyDocuments(): Promise<TimeRow> {
	const folder = await mkdtemp(join(tmpdir(), "persona-bench-documents-"));
	try {
		const text = await readFile(join(packageRoot(), "personas", "work.yaml"), "utf8");
		const files = await Promise.all(
			Array.from({ length: CHECKED_PERSONAS }, async (_, n) => {
				const file = join(folder, `p${n}.yaml`);
				await writeFile(
					file,
					text.replace("name: work", `name: work-${n}`).replace("./work", join(packageRoot(), "personas/work")),
				);
				return file;
			}),
		);
		const took: number[] = [];
		for (let round = 0; round < 3; round++) {
			const begun = performance.now();
			await run(process.execPath, [join(packageRoot(), "bin", "persona.mjs"), "check", ...files]);
			took.push(performance.now() - begun);
		}
		const name = `\`persona check\` of ${CHECKED_PERSONAS.toLocaleString("en-US")} persona documents`;
		return { name, measured: median(took), atMost: CHECK_MS, show: seconds };
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

/** All rows. */
export async function measureInfrastructure(say: Progress): Promise<TimeRow[]> {
	const cache = await mkdtemp(join(tmpdir(), "persona-bench-cache-"));
	try {
		const rows = await withProject(PHONE_PROGRAM, async (project) => {
			project.env.PERSONA_CACHE_DIR = cache;
			say("pulumi up from nothing");
			const first = await upFromNothing(project);
			say("pulumi preview beside an empty program");
			const second = await unchangedPreview(project);
			say("pulumi up after a change of the policy");
			return [second, await policyChange(project), first];
		});
		say("previews of many handsets");
		rows.push(...(await manyHandsets()));
		say("checking many documents");
		return [...rows, await manyDocuments()];
	} finally {
		await rm(cache, { recursive: true, force: true });
	}
}

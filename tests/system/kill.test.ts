// SPDX-License-Identifier: Apache-2.0
// `pulumi up` killed at random moments, again and again; then one `npm run up` puts everything right and nothing is left over.
//
// PERSONA_KILLS says how often (`npm run test:kill`: 50), PERSONA_SEED repeats a run.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAlive, packageRoot } from "../../components/util/index.ts";
import { MARK, markedProcesses } from "../../tools/leftovers.mjs";
import { persona } from "../cli/run.ts";
import { CliProject, PHONE_PROGRAM } from "./cli-project.ts";

const kills = Number(process.env.PERSONA_KILLS ?? 5);
const seed = Number(process.env.PERSONA_SEED ?? Date.now() % 1_000_000);
/** How many of them come while the phone has not been up yet. */
const early = Math.ceil(kills / 5);
/** How much of a run may be left to chance before the engine of it is killed, in milliseconds; once a run has ended, what that took. */
let window = 12_000;

const mark = `kill-${process.pid}`;
let project: CliProject;

/** What is on a volume must outlive all of it, so work has one. */
const VOLUME = "storage:\n  - { name: data, sizeMiB: 64, mount: /data, encrypted: true, onDelete: wipe }\n";

beforeAll(() => {
	project = new CliProject(PHONE_PROGRAM);
	project.env[MARK] = mark;
	project.env.PERSONA_PROJECT = project.folder;
	const work = readFileSync(join(packageRoot(), "personas/work.yaml"), "utf8");
	project.write("personas/work.yaml", `${work}${VOLUME}`);
});

afterAll(() => {
	for (const { pid } of markedProcesses(mark)) process.kill(pid, "SIGKILL");
	project.remove();
});

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function random(state: number): () => number {
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
	};
}

/** Starts `npm run up`. */
function up() {
	const child = spawn(process.execPath, [join(packageRoot(), "tools/up.mjs")], {
		cwd: project.folder,
		env: project.env,
		stdio: ["ignore", "pipe", "pipe"],
	});
	let output = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8").on("data", (text: string) => {
			output += text;
		});
	}
	const run = { pid: child.pid ?? 0, running: true };
	const ended = new Promise<{ status: number | null; output: string }>((settle) =>
		child.once("close", (status) => {
			run.running = false;
			settle({ status, output });
		}),
	);
	return { run, ended };
}

/** Waits until `npm run up` has started its `pulumi up`, which is not the first command of the engine it starts. */
async function engineOf(run: { readonly pid: number; readonly running: boolean }): Promise<number | undefined> {
	while (run.running) {
		const found = engines(run.pid)[0];
		if (found !== undefined) return found;
		await delay(20);
	}
	return undefined;
}

/** Processes `pulumi up` that this process has started and that run now. */
function engines(parent: number): number[] {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.map(Number)
		.filter((pid) => {
			try {
				const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
				const isChild = Number(stat.slice(stat.lastIndexOf(")") + 4).split(" ")[0]) === parent;
				return isChild && readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("pulumi\0up\0") && isAlive(pid);
			} catch {
				return false;
			}
		});
}

/** Kills so many runs of `pulumi up` that have something to do, each at a random moment of it; a run that was quicker does not count. */
async function killed(count: number, next: () => number): Promise<void> {
	for (let done = 0, tries = 0; done < count; tries++) {
		expect(tries, "runs that ended before they were killed").toBeLessThan(10 + 3 * count);
		// Something to do, now for one persona, now for the other.
		project.write(`personas/${next() < 0.5 ? "work" : "personal"}/etc/motd`, `change ${count} ${tries}\n`);
		const { run, ended } = up();
		const engine = await engineOf(run);
		const begun = performance.now();
		await Promise.race([ended, delay(next() * window)]);
		if (engine === undefined || !run.running || !isAlive(engine)) {
			window = performance.now() - begun;
		} else {
			process.kill(engine, "SIGKILL");
			done++;
		}
		await ended;
	}
}

/** One run repairs it all: everything is as declared, and one handset runs with nothing of the killed runs beside it. */
async function repaired(): Promise<void> {
	const { output, status } = await up().ended;
	expect(output).toMatch(/as declared/);
	expect(status).toBe(0);
	expect(output).toMatch(/work +running, READY/);
	expect(output).toMatch(/personal +running, READY/);
	await expect
		.poll(() => commands().filter((command) => !/qemu-system-aarch64|bridge/.test(command)), { timeout: 5_000 })
		.toEqual([]);
	expect(commands().filter((command) => command.includes("qemu-system-aarch64"))).toHaveLength(1);
}

/** What a shell in work says to a command. */
async function inWork(script: string): Promise<string> {
	const { status, stdout, stderr } = await persona(["exec", "work", "--", "sh", "-c", script], {
		cwd: project.folder,
		env: project.env,
	});
	expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
	return stdout;
}

const commands = () => markedProcesses(mark).map(({ command }) => command);

test(
	`${kills} kills (seed ${seed}), then one \`npm run up\`: as declared, nothing orphaned, nothing lost`,
	async () => {
		const next = random(seed);
		// given a phone that was killed before it had ever been up, and then comes up
		await killed(early, next);
		await repaired();
		await inWork("echo kept > /data/note && sync");
		// when more runs are killed, and one is not
		await killed(kills - early, next);
		await repaired();
		// then what was written is there
		expect(await inWork("cat /data/note")).toBe("kept\n");
		// and nothing is left to do
		expect((await up().ended).output).toContain("is unchanged");
		// and destroy takes everything away
		const state = join(project.folder, ".state");
		expect(readdirSync(state)).toContain(".pulumi");
		const destroyed = await project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview", "--non-interactive");
		expect(destroyed).toMatchObject({ status: 0 });
		await expect.poll(commands, { timeout: 5_000 }).toEqual([]);
	},
	240_000 + kills * 60_000,
);

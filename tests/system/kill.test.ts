// SPDX-License-Identifier: Apache-2.0
// `pulumi up` killed at random moments, again and again; then one `npm run up` puts everything right and nothing is left over.
//
// PERSONA_KILLS says how often (`npm run test:kill`: 50), PERSONA_SEED repeats a run.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAlive, packageRoot } from "../../components/util/index.ts";
import { MARK, markedProcesses } from "../../tools/leftovers.mjs";
import { CliProject, PHONE_PROGRAM } from "./cli-project.ts";

const kills = Number(process.env.PERSONA_KILLS ?? 5);
const seed = Number(process.env.PERSONA_SEED ?? Date.now() % 1_000_000);
/** Kills come within this time of the start, in milliseconds: what an `up` with something to do takes. */
const WINDOW_MS = 12_000;

const mark = `kill-${process.pid}`;
let project: CliProject;

beforeAll(() => {
	project = new CliProject(PHONE_PROGRAM);
	project.env[MARK] = mark;
	project.env.PERSONA_PROJECT = project.folder;
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
	const ended = new Promise<{ status: number | null; output: string }>((settle) =>
		child.once("close", (status) => settle({ status, output })),
	);
	return { pid: child.pid ?? 0, ended };
}

/** The engine that this `npm run up` has started and that runs now, if any. */
function engineOf(parent: number): number | undefined {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.map(Number)
		.find((pid) => {
			try {
				const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
				return stat.includes("(pulumi)") && Number(stat.slice(stat.lastIndexOf(")") + 4).split(" ")[0]) === parent && isAlive(pid);
			} catch {
				return false;
			}
		});
}

const commands = () => markedProcesses(mark).map(({ command }) => command);

test(
	`${kills} kills (seed ${seed}), then one \`npm run up\`: as declared, nothing orphaned`,
	async () => {
		const next = random(seed);
		for (let i = 0; i < kills; i++) {
			// given something to do, now for one persona, now for the other
			const persona = next() < 0.5 ? "work" : "personal";
			project.write(`personas/${persona}/etc/motd`, `change ${i}\n`);
			// when the engine is killed at some moment, if it still runs then
			const running = up();
			await Promise.race([running.ended, new Promise((settle) => setTimeout(settle, next() * WINDOW_MS))]);
			const engine = engineOf(running.pid);
			if (engine !== undefined) process.kill(engine, "SIGKILL");
			await running.ended;
		}
		// then one run repairs it all
		const last = await up().ended;
		expect(last.output).toMatch(/as declared/);
		expect(last.status).toBe(0);
		expect(last.output).toMatch(/work +running, READY/);
		expect(last.output).toMatch(/personal +running, READY/);
		// and one handset runs, with nothing of the killed runs beside it
		await expect
			.poll(() => commands().filter((command) => !/qemu-system-aarch64|bridge/.test(command)), { timeout: 5_000 })
			.toEqual([]);
		expect(commands().filter((command) => command.includes("qemu-system-aarch64"))).toHaveLength(1);
		// and nothing is left to do
		expect((await up().ended).output).toContain("is unchanged");
		// and destroy takes everything away
		const state = join(project.folder, ".state");
		expect(readdirSync(state)).toContain(".pulumi");
		const destroyed = await project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview", "--non-interactive");
		expect(destroyed).toMatchObject({ status: 0 });
		await expect.poll(commands, { timeout: 5_000 }).toEqual([]);
	},
	120_000 + kills * 60_000,
);

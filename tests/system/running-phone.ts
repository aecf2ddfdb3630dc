// SPDX-License-Identifier: Apache-2.0
// A phone of one of the stacks that a test file starts, types at and kills, in a state folder of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { handsetDir, handsetEndpoints, observeHandset, removeHandset, startHandset } from "../../components/handset/index.ts";
import { waitUntil } from "../../components/handset/processes.ts";
import { findOwnProcesses } from "../../components/handset/qemu.ts";
import { SOCKET, socketDir } from "../../components/handset/run-folder.ts";
import { runRoot } from "../../components/util/paths.ts";
import { persona } from "../cli/run.ts";
import { connection } from "../connection.ts";
import { askQemu } from "../guests/ask-qemu.ts";
import { type DemoPhone, demoPhone } from "./demo-phone.ts";

export interface RunningPhone extends DemoPhone {
	/** Where the test may leave files, too. */
	readonly state: string;
	start(): ReturnType<typeof startHandset>;
	/** Types on a persona's console and gives what it wrote from then on until the pattern came behind the echo of what was typed. */
	type(name: string, text: string, pattern: RegExp): Promise<string>;
	/** Presses keys of the phone one after the other, by QEMU's names for them: as fast as QEMU goes, however busy the host is. */
	press(...keys: string[]): Promise<void>;
	/** Puts a finger on the screen and takes it off again; of both axes 0x7fff is the end. */
	touch(x: number, y: number): Promise<void>;
	/** Lets the kernel of persona `work` panic, which is the first, and waits until it is READY again. */
	panicWork(): Promise<void>;
	/** Removes everything; fails when a process was left. */
	close(): Promise<void>;
}

/** Builds the phone's image and starts it. `file`: the document of another phone than the demo. */
export async function runningPhone(id: string, file?: string): Promise<RunningPhone> {
	const before = process.env.PERSONA_STATE_DIR;
	const state = mkdtempSync(join(tmpdir(), "persona-test-"));
	process.env.PERSONA_STATE_DIR = state;
	const phone = await demoPhone(id, file);
	const start = () => startHandset(phone.spec, phone.image, { personas: phone.personas });
	const type = async (name: string, text: string, pattern: RegExp) => {
		const socket = connection((await handsetEndpoints(id)).consoles[name] ?? "");
		let heard = "";
		socket.on("data", (bytes) => {
			heard += bytes.toString("latin1");
		});
		socket.write(text);
		await until(() => heard.includes("\n") && pattern.test(heard.slice(heard.indexOf("\n") + 1)));
		socket.destroy();
		return heard;
	};
	await start();
	return {
		...phone,
		state,
		start,
		type,
		touch: async (x, y) => {
			const send = (...events: unknown[]) => askQemu(join(socketDir(handsetDir(id)), SOCKET.qmp), "input-send-event", { events });
			const finger = (down: boolean) => ({ type: "btn", data: { down, button: "left" } });
			const at = (axis: string, value: number) => ({ type: "abs", data: { axis, value } });
			// Longer, down and up, than a tablet of 2007 takes to look: else it sees a finger that moves on instead of two.
			await send(at("x", x), at("y", y), finger(true));
			await new Promise((resolve) => setTimeout(resolve, 100));
			await send(finger(false));
			await new Promise((resolve) => setTimeout(resolve, 100));
		},
		press: async (...keys) => {
			const presses = keys.map((key) => ({ keys: [{ type: "qcode", data: key }] }));
			await askQemu(join(socketDir(handsetDir(id)), SOCKET.qmp), "send-key", ...presses);
		},
		panicWork: async () => {
			await type("work", "echo c > /proc/sysrq-trigger\n", /./);
			await until(async () => {
				const [work] = (await observeHandset(id)).personas;
				return work?.restarts === 1 && work.ready;
			});
		},
		close: async () => {
			await removeHandset(id);
			const left = findOwnProcesses(runRoot());
			for (const { identity } of left) process.kill(identity.pid, "SIGKILL");
			rmSync(state, { recursive: true, force: true });
			if (before === undefined) delete process.env.PERSONA_STATE_DIR;
			else process.env.PERSONA_STATE_DIR = before;
			expect(left).toEqual([]);
		},
	};
}

export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
	expect(await waitUntil(what, { deadlineMs: 60_000, everyMs: 100 })).toBe(true);
}

/** Kills the one bridge or QEMU there is, and comes back when none is left; fails when there is none. */
export async function killOurs(kind: "bridge" | "qemu"): Promise<void> {
	const ours = () => findOwnProcesses(runRoot()).filter(({ what }) => what === kind);
	const [found] = ours();
	if (found === undefined) throw new Error(`there is no ${kind} to kill`);
	process.kill(found.identity.pid, "SIGKILL");
	await until(() => ours().length === 0);
}

/** Kills the one QEMU there is, and comes back when its bridge has gone with it. */
export async function killQemu(): Promise<void> {
	await killOurs("qemu");
	await until(() => findOwnProcesses(runRoot()).length === 0);
}

/** What `persona status` has at least to say of a phone whose personas `work` and `personal` are up, the latter in front. */
export async function expectBothReady(expected: object): Promise<void> {
	const { stdout } = await persona(["status", "--json"]);
	expect(JSON.parse(stdout)).toMatchObject({
		...expected,
		personas: [
			{ name: "work", state: "running", ready: true, foreground: false, restarts: 0, lastFault: null },
			{ name: "personal", state: "running", ready: true, foreground: true, restarts: 0, lastFault: null },
		],
	});
}

/** Stops and starts persona `personal` by command, and moves the foreground to `work`. */
export async function expectCommandsWork(id: string): Promise<void> {
	expect((await persona(["stop", "personal"])).stdout).toBe("personal is stopped\n");
	expect(await observeHandset(id)).toMatchObject({ personas: [{ ready: true }, { state: "stopped", ready: false }] });
	expect((await persona(["start", "personal"])).stdout).toBe("personal is running\n");
	await persona(["switch", "work"]);
	await until(async () => (await observeHandset(id)).personas[1]?.ready === true);
	expect((await observeHandset(id)).foreground).toBe("work");
}

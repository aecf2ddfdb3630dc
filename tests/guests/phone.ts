// SPDX-License-Identifier: Apache-2.0
// A phone of test guests on the real Veil in the real QEMU, with what a test wants to know of it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	type ControlClient,
	controlClient,
	createHandset,
	HANDSET_FILES,
	handsetDir,
	handsetEndpoints,
	lastLines,
	removeHandset,
	startHandset,
} from "../../components/handset/index.ts";
import { waitUntil } from "../../components/handset/processes.ts";
import { SOCKET, socketDir } from "../../components/handset/run-folder.ts";
import { makeVolume } from "../../components/handset/volumes.ts";
import { buildHypervisor, flashEmulated, hypervisorInputs, loadLock, openStore } from "../../components/image/index.ts";
import { optional } from "../../components/image/optional.ts";
import type { Sharing } from "../../components/image/policy-section.ts";
import { boardByName } from "../../components/manifest/index.ts";
import { sha256File } from "../../components/util/digest.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { silent } from "../../components/util/progress.ts";
import { composeDev, type DevPersona } from "../../tools/compose-dev.ts";
import { connection } from "../connection.ts";
import { askQemu } from "./ask-qemu.ts";
import { builtGuests } from "./built.ts";

/** By board: what has its guests, and what they are. */
const BOARDS = {
	"qemu-virt": { guests: "tests/guests", suffix: "img", cpu: "cortex-a57", memoryMiB: 32 },
	n800: { guests: "tests/guests/armv6", suffix: "elf", cpu: "arm1136-r2", memoryMiB: 8 },
} as const;

/** A persona that runs one of the board's test programs, or a kernel from elsewhere. */
export interface GuestPersona extends Omit<DevPersona, "kernel" | "name" | "commandLine"> {
	/** Name of the program without `.c`; of somebody else's kernel any name. */
	guest: string;
	/** Path of a kernel that is not built from tests/guests. */
	kernel?: string;
	/** Default: the program's name. */
	name?: string;
	/** Boot arguments. */
	words?: string;
}

/** Guests and Veil, built; and a state folder of its own for handsets. */
export interface Workshop {
	start(personas: readonly GuestPersona[], options?: PhoneOptions): Promise<GuestPhone>;
	close(): void;
}

/** What of a phone is not said by its personas. */
export interface PhoneOptions {
	/** Physical CPUs; default 1. */
	cpus?: number;
	/** Index of the persona in front at boot; default 0. */
	initialForeground?: number;
	/** Linux key codes of the sequence that switches; default none. */
	hotkey?: number[];
	/** Networks that personas name; default none. */
	policy?: Sharing;
	/** What is done once the handset has its volumes, and before it runs. */
	beforeStart?: (id: string) => Promise<void>;
}

export interface GuestPhone {
	/** The handset's id. */
	id: string;
	control: ControlClient;
	/** All that a persona has printed, over all its starts. */
	console(name: string): string;
	/** Waits until a persona's console has the text, or fails showing the console's end. */
	says(name: string, text: string | RegExp, seconds?: number): Promise<void>;
	/** Types on a persona's console. */
	types(name: string, text: string): Promise<void>;
	/** Waits until a condition holds, or fails with what it says. */
	until(what: string, condition: () => boolean | Promise<boolean>, seconds?: number): Promise<void>;
	/** Presses and releases a key of the handset's keyboard, by QEMU's name for it. */
	press(key: string): Promise<void>;
	/** Events of the handset's keyboard and tablet, as QEMU's `input-send-event` takes them. */
	send(events: readonly object[]): Promise<void>;
	/** The last number of `progress N` of a persona that runs the guest `neighbour`. */
	progress(name: string): number;
	stop(): Promise<void>;
}

/** A board's test guests and Veil, built, and a folder of the test file's own. */
export async function openWorkshop(boardName: keyof typeof BOARDS = "qemu-virt"): Promise<Workshop> {
	const folder = mkdtempSync(join(tmpdir(), "persona-guests-"));
	const before = { state: process.env.PERSONA_STATE_DIR, runtime: process.env.XDG_RUNTIME_DIR };
	process.env.PERSONA_STATE_DIR = join(folder, "state");
	process.env.XDG_RUNTIME_DIR = join(folder, "runtime");
	mkdirSync(join(folder, "runtime"), { mode: 0o700 });
	const projectDir = packageRoot();
	const { guests, suffix, cpu, memoryMiB } = BOARDS[boardName];
	const images = builtGuests(guests);
	const { document: board } = await boardByName(boardName);
	const context = { store: await openStore(), lock: await loadLock(projectDir), progress: silent, projectDir };
	const { path: veil } = await buildHypervisor(await hypervisorInputs(board), context);
	let phones = 0;
	return {
		async start(personas, options = {}) {
			const { cpus = 1, initialForeground = 0, hotkey = [] } = options;
			const id = `guests-${++phones}`;
			const image = join(folder, `${id}.img`);
			const composed = personas.map(({ guest, name = dashed(guest), words = "", kernel, ...rest }) => ({
				memoryMiB,
				...rest,
				name,
				kernel: kernel ?? join(images, `${guest}.${suffix}`),
				commandLine: words,
			}));
			await composeDev(image, veil, composed, {
				...{ board: boardName, cpus, initialForeground, hotkey },
				...optional("policy", options.policy),
			});
			const spec = { id, board: boardName, qemu: { cpus, cpu } };
			await createHandset(spec);
			for (const { name, volumes = [] } of composed)
				for (const { name: volume, sizeMiB } of volumes)
					await makeVolume({
						id: { handset: id, persona: name, name: volume },
						sizeMiB,
						fileSystem: "none",
						urn: `test:${volume}`,
					});
			await options.beforeStart?.(id);
			const writeFlash = (flash: string) => flashEmulated({ path: image }, board, flash, context);
			await startHandset(spec, { path: image, digest: await sha256File(image), writeFlash }, { personas: [] });
			return openPhone(id);
		},
		close() {
			restore("PERSONA_STATE_DIR", before.state);
			restore("XDG_RUNTIME_DIR", before.runtime);
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

async function openPhone(id: string): Promise<GuestPhone> {
	const control = await controlClient(id);
	const qmpSocket = join(socketDir(handsetDir(id)), SOCKET.qmp);
	const logs = join(handsetDir(id), HANDSET_FILES.logs);
	const read = (name: string) => {
		try {
			return readFileSync(join(logs, `console-${name}.log`), "latin1").replaceAll("\r", "");
		} catch {
			return "";
		}
	};
	/** What is known of each persona, for the message of a test that fails; where Veil does not say it, why. */
	const states = async () => {
		try {
			const { personas } = await control.status();
			const lines = personas.map(
				({ name, state, reason, cpuTimeNs }) =>
					`${name}: ${state} (${reason}), ${cpuTimeNs / 1_000_000n} ms; its console ends with: ${JSON.stringify(read(name).slice(-200))}`,
			);
			return lines.join("\n");
		} catch (error) {
			return `the handset does not say how it is: ${String(error)}`;
		}
	};
	const lastOfVeil = async () => {
		const { veilLog, panicLog, qemuLog, bridgeLog, state } = HANDSET_FILES;
		const ends = [veilLog, panicLog, qemuLog, bridgeLog, state].map(
			async (file) => `${file} ends with:\n${await lastLines(join(handsetDir(id), file), 60)}`,
		);
		return (await Promise.all(ends)).join("\n");
	};
	const phone: GuestPhone = {
		id,
		control,
		console: read,
		async says(name, text, seconds = 60) {
			const there = () => (typeof text === "string" ? read(name).includes(text) : text.test(read(name)));
			if (await waitUntil(there, { deadlineMs: seconds * 1000 })) return;
			const tail = `its console ends with:\n${read(name).slice(-1500)}`;
			throw new Error(`${name} did not say ${text} within ${seconds} s; ${tail}\n${await states()}\n${await lastOfVeil()}`);
		},
		async types(name, text) {
			const socket = connection((await handsetEndpoints(id)).consoles[name] ?? "");
			await new Promise<void>((settle, reject) => socket.once("error", reject).write(text, () => settle()));
			// The bridge has it once it has closed its side in turn.
			await new Promise<void>((settle) =>
				socket
					.once("close", () => settle())
					.resume()
					.end(),
			);
		},
		async until(what, condition, seconds = 30) {
			if (await waitUntil(condition, { deadlineMs: seconds * 1000, everyMs: 100 })) return;
			throw new Error(`not within ${seconds} s: ${what}\n${await states()}\n${await lastOfVeil()}`);
		},
		press: (key) => askQemu(qmpSocket, "input-send-event", { events: [keyEvent(key, true), keyEvent(key, false)] }),
		send: (events) => askQemu(qmpSocket, "input-send-event", { events }),
		progress: (name) => Number([...read(name).matchAll(/^progress (\d+)$/gm)].at(-1)?.[1] ?? 0),
		async stop() {
			control.close();
			await removeHandset(id);
		},
	};
	return phone;
}

/** Names of personas have dashes, names of C files underscores. */
function dashed(guest: string): string {
	return guest.replaceAll("_", "-");
}

function restore(name: string, value: string | undefined): void {
	if (value === undefined) delete process.env[name];
	else process.env[name] = value;
}

function keyEvent(key: string, down: boolean): object {
	return { type: "key", data: { down, key: { type: "qcode", data: key } } };
}

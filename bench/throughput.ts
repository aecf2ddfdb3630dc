// SPDX-License-Identifier: Apache-2.0
// Throughput of a persona's devices beside those of the same guest directly on QEMU: wall time, since what counts is the way to the medium and
// not instructions. Both take turns of a second or so, and what they did in one is compared, because machines have other things to do.
import { spawn } from "node:child_process";
import { chmod, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import {
	createHandset,
	HANDSET_FILES,
	handsetDir,
	listHandsets,
	removeHandset,
	startHandset,
} from "../components/handset/index.ts";
import type { BuildContext } from "../components/image/index.ts";
import type { PhoneParts } from "../components/manifest/index.ts";
import { sha256File } from "../components/util/digest.ts";
import { packageRoot } from "../components/util/paths.ts";
import { run } from "../components/util/process.ts";
import { composeDev, type DevPersona } from "../tools/compose-dev.ts";
import { buildDevGuest } from "../tools/dev-guest.ts";
import { withCpusAwake } from "./awake.ts";
import { median } from "./count.ts";
import { PacedMachine } from "./paced.ts";

const BOOT_MS = 60_000;
const MEMORY_MIB = 256;
/**
 * Without KASLR, as where instructions are counted: with it Debian's kernel unmaps itself at every return to a program (KPTI), and QEMU then
 * forgets its whole TLB. How fast it fills a TLB of two stages is not what is asked here, and would be most of what is measured.
 */
const ARGUMENTS = "console=ttyAMA0 nokaslr panic=-1 cma=0 quiet";
const READY = "bench: ready";

type PersonaPart = Exclude<PhoneParts["personas"][number], string>;

/** A guest that measures one kind of device, and how it gets it. */
export interface ThroughputGuest<Measure extends string> {
	/** Of the program in `bench/linux`, and of the handset. */
	name: string;
	/** What is measured, in the guest's words; each once in a round of the program. */
	measures: readonly Measure[];
	/** Boot arguments beside the usual. */
	words?: string;
	/** Of the persona's document, what gives it the device. */
	persona: Partial<PersonaPart>;
	policy?: NonNullable<PhoneParts["policy"]>;
	/** Arguments of the bare QEMU. */
	bare: () => Promise<readonly string[]>;
	/** Of the persona under Veil. */
	veil: Partial<DevPersona>;
	options?: Parameters<typeof composeDev>[3];
	/** What the handset needs before it starts. */
	prepare?: (handset: string) => Promise<unknown>;
}

/** Medians of all turns, and the median of what Veil's was of bare QEMU's in the same turn. */
export interface Compared {
	bare: number;
	veil: number;
	ratio: number;
}

interface Images {
	kernel: string;
	initramfs: string;
}

/** Measures both in turns. */
export async function measureThroughput<Measure extends string>(
	guest: ThroughputGuest<Measure>,
	turns: number,
	veil: string,
	folder: string,
	context: BuildContext,
): Promise<Record<Measure, Compared>> {
	const images = await buildImages(guest, folder, context);
	const figures = new Map<string, { bare: number; veil: number }[]>(guest.measures.map((measure) => [measure, []]));
	await onBare(guest, images, (bare) =>
		onVeil(guest, images, folder, veil, (hosted) =>
			withCpusAwake(async () => {
				// The first round warms both up, and its first measurement began before they were stopped.
				for (let turn = -1; turn < turns; turn++) {
					for (let n = 0; n < guest.measures.length; n++) {
						const one = await bare.next();
						const other = await hosted.next();
						if (one.measure !== other.measure) throw new Error(`${one.measure} would be compared with ${other.measure}`);
						if (turn >= 0) figures.get(one.measure)?.push({ bare: one.value, veil: other.value });
					}
				}
			}),
		),
	);
	const compared = [...figures].map(([measure, pairs]): [string, Compared] => [
		measure,
		{
			bare: median(pairs.map((pair) => pair.bare)),
			veil: median(pairs.map((pair) => pair.veil)),
			ratio: median(pairs.map((pair) => pair.veil / pair.bare)),
		},
	]);
	return Object.fromEntries(compared) as Record<Measure, Compared>;
}

async function buildImages(
	{ name, persona, policy }: ThroughputGuest<string>,
	folder: string,
	context: BuildContext,
): Promise<Images> {
	await mkdir(join(folder, name, "etc"), { recursive: true });
	const program = join(folder, name, "etc/rc.local");
	await run("aarch64-linux-gnu-gcc", ["-O2", "-static", "-s", "-o", program, join(packageRoot(), `bench/linux/${name}.c`)]);
	await chmod(program, 0o755);
	const guest = { os: "linux", builder: "debian", overlay: `./${name}`, commandLine: "quiet" } as const;
	return buildDevGuest({ name: "bench", guest, ...persona }, folder, context, policy === undefined ? {} : { policy });
}

async function onBare(
	{ bare, words = "" }: ThroughputGuest<string>,
	{ kernel, initramfs }: Images,
	work: (machine: PacedMachine) => Promise<void>,
): Promise<void> {
	const child = spawn(
		"qemu-system-aarch64",
		[
			...["-M", "virt,gic-version=3", "-cpu", "cortex-a57", "-m", `${MEMORY_MIB}M`],
			...["-nodefaults", "-display", "none", "-serial", "stdio"],
			...["-kernel", kernel, "-initrd", initramfs, "-append", `${ARGUMENTS} ${words}`, "-global", "virtio-mmio.force-legacy=false"],
			...(await bare()),
		],
		// In a session of its own, as the handset is: the kernel shares out the CPUs by session.
		{ stdio: ["ignore", "pipe", "inherit"], detached: true },
	);
	const kill = () => child.kill("SIGKILL");
	process.once("exit", kill);
	try {
		let text = "";
		await new Promise<void>((resolve, reject) => {
			const late = setTimeout(() => reject(new Error(`the bare guest is not ready in time:\n${text.slice(-1000)}`)), BOOT_MS);
			child.once("error", reject);
			child.stdout.setEncoding("utf8").on("data", (said: string) => {
				text += said;
				if (!text.includes(READY)) return;
				clearTimeout(late);
				resolve();
			});
		});
		if (child.pid === undefined) throw new Error("QEMU has no number");
		await work(new PacedMachine(child.pid, async () => text));
	} finally {
		kill();
		process.off("exit", kill);
	}
}

async function onVeil(
	guest: ThroughputGuest<string>,
	images: Images,
	folder: string,
	veil: string,
	work: (machine: PacedMachine) => Promise<void>,
): Promise<void> {
	const { name, words = "", prepare, options } = guest;
	const image = join(folder, `${name}.img`);
	const commandLine = `${ARGUMENTS} ${words}`;
	await composeDev(image, veil, [{ name: "bench", ...images, memoryMiB: MEMORY_MIB, commandLine, ...guest.veil }], options);
	const id = `bench-${name}`;
	const state = join(folder, "state");
	process.env.PERSONA_STATE_DIR = state;
	await rm(state, { recursive: true, force: true });
	const spec = { id, board: "qemu-virt", qemu: { cpus: 1, cpu: "cortex-a57" } };
	await createHandset(spec);
	await prepare?.(id);
	const ready = [{ name: "bench", readyMarker: READY, readyDeadlineSeconds: BOOT_MS / 1000 }];
	try {
		await startHandset(spec, { path: image, digest: await sha256File(image) }, { personas: ready });
		const pid = (await listHandsets()).find((handset) => handset.id === id)?.pid;
		if (pid === undefined) throw new Error("the handset has just ended");
		const log = join(handsetDir(id), HANDSET_FILES.logs, "console-bench.log");
		const machine = new PacedMachine(pid, () => readFile(log, "utf8"));
		await work(machine).finally(() => machine.resume());
	} finally {
		await removeHandset(id);
	}
}

// SPDX-License-Identifier: Apache-2.0
// What a persona's disk gives, beside the same guest with the same kind of disk directly on QEMU: wall time, since what counts is the way to the
// medium and not instructions. Runs take turns, and the median of their rounds is compared, because machines have other things to do.
import { spawn } from "node:child_process";
import { chmod, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { makeVolume, startHandset, stopHandset } from "../components/handset/index.ts";
import { type BuildContext, buildGuest, guestInputs, guestSources } from "../components/image/index.ts";
import { phoneFromParts, renderProblems } from "../components/manifest/index.ts";
import { sha256File } from "../components/util/digest.ts";
import { packageRoot } from "../components/util/paths.ts";
import { run } from "../components/util/process.ts";
import { composeDev } from "../tools/compose-dev.ts";

const MIB = 1 << 20;
const VOLUME_MIB = 256;
const TURNS = 3;
const RUN_MS = 240_000;
/** What is measured, in the guest's words. */
export const MEASURES = ["read", "write", "random-read", "random-write"] as const;
type Figures = Record<(typeof MEASURES)[number], number[]>;

/** Medians: KiB a second, requests of 4 KiB a second for the random ones. */
export type Throughput = Record<(typeof MEASURES)[number], { bare: number; veil: number }>;

interface Guest {
	readonly kernel: string;
	readonly initramfs: string;
}

async function buildGuestImages(folder: string, context: BuildContext): Promise<Guest> {
	await mkdir(join(folder, "storage/etc"), { recursive: true });
	const program = join(folder, "storage/etc/rc.local");
	await run("aarch64-linux-gnu-gcc", ["-O2", "-static", "-s", "-o", program, join(packageRoot(), "bench/linux/storage.c")]);
	await chmod(program, 0o755);
	const { resolved, problems } = await phoneFromParts(
		{
			name: "bench",
			board: "qemu-virt",
			personas: [
				{
					name: "bench",
					indicator: { label: "Bench", colour: "#808080" },
					guest: { os: "linux", builder: "debian", overlay: "./storage", commandLine: "quiet" },
					storage: [{ name: "disk", sizeMiB: VOLUME_MIB, fileSystem: "none" }],
				},
			],
		},
		folder,
	);
	const persona = resolved?.personas[0];
	if (resolved === undefined || persona === undefined) throw new Error(renderProblems(problems));
	const inputs = await guestInputs(persona, resolved.board.document, context.lock);
	const artifact = await buildGuest(inputs, guestSources(persona), context);
	const record = JSON.parse(await readFile(artifact.path, "utf8")) as { kernel: { digest: string }; initramfs: { digest: string } };
	const file = async (digest: string) => (await context.store.get(digest))?.path ?? "";
	return { kernel: await file(record.kernel.digest), initramfs: await file(record.initramfs.digest) };
}

const ARGUMENTS = "console=ttyAMA0 panic=-1 cma=0 quiet";

function figuresOf(text: string): Figures | undefined {
	if (!text.includes("bench: done")) return undefined;
	const all = (name: string) => [...text.matchAll(new RegExp(`bench: ${name} (\\d+)`, "g"))].map(([, value]) => Number(value));
	return { read: all("read"), write: all("write"), "random-read": all("random-read"), "random-write": all("random-write") };
}

async function onBare({ kernel, initramfs }: Guest, folder: string): Promise<Figures> {
	const disk = join(folder, "bare.img");
	await rm(disk, { force: true });
	const file = await open(disk, "w");
	await file.truncate(VOLUME_MIB * MIB);
	await file.close();
	const child = spawn(
		"qemu-system-aarch64",
		[
			...["-M", "virt,gic-version=3", "-cpu", "cortex-a57", "-m", "256M", "-nodefaults", "-display", "none", "-serial", "stdio"],
			...["-kernel", kernel, "-initrd", initramfs, "-append", ARGUMENTS, "-global", "virtio-mmio.force-legacy=false"],
			...["-blockdev", JSON.stringify({ driver: "raw", "node-name": "disk", file: { driver: "file", filename: disk } })],
			...["-device", "virtio-blk-device,drive=disk"],
		],
		{ stdio: ["ignore", "pipe", "inherit"] },
	);
	const late = setTimeout(() => child.kill("SIGKILL"), RUN_MS);
	let text = "";
	for await (const line of createInterface({ input: child.stdout })) {
		text += `${line}\n`;
		if (line.includes("bench: done")) child.kill("SIGKILL");
	}
	clearTimeout(late);
	const figures = figuresOf(text);
	if (figures === undefined) throw new Error(`the bare guest did not finish:\n${text.slice(-1000)}`);
	return figures;
}

async function onVeil({ kernel, initramfs }: Guest, folder: string, veil: string): Promise<Figures> {
	const image = join(folder, "storage.img");
	const volumes = [{ name: "disk", sizeMiB: VOLUME_MIB }];
	const persona = { name: "bench", kernel, initramfs, memoryMiB: 256, commandLine: ARGUMENTS, volumes };
	await composeDev(image, veil, [persona]);
	const id = "bench-storage";
	const state = join(folder, "state");
	process.env.PERSONA_STATE_DIR = state;
	await rm(state, { recursive: true, force: true });
	await mkdir(join(state, "run", id), { recursive: true, mode: 0o700 });
	await makeVolume({ id: { handset: id, persona: "bench", name: "disk" }, sizeMiB: VOLUME_MIB, fileSystem: "none", urn: "bench" });
	const spec = { id, board: "qemu-virt", qemu: { cpus: 1, cpu: "cortex-a57" } };
	const ready = [{ name: "bench", readyMarker: "bench: done", readyDeadlineSeconds: RUN_MS / 1000 }];
	try {
		await startHandset(spec, { path: image, digest: await sha256File(image) }, { personas: ready });
		const figures = figuresOf(await readFile(join(state, "run", id, "logs/console-bench.log"), "utf8"));
		if (figures === undefined) throw new Error("the guest under Veil did not finish");
		return figures;
	} finally {
		await stopHandset(id);
	}
}

function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Measures both in turns. */
export async function measureStorage(veil: string, folder: string, context: BuildContext): Promise<Throughput> {
	const guest = await buildGuestImages(folder, context);
	const bare: Figures[] = [];
	const hosted: Figures[] = [];
	for (let turn = 0; turn < TURNS; turn++) {
		bare.push(await onBare(guest, folder));
		hosted.push(await onVeil(guest, folder, veil));
	}
	const one = (name: (typeof MEASURES)[number]) => ({
		bare: median(bare.flatMap((figures) => figures[name])),
		veil: median(hosted.flatMap((figures) => figures[name])),
	});
	return { read: one("read"), write: one("write"), "random-read": one("random-read"), "random-write": one("random-write") };
}

// SPDX-License-Identifier: Apache-2.0
// Starts an image in QEMU without any of the product's checks, and says what Veil makes of it.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "../../components/handset/processes.ts";
import {
	VEIL_LINK_HELLO,
	VEIL_MUX_LINK,
	VEIL_MUX_SYNC0,
	VEIL_MUX_SYNC1,
	VEIL_SECTOR_BYTES,
	VEIL_VERSION_FIRST_SECTOR,
	VEIL_VERSION_MAGIC,
	veilVersionRecord,
} from "../../components/image/abi.ts";
import { askQemu } from "../guests/ask-qemu.ts";

/** Veil says hello when it has checked all of an image and runs it. */
const HELLO = Buffer.of(VEIL_MUX_SYNC0, VEIL_MUX_SYNC1, VEIL_MUX_LINK);
const SECONDS = 60;
const REFUSAL = /Veil (?:refuses this image|stopped): ([^\r\n]*)\r\n/;

/** What became of an image: what Veil said when it refused it, or that it runs. */
export type Verdict = { readonly refused: string } | "runs";

export interface BootOptions {
	/** A disk for Veil; none: there is none. */
	readonly disk?: string;
	readonly memoryMiB: number;
}

/** Boots an image of qemu-virt until Veil has refused it or runs it, and ends QEMU then. Fails when it does neither. */
export function bootVeil(image: string, { disk, memoryMiB }: BootOptions): Promise<Verdict> {
	const machine = ["-M", "virt,virtualization=on,gic-version=3", "-cpu", "cortex-a57", "-smp", "1", "-m", `${memoryMiB}M`];
	const plain = ["-serial", "stdio", "-kernel", image];
	const devices = ["-global", "virtio-mmio.force-legacy=false", "-device", "virtio-rng-device", "-device", "ramfb"];
	const disks =
		disk === undefined ? [] : ["-drive", `if=none,id=disk,format=raw,file=${disk}`, "-device", "virtio-blk-device,drive=disk"];
	return verdictOf("qemu-system-aarch64", [...machine, ...plain, ...devices, ...disks]);
}

/** The same for what an N800 has in its flash. A refusal counts once the screen is right, given as a PNG. */
export async function bootFlash(flash: string, isRight: (screen: Uint8Array) => boolean): Promise<Verdict> {
	const folder = mkdtempSync(join(tmpdir(), "persona-flash-"));
	const [qmp, filename] = [join(folder, "qmp"), join(folder, "screen.png")];
	const lines = ["-serial", "null", "-serial", "null", "-serial", "stdio", "-qmp", `unix:${qmp},server=on,wait=off`];
	const args = ["-M", "n800", "-m", "128M", ...lines, "-drive", `if=mtd,format=raw,file=${flash}`];
	const shows = async () => {
		await askQemu(qmp, "screendump", { filename, format: "png" });
		return isRight(readFileSync(filename));
	};
	const look = async () => {
		// It is drawn after it is said.
		if (!(await waitUntil(shows, { deadlineMs: 20_000, everyMs: 200 }))) throw new Error("the screen shows something else");
	};
	try {
		return await verdictOf("qemu-system-arm", args, look);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** `look` is called after a refusal, before QEMU is ended. */
async function verdictOf(
	executable: string,
	args: readonly string[],
	look: () => Promise<void> = async () => {},
): Promise<Verdict> {
	const qemu = spawn(executable, ["-nodefaults", "-display", "none", ...args], { stdio: ["ignore", "pipe", "pipe"] });
	const gone = new Promise<void>((resolve) => qemu.once("close", () => resolve()));
	let complaints = "";
	qemu.stderr.setEncoding("utf8").on("data", (text: string) => {
		complaints += text;
	});
	const verdict = new Promise<Verdict>((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error(`Veil has said nothing for ${SECONDS} s\n${complaints}`)), SECONDS * 1000);
		let said = Buffer.alloc(0);
		qemu.stdout.on("data", (bytes: Buffer) => {
			said = Buffer.concat([said, bytes]);
			const [, refused] = REFUSAL.exec(said.toString("latin1")) ?? [];
			if (refused !== undefined) resolve({ refused });
			else if (said.includes(HELLO) && said[said.indexOf(HELLO) + 5] === VEIL_LINK_HELLO) resolve("runs");
		});
		void gone.then(() => {
			clearTimeout(timer);
			reject(new Error(`QEMU ended, and Veil had said nothing\n${complaints}`));
		});
	});
	try {
		const found = await verdict;
		if (found !== "runs") await look();
		return found;
	} finally {
		qemu.kill("SIGKILL");
		await gone;
	}
}

/** A disk on which Veil has accepted a version; 0: none yet. */
export function diskWithVersion(path: string, version: number): string {
	const bytes = Buffer.alloc(4 << 20);
	const record = { magic: VEIL_VERSION_MAGIC, version: BigInt(version), inverse: BigInt.asUintN(64, ~BigInt(version)) };
	if (version > 0) veilVersionRecord.write(record, bytes, VEIL_VERSION_FIRST_SECTOR * VEIL_SECTOR_BYTES);
	writeFileSync(path, bytes);
	return path;
}

// SPDX-License-Identifier: Apache-2.0
// Composes a device image from files at hand, without Pulumi, documents or store: for work on Veil itself, tests and measurements.
//
//     node tools/compose-dev.ts OUT.img veil.bin '{"name": "work", "kernel": "Image", "initramfs": "initramfs.cpio"}' …
//
// A persona may also have memoryMiB (192), cpus (1), commandLine ("console=ttyAMA0 quiet"), share (100), cap (100 * cpus), affinity
// (all), restartLimit (5), restartWindowSeconds (60), start (true), restart (true), freeze (false), deviceTree, firmware (false), label, colour, display, input,
// agent, watchdog, lockOnLeave (false), volumes ([{"name": …, "sizeMiB": …}]).
// PERSONA_BOARD: qemu-virt or n800 (qemu-virt); of n800 a kernel that is ELF is patched. PERSONA_CPUS: physical CPUs (1). PERSONA_SKIP_DIGESTS=1 sets VEIL_SKIP_PAYLOAD_DIGESTS. Prints QEMU's -m in MiB.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
	VEIL_DEVICE_AGENT,
	VEIL_DEVICE_INPUT,
	VEIL_DEVICE_NETWORK,
	VEIL_DEVICE_PL011,
	VEIL_DEVICE_PL031,
	VEIL_DEVICE_PVPANIC,
	VEIL_DEVICE_WATCHDOG,
	VEIL_FREEZE_IN_BACKGROUND,
	VEIL_LOCK_ON_LEAVE,
	VEIL_RESTART_ON_CRASH,
	VEIL_SKIP_PAYLOAD_DIGESTS,
	VEIL_START_AT_BOOT,
} from "../components/image/abi.ts";
import { type Composed, compose } from "../components/image/compose.ts";
import type { ComposePersona } from "../components/image/compose-persona.ts";
import { armProgram, isElf } from "../components/image/elf-arm.ts";
import { INTEGRATOR_CP, VIRT } from "../components/image/guest-machine.ts";
import { kernelFormat, programFormat } from "../components/image/kernel.ts";
import { patchProgram, patchTable } from "../components/image/patch-arm.ts";
import { payloadOf } from "../components/image/payload.ts";
import type { Sharing } from "../components/image/policy-section.ts";
import type { ImageSigning } from "../components/image/sign-image.ts";
import { diskShape, volumeRange } from "../components/image/storage-layout.ts";
import { sha256 } from "../components/util/digest.ts";

/** A persona of files; see above for the defaults. */
export interface DevPersona {
	name: string;
	kernel: string;
	initramfs?: string;
	deviceTree?: string;
	/** Its kernel is firmware, which runs from flash. */
	firmware?: boolean;
	memoryMiB?: number;
	cpus?: number;
	commandLine?: string;
	share?: number;
	cap?: number;
	affinity?: number;
	restartLimit?: number;
	restartWindowSeconds?: number;
	start?: boolean;
	restart?: boolean;
	freeze?: boolean;
	label?: string;
	colour?: number;
	display?: boolean;
	volumes?: { name: string; sizeMiB: number }[];
	input?: boolean;
	lockOnLeave?: boolean;
	agent?: boolean;
	network?: string;
	watchdog?: boolean;
}

const SCREEN = { width: 800, height: 480 };
const BOARDS = {
	"qemu-virt": {
		machine: VIRT,
		ram: { base: 0x40000000, limit: 255 * 2 ** 30, loadAddress: 0x40200000 },
		display: { ...SCREEN, format: "xrgb8888" },
	},
	n800: {
		machine: INTEGRATOR_CP,
		ram: { base: 0x80000000, limit: 2 ** 27, minimum: 2 ** 27, loadAddress: 0x80010000 },
		display: { ...SCREEN, format: "rgb565", hasWindows: true },
	},
} as const;

/** Composes a device image from files, for qemu-virt unless another board is named. */
export async function composeDev(
	out: string,
	veil: string,
	personas: DevPersona[],
	options: {
		board?: keyof typeof BOARDS;
		cpus?: number;
		skipDigests?: boolean;
		initialForeground?: number;
		hotkey?: number[];
		policy?: Sharing;
		signing?: ImageSigning;
	} = {},
): Promise<Composed> {
	const { board = "qemu-virt", cpus = 1 } = options;
	return compose(
		{
			veil: await readFile(veil),
			board,
			...BOARDS[board],
			machineVersion: 1,
			cpuCount: cpus,
			initialForeground: options.initialForeground ?? 0,
			flags: options.skipDigests === true ? VEIL_SKIP_PAYLOAD_DIGESTS : 0,
			hotkey: options.hotkey ?? [],
			...(options.policy === undefined ? {} : { policy: options.policy }),
			...(options.signing === undefined ? {} : { signing: options.signing }),
			personas: await Promise.all(personas.map((persona) => composePersona(persona, cpus, board))),
		},
		out,
	);
}

async function composePersona(persona: DevPersona, cpus: number, board: string): Promise<ComposePersona> {
	const kernel = kernelOf(await readFile(persona.kernel), persona);
	const vcpus = persona.cpus ?? 1;
	return {
		name: persona.name,
		uuid: Buffer.from(sha256(persona.name).slice(7, 39), "hex"),
		label: persona.label ?? persona.name,
		colour: persona.colour ?? 0x808080,
		flags:
			(persona.start === false ? 0 : VEIL_START_AT_BOOT) |
			(persona.restart === false ? 0 : VEIL_RESTART_ON_CRASH) |
			(persona.freeze === true ? VEIL_FREEZE_IN_BACKGROUND : 0) |
			(persona.lockOnLeave === true ? VEIL_LOCK_ON_LEAVE : 0),
		devices:
			VEIL_DEVICE_PL011 |
			VEIL_DEVICE_PL031 |
			VEIL_DEVICE_PVPANIC |
			(persona.input === true ? VEIL_DEVICE_INPUT : 0) |
			(persona.network === undefined ? 0 : VEIL_DEVICE_NETWORK) |
			(persona.agent === true ? VEIL_DEVICE_AGENT : 0) |
			(persona.watchdog === true ? VEIL_DEVICE_WATCHDOG : 0),
		cpuCount: vcpus,
		cpuShare: persona.share ?? 100,
		cpuCapPercent: persona.cap ?? 100 * vcpus,
		cpuAffinity: persona.affinity ?? 2 ** cpus - 1,
		restartLimit: persona.restartLimit ?? 5,
		restartWindowSeconds: persona.restartWindowSeconds ?? 60,
		memoryBytes: (persona.memoryMiB ?? 192) * 2 ** 20,
		...kernel,
		...(persona.initramfs === undefined ? {} : { initramfs: payloadOf(await readFile(persona.initramfs)) }),
		...(persona.deviceTree === undefined ? {} : { deviceTree: payloadOf(await readFile(persona.deviceTree)) }),
		commandLine: persona.commandLine ?? "console=ttyAMA0 quiet",
		display: persona.display ?? false,
		volumes: (persona.volumes ?? []).map(({ name, sizeMiB }) => ({
			name,
			range: volumeRange({ persona: persona.name, name, sizeMiB }, diskShape(board)),
		})),
		...(persona.network === undefined ? {} : { network: persona.network }),
	};
}

function kernelOf(bytes: Uint8Array, { kernel, firmware }: DevPersona): Pick<ComposePersona, "kernel" | "patches"> {
	if (firmware === true) return { kernel: { ...payloadOf(bytes), format: "firmware" } };
	if (!isElf(bytes)) return { kernel: { ...payloadOf(bytes), ...kernelFormat(bytes) } };
	const program = armProgram(bytes, kernel);
	const patched = patchProgram(program, kernel);
	return {
		kernel: { ...payloadOf(patched.bytes), ...programFormat(program) },
		...(patched.table.length === 0 ? {} : { patches: payloadOf(patchTable(patched.table)) }),
	};
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const [out, veil, ...personas] = process.argv.slice(2);
	if (out === undefined || veil === undefined || personas.length === 0) {
		console.error("usage: compose-dev.ts OUT.img veil.bin PERSONA-JSON…");
		process.exit(2);
	}
	const { size, ramSize } = await composeDev(
		out,
		veil,
		personas.map((text) => JSON.parse(text) as DevPersona),
		{
			board: process.env.PERSONA_BOARD === "n800" ? "n800" : "qemu-virt",
			cpus: Number(process.env.PERSONA_CPUS ?? 1),
			skipDigests: process.env.PERSONA_SKIP_DIGESTS === "1",
		},
	);
	console.error(`${out}: ${size} bytes`);
	console.log(ramSize / 2 ** 20);
}

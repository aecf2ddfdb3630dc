// SPDX-License-Identifier: Apache-2.0
// What Veil costs on the N800: the same guests natively on the machine they see, and under Veil on the board.
import { bareIntegrator } from "./bare.ts";
import { buildN800Linux, measureN800Linux, nativeN800Linux } from "./n800-linux.ts";
import { measureN800Call, measureN800Micro, measureN800Switch } from "./n800-micro.ts";
import { n800Size } from "./n800-size.ts";
import { openSetting, type Setting } from "./setting.ts";
import type { System } from "./system.ts";
import { bytes, integer, millions, type Row } from "./table.ts";
import { veilSizes, veilSystem } from "./veil.ts";

/** All rows of the N800. */
export async function measureN800(say: (message: string) => void): Promise<Row[]> {
	const setting = await openSetting(say, "n800");
	try {
		const veil = veilSystem(setting.veil, setting.plugin, setting.folder, { board: "n800" });
		return [...(await microRows(setting, veil, say)), ...(await linuxRows(setting, say)), ...(await sizeRows(setting, say))];
	} finally {
		await setting.close();
	}
}

async function microRows({ plugin, folder, guests }: Setting, veil: System, say: (message: string) => void): Promise<Row[]> {
	say("N800: natively");
	const bare = await measureN800Micro(bareIntegrator(plugin, folder), guests);
	say("N800: under Veil");
	const hosted = await measureN800Micro(veil, guests);
	const call = await measureN800Call(veil, guests);
	say("N800: switching");
	const switching = await measureN800Switch(veil, guests);
	const row = (name: string, what: keyof typeof bare, atMost?: number): Row => ({
		name,
		bare: bare[what],
		veil: hosted[what],
		...(atMost === undefined ? {} : { atMost }),
	});
	const ratio = (name: string, what: keyof typeof bare, atMost?: number): Row => ({
		...row(name, what, atMost),
		show: (value) => `${integer(value)} (${(value / bare[what]).toFixed(4)}×)`,
		judged: hosted[what] / bare[what],
		...(atMost === undefined ? {} : { target: `≤ ${atMost}×` }),
	});
	return [
		{ name: "hypercall round trip", veil: call, atMost: 100 },
		row("CP15 register read", "p15", 150),
		row("emulated UART register read", "deviceRead", 200),
		row("abort to the guest's handler", "abort", 250),
		row("first access to a small page", "pageFill", 400),
		row("  and to a section of a MiB not touched before", "sectionFill"),
		{ name: "interrupt that switches to its sleeping guest", veil: switching, atMost: 400 },
		ratio("program that only computes", "computing", 1.005),
		row("system call of nothing, round trip", "systemCall"),
		ratio("program that only makes system calls", "calling"),
	];
}

/** Linux waits 40 million instructions of time to learn how fast the processor is; `lpj` tells it. */
const NO_WAITING = " lpj=5000000";

async function linuxRows(setting: Setting, say: (message: string) => void): Promise<Row[]> {
	const { veil, plugin, folder, context } = setting;
	const linux = await buildN800Linux(folder, context);
	const told = { ...linux, arguments: linux.arguments + NO_WAITING };
	const options = { board: "n800", bridge: true } as const;
	const hosted = (skipDigests: boolean) => veilSystem(veil, plugin, folder, { ...options, skipDigests });
	say("N800: booting Linux natively");
	const bare = await measureN800Linux(await nativeN800Linux(setting, linux), linux);
	const bareTold = await measureN800Linux(await nativeN800Linux(setting, told), told);
	say("N800: booting Linux under Veil");
	const unchecked = await measureN800Linux(hosted(true), linux);
	const checked = await measureN800Linux(hosted(false), linux);
	const uncheckedTold = await measureN800Linux(hosted(true), told);
	const row = (name: string, native: number, ours: number, atMost?: number): Row => ({
		name,
		bare: native,
		veil: ours,
		show: (value) => `${millions(value)} (${(value / native).toFixed(2)}×)`,
		judged: ours / native,
		...(atMost === undefined ? {} : { atMost, target: `≤ ${atMost}×` }),
	});
	return [
		row("Linux to its start script's end, payloads not hashed", bare.boot, unchecked.boot, 1.5),
		row("  payloads hashed", bare.boot, checked.boot),
		row("  not hashed, and without Linux's wait to learn its own speed", bareTold.boot, uncheckedTold.boot),
		{
			name: "  its cheapest system call (getppid)",
			bare: bare.call,
			veil: unchecked.call,
			show: (value) => `${integer(value)} (${(value / bare.call).toFixed(1)}×)`,
		},
	];
}

async function sizeRows({ veil, folder, guests }: Setting, say: (message: string) => void): Promise<Row[]> {
	say("N800: sizes");
	const guest = { kernel: `${guests}/micro.elf`, arguments: "", memoryMiB: 40 };
	const sizes = await veilSizes(veil, folder, [guest, guest], { board: "n800" });
	return [
		{ name: "Veil on disk", veil: sizes.file, show: (value) => `${integer(value)} B`, atMost: 65_536 },
		{
			name: "  code that isolates: core and arch/armv6",
			veil: (await n800Size(folder)).isolating,
			show: (value) => `${integer(value)} B`,
			atMost: 32_768,
		},
		{ name: "RAM gone with two guests up", veil: sizes.ram, show: bytes, atMost: 4 * 2 ** 20 },
		{ name: "  and RAM kept for restarts", veil: sizes.payloads, show: bytes },
	];
}

// SPDX-License-Identifier: Apache-2.0
// `npm run bench`: measures bare QEMU, Debian's Xen and Veil in one run and prints them side by side with Veil's targets; then what a
// user of Pulumi waits for.
//
//     npm run bench                 everything, some minutes
//     npm run bench -- micro        only the micro-benchmarks (also: boot, screen, size, storage, network, n800, pulumi; several may be named)
//     npm run bench -- --json       the rows as JSON instead of the table
//
// Exit status 1 when a target is missed.
import { stat } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { bareSystem } from "./bare.ts";
import { measureBoot } from "./boot.ts";
import { measureInfrastructure } from "./infrastructure.ts";
import { buildLinux } from "./linux.ts";
import { measureInterruptToOther, measureMicro, measureSwitch, measureWorstTimer, type Neighbour } from "./micro.ts";
import { measureN800 } from "./n800.ts";
import { measureNetwork } from "./network.ts";
import { measureScreenSwitch } from "./screen.ts";
import { openSetting, type Setting } from "./setting.ts";
import { measureStorage } from "./storage.ts";
import {
	bytes,
	integer,
	judgedRow,
	KVM,
	millions,
	type Row,
	renderNative,
	renderTable,
	renderTimes,
	type TimeRow,
	verdict,
} from "./table.ts";
import type { Compared } from "./throughput.ts";
import { veilDeviceTree, veilSizes, veilSystem } from "./veil.ts";
import { fetchXen, xenSystem } from "./xen.ts";
import { measureXenMemory } from "./xen-memory.ts";

type Rows = Row[];
interface Bench extends Setting {
	xen: string;
	say: (message: string) => void;
}

/** Both guests up, as a share of what two bare boots take. */
async function bootRows(bench: Bench): Promise<Rows> {
	const { plugin, folder, veil, xen, say } = bench;
	const linux = await buildLinux(folder, bench.context);
	const rows: Rows = [];
	for (const quiet of [true, false]) {
		const how = quiet ? "quiet" : "verbose console";
		say(`booting Linux, ${how}: bare`);
		const alone = (await measureBoot(bareSystem(plugin, folder), linux, 1, quiet)).total;
		say(`booting Linux, ${how}: Xen`);
		const onXen = await measureBoot(await xenSystem(xen, plugin, folder), linux, 2, quiet);
		const row = (name: string, total: number, ratio: number): Row => ({
			name,
			bare: 2 * alone,
			xen: onXen.total,
			kvm: quiet ? KVM.quiet : KVM.verbose,
			veil: total,
			show: (value) => `${millions(value)} (${(value / 2 / alone).toFixed(3)}×)`,
			judged: total / 2 / alone,
			atMost: ratio,
			target: `≤ ${ratio.toFixed(2)}×`,
		});
		if (quiet) {
			say("booting Linux, quiet: Veil without digests");
			const fast = await measureBoot(veilSystem(veil, plugin, folder, { skipDigests: true, bridge: true }), linux, 2, true);
			say("booting Linux, quiet: Veil with digests");
			const checked = await measureBoot(veilSystem(veil, plugin, folder, { bridge: true }), linux, 2, true);
			rows.push(row("two guests up, quiet, digests not checked", fast.total, 0.98));
			rows.push(row("two guests up, quiet, digests checked", checked.total, 1.01));
			say("booting Linux, quiet: bare with Veil's device tree");
			const guest = { ...linux, arguments: "", memoryMiB: 256 };
			const small = bareSystem(plugin, folder, (await veilDeviceTree(veil, folder, [guest])).file);
			rows.push({
				name: "  bare with the small device tree Veil gives its guests",
				bare: 2 * (await measureBoot(small, linux, 1, true)).total,
				show: (value) => `${millions(value)} (${(value / 2 / alone).toFixed(3)}×)`,
			});
			rows.push({ name: "  of these the hypervisor's own", xen: onXen.hypervisor, veil: checked.hypervisor, show: millions });
		} else {
			say("booting Linux, verbose: Veil");
			const verbose = await measureBoot(veilSystem(veil, plugin, folder, { bridge: true }), linux, 2, false);
			rows.push(row("two guests up, verbose console", verbose.total, 1.02));
		}
	}
	return rows;
}

/** Neighbours that only use up their time, and those that make Veil work. */
const WORKING: readonly Neighbour[] = [
	"touches nowhere",
	"calls at random",
	"storms itself",
	"fills RAM and resets",
	"floods its console",
];

async function microRows(bench: Bench): Promise<Rows> {
	const { plugin, folder, guests, say } = bench;
	const bare = bareSystem(plugin, folder);
	const xen = await xenSystem(bench.xen, plugin, folder);
	const veil = veilSystem(bench.veil, plugin, folder);
	say("micro-benchmarks");
	const onBare = await measureMicro(bare, guests);
	const onXen = await measureMicro(xen, guests);
	const onVeil = await measureMicro(veil, guests);
	const rows: Rows = [
		{ name: "hypercall round trip", xen: onXen.hypercall, kvm: KVM.hypercall, veil: onVeil.hypercall, atMost: 120 },
		{
			name: "emulated UART register read",
			bare: onBare.uartRead,
			xen: onXen.uartRead,
			kvm: KVM.uart,
			veil: onVeil.uartRead,
			atMost: 150,
		},
		{
			name: "timer deadline to interrupt, guest busy",
			bare: onBare.timerBusy,
			xen: onXen.timerBusy,
			kvm: KVM.timer,
			veil: onVeil.timerBusy,
			atMost: 150,
		},
		{
			name: "timer deadline to interrupt, guest in WFI",
			bare: onBare.timerIdle,
			xen: onXen.timerIdle,
			veil: onVeil.timerIdle,
			atMost: 250,
		},
	];
	say("timer with a second guest spinning");
	rows.push({
		name: "  the same, second guest spins, worst",
		xen: await measureWorstTimer(xen, guests, "spins"),
		veil: await measureWorstTimer(veil, guests, "spins"),
		atMost: 2000,
	});
	for (const neighbour of WORKING) {
		say(`timer while the second guest ${neighbour}`);
		rows.push({
			name: `  the same, second guest ${neighbour}, worst`,
			xen: await measureWorstTimer(xen, guests, neighbour),
			veil: await measureWorstTimer(veil, guests, neighbour),
			atMost: 10_000,
		});
	}
	say("interrupts from CPU to CPU");
	const toOther = await measureInterruptToOther(veil, guests);
	say("switching");
	rows.push(
		{
			name: "guest-to-guest switch with FP, by yield",
			xen: await measureSwitch(xen, guests),
			veil: await measureSwitch(veil, guests),
			atMost: 600,
		},
		{
			name: "virtual IPI (to itself)",
			bare: onBare.interruptToSelf,
			xen: onXen.interruptToSelf,
			veil: onVeil.interruptToSelf,
			atMost: 400,
		},
		// Two CPUs run Veil for these: one has its guest's request, the other stops its guest for it.
		{ name: "  to another CPU, which is busy: of both CPUs", veil: toOther.busy, atMost: 800 },
		{ name: "  to another CPU, which is in WFI: of both CPUs", veil: toOther.idle },
		{
			name: "end of interrupt (1 = no trap)",
			bare: onBare.endOfInterrupt,
			xen: onXen.endOfInterrupt,
			veil: onVeil.endOfInterrupt,
			atMost: 1,
		},
	);
	return rows;
}

async function sizeRows(bench: Bench): Promise<Rows> {
	const { folder, veil, xen, say } = bench;
	const linux = await buildLinux(folder, bench.context);
	const guest = { ...linux, arguments: "console=ttyAMA0 quiet", memoryMiB: 256 };
	say("Xen's memory");
	const xenRam = await measureXenMemory(xen, [guest, guest], folder, "persona: READY");
	const sizes = await veilSizes(veil, folder, [guest, guest]);
	return [
		{
			name: "hypervisor on disk",
			xen: (await stat(xen)).size,
			kvm: KVM.disk,
			veil: sizes.file,
			show: (value) => `${integer(value)} B`,
			atMost: 65_536,
		},
		{ name: "RAM gone with two guests up", xen: xenRam, kvm: KVM.ram, veil: sizes.ram, show: bytes, atMost: 2 ** 20 },
		{ name: "  and RAM kept for restarts (Xen cannot restart a guest)", veil: sizes.payloads, show: bytes },
		{
			name: "what the user writes for two guests",
			xen: "13 lines with addresses",
			kvm: "~14 options a guest",
			veil: "no address",
			target: "no address",
		},
	];
}

async function screenRows({ plugin, folder, veil, guests, say }: Bench): Promise<Rows> {
	say("screen switches");
	const cost = await measureScreenSwitch(veil, plugin, folder, guests);
	return [
		{ name: "screen switch, shown in the next frame", xen: "no screens", kvm: "no screens", veil: cost.switching, atMost: 5000 },
		{ name: "  the command that asks for it, besides", veil: cost.command },
	];
}

/** Throughput under Veil, of which a share of what a bare machine has is asked for. */
function throughputRow(name: string, { bare, veil, ratio }: Compared, show: (value: number) => string, atLeast: number): Row {
	return {
		name,
		bare,
		xen: "not measured",
		kvm: "not measured",
		veil,
		show: (value) => (value === veil ? `${show(value)} (${ratio.toFixed(2)}×)` : show(value)),
		judged: 1 / ratio,
		atMost: 1 / atLeast,
		target: `≥ ${atLeast.toFixed(2)}×`,
	};
}

const rate = (value: number) => `${integer(Math.round(value / 1024))} MiB/s`;
const perSecond = (value: number) => `${integer(value)}/s`;

async function storageRows({ folder, veil, context, say }: Bench): Promise<Rows> {
	say("disk throughput");
	const measured = await measureStorage(veil, folder, context);
	return [
		throughputRow("disk, sequential read", measured.read, rate, 0.8),
		throughputRow("disk, sequential write and flush", measured.write, rate, 0.8),
		throughputRow("disk, random read of 4 KiB", measured["random-read"], perSecond, 0.8),
		throughputRow("disk, random write of 4 KiB and flush", measured["random-write"], perSecond, 0.8),
	];
}

async function networkRows({ folder, veil, context, say }: Bench): Promise<Rows> {
	say("network throughput");
	const measured = await measureNetwork(veil, folder, context);
	return [
		throughputRow("network, TCP stream in", measured.receive, rate, 0.7),
		throughputRow("network, TCP stream out", measured.send, rate, 0.7),
		throughputRow("network, TCP round trips of a byte", measured["round-trips"], perSecond, 0.7),
	];
}

const parts = { boot: bootRows, micro: microRows, screen: screenRows, size: sizeRows, storage: storageRows, network: networkRows };
/** The parts that compare no hypervisors. */
const N800 = "n800";
const PULUMI = "pulumi";

/** The rows of the parts asked for. */
async function compare(names: readonly (keyof typeof parts)[], say: Bench["say"]): Promise<Rows> {
	if (names.length === 0) return [];
	const rows: Rows = [];
	const setting = await openSetting(say);
	try {
		say("fetching Debian's Xen");
		const bench = { ...setting, xen: await fetchXen(setting.context.store, setting.folder), say };
		for (const name of names) rows.push(...(await parts[name](bench)));
	} finally {
		await setting.close();
	}
	return rows;
}

async function main(words: readonly string[]): Promise<number> {
	const json = words.includes("--json");
	const named = words.filter((word) => word !== "--json");
	const all = [...(Object.keys(parts) as (keyof typeof parts)[]), N800, PULUMI] as const;
	const unknown = named.find((word) => !all.some((name) => name === word));
	if (unknown !== undefined) {
		console.error(`bench: unknown part "${unknown}"; parts are ${all.join(", ")}`);
		return 2;
	}
	const load = `its ${availableParallelism()} CPUs had a load of ${loadavg()[0]?.toFixed(1)} before`;
	const say = (message: string) => console.error(`bench: ${message}`);
	const wanted = all.filter((name) => named.length === 0 || named.includes(name));
	const rows = await compare(
		wanted.filter((name) => name !== PULUMI && name !== N800),
		say,
	);
	const tablet = wanted.includes(N800) ? await measureN800(say) : [];
	const times: TimeRow[] = wanted.includes(PULUMI) ? await measureInfrastructure(say) : [];
	const judged = [
		...[...rows, ...tablet].map((row) => ({ ...row, verdict: verdict(row) })),
		...times.map((row) => ({ ...row, verdict: verdict(judgedRow(row)) })),
	];
	const tables = [
		...(rows.length === 0 ? [] : [`Instructions unless a unit is given.\n\n${renderTable(rows)}`]),
		...(tablet.length === 0 ? [] : [`Instructions on the N800 unless a unit is given.\n\n${renderNative(tablet)}`]),
		...(times.length === 0 ? [] : [`Wall time on this machine; ${load}.\n\n${renderTimes(times)}`]),
	];
	console.log(json ? JSON.stringify(judged, null, "\t") : tables.join("\n\n"));
	return judged.some((row) => row.verdict === "missed") ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));

// SPDX-License-Identifier: Apache-2.0
// Generates Veil's board headers (hypervisor/include/veil/board_*.h) from boards/*/board.yaml, so that no address is written twice.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { PIXEL_FORMATS } from "../components/image/surface.ts";
import { type Board, boardByName } from "../components/manifest/index.ts";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** Boards Veil runs on. */
export const headerBoards = ["qemu-virt", "n800"] as const;

/** Where a board's header is. */
export function headerPath(board: string): string {
	return path.join(root, "hypervisor/include/veil", `board_${board.replaceAll("-", "_")}.h`);
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;
const mib = (value: number): string => hex(value * 1024 * 1024);

type Section = readonly [title: string, source: string, macros: readonly (readonly [string, string])[]];

/** A macro for each fact that is given; facts a board does not have make no macro. */
function macros(entries: Record<string, number | undefined>, render: (value: number) => string): (readonly [string, string])[] {
	return Object.entries(entries).flatMap(([name, value]) => (value === undefined ? [] : [[name, render(value)] as const]));
}

function sections(board: Board): Section[] {
	const {
		cpu,
		ram,
		load,
		interruptController: gic,
		timers,
		uart,
		rtc,
		fwCfg,
		virtio,
		powerChip,
		display,
		input,
		storage,
		card,
		limits,
	} = board;
	const own = storage?.partitions?.find(({ name }) => name === "veil");
	const all: (Section | undefined)[] = [
		["Processor", cpu.source, macros({ CPU_MAX_COUNT: cpu.maxCount }, String)],
		[
			"Memory",
			ram.source,
			[...macros({ RAM_BASE: ram.base }, hex), ...macros({ RAM_MIN_SIZE: ram.minMiB, RAM_MAX_SIZE: ram.maxMiB }, mib)],
		],
		[`Loading: ${load.entry}`, load.source, macros({ LOAD_ADDRESS: load.address, LOAD_OFFSET: load.offsetBytes }, hex)],
		[
			`Interrupt controller: ${gic.model}`,
			gic.source,
			[
				...macros(
					{
						[gic.model === "omap-intc" ? "INTC_BASE" : "GICD_BASE"]: gic.distributorBase,
						[gic.model === "omap-intc" ? "INTC_SIZE" : "GICD_SIZE"]: gic.distributorBytes,
						GICR_BASE: gic.redistributorBase,
						GICR_STRIDE: gic.redistributorStrideBytes,
					},
					hex,
				),
				...macros(
					{ GIC_LIST_REGISTERS: gic.listRegisters, GIC_PRIORITY_BITS: gic.priorityBits, IRQ_MAINTENANCE: gic.maintenanceInterrupt },
					String,
				),
			],
		],
		[
			`Timers: ${timers.model}`,
			timers.source,
			[
				...macros({ TIMER_BASE: timers.base, COUNTER_BASE: timers.counterBase }, hex),
				...macros(
					{
						IRQ_HYP_TIMER: timers.hypervisorInterrupt,
						IRQ_VIRT_TIMER: timers.virtualInterrupt,
						IRQ_PHYS_TIMER: timers.physicalInterrupt,
						TIMER_HZ: timers.frequencyHz,
					},
					String,
				),
			],
		],
		[
			`Serial line: ${uart.model}`,
			uart.source,
			[
				...macros({ UART_BASE: uart.base, UART_SIZE: uart.bytes }, hex),
				...macros({ UART_IRQ: uart.interrupt, UART_CLOCK_HZ: uart.clockHz }, String),
			],
		],
		rtc && [
			`Clock: ${rtc.model}`,
			rtc.source,
			[...macros({ RTC_BASE: rtc.base, RTC_SIZE: rtc.bytes }, hex), ...macros({ RTC_IRQ: rtc.interrupt }, String)],
		],
		fwCfg && ["Firmware configuration", fwCfg.source, macros({ FW_CFG_BASE: fwCfg.base, FW_CFG_SIZE: fwCfg.bytes }, hex)],
		virtio && [
			"virtio-mmio",
			virtio.source,
			[
				...macros({ VIRTIO_BASE: virtio.base, VIRTIO_STRIDE: virtio.strideBytes }, hex),
				...macros({ VIRTIO_COUNT: virtio.count, VIRTIO_IRQ: virtio.firstInterrupt }, String),
			],
		],
		powerChip && [`Power: ${powerChip.model}`, powerChip.source, macros({ POWER_BUS_BASE: powerChip.busBase }, hex)],
		display && [
			`Display: ${display.model}`,
			display.source,
			[
				...macros({ DISPLAY_BASE: display.base, PIXEL_FORMAT: PIXEL_FORMATS[display.pixelFormat].fourcc }, hex),
				...macros(
					{
						PIXEL_BYTES: PIXEL_FORMATS[display.pixelFormat].bytes,
						DISPLAY_WIDTH: display.widthPixels,
						DISPLAY_HEIGHT: display.heightPixels,
					},
					String,
				),
			],
		],
		input?.busBase === undefined
			? undefined
			: [
					`Keys and touch: ${input.models.join(", ")}`,
					input.source,
					[
						...macros({ INPUT_BUS_BASE: input.busBase, INPUT_INTERRUPT_BASE: input.interruptBase }, hex),
						...macros({ INPUT_IRQ: input.interrupt }, String),
					],
				],
		storage?.base === undefined
			? undefined
			: [
					`Storage: ${storage.model}`,
					storage.source,
					macros({ STORAGE_BASE: storage.base, STORAGE_OWN_OFFSET: own?.offsetBytes, STORAGE_OWN_SIZE: own?.sizeBytes }, hex),
				],
		card && [
			`Memory card: ${card.model}`,
			card.source,
			[...macros({ CARD_BASE: card.base }, hex), ...macros({ CARD_IRQ: card.interrupt }, String)],
		],
		["Limits", limits.source, macros({ MAX_PERSONAS: limits.personas, MAX_VIRTUAL_CPUS: limits.virtualCpus }, String)],
	];
	return all.filter((section) => section !== undefined);
}

/** The text of a board's header. Interrupts are the interrupt controller's: INTIDs with a GIC. */
export function boardHeader(board: Board): string {
	const guard = `VEIL_BOARD_${board.name.replaceAll("-", "_").toUpperCase()}_H`;
	const lines = [
		"/* SPDX-License-Identifier: Apache-2.0 */",
		`/* Facts about the board ${board.name} (${board.title}). Generated from boards/${board.name}/board.yaml by`,
		` * tools/generate-board-header.ts: change them there. Interrupts are ${board.interruptController.model === "omap-intc" ? "lines of the INTC" : "INTIDs"}. */`,
		`#ifndef ${guard}`,
		`#define ${guard}`,
		"",
		`#define BOARD_NAME "${board.name}"`,
	];
	for (const [title, source, defines] of sections(board)) {
		lines.push("", `/* ${title}.`, ` * Source: ${source.replaceAll("*/", "* /")}. */`);
		lines.push(...defines.map(([name, value]) => `#define BOARD_${name} ${value}`));
	}
	lines.push("", "#endif", "");
	return lines.join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	for (const name of headerBoards) {
		const { document } = await boardByName(name, root);
		writeFileSync(headerPath(name), boardHeader(document));
		console.log(path.relative(root, headerPath(name)));
	}
}

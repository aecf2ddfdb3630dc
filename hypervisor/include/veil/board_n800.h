/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the board n800 (Nokia N800). Generated from boards/n800/board.yaml by
 * tools/generate-board-header.ts: change them there. Interrupts are lines of the INTC. */
#ifndef VEIL_BOARD_N800_H
#define VEIL_BOARD_N800_H

#define BOARD_NAME "n800"

/* Processor.
 * Source: QEMU 7.2 hw/arm/nseries.c n800_machine_class_init. */
#define BOARD_CPU_MAX_COUNT 1

/* Memory.
 * Source: QEMU 7.2 hw/arm/omap2.c (OMAP2_Q2_BASE), ATAG_MEM; QEMU refuses another size. */
#define BOARD_RAM_BASE 0x80000000
#define BOARD_RAM_MIN_SIZE 0x08000000
#define BOARD_RAM_MAX_SIZE 0x08000000

/* Loading: supervisor mode, MMU and caches off, r1 = 0x4f7, r2 = address of ATAGs.
 * Source: QEMU 7.2 hw/arm/boot.c (KERNEL_LOAD_ADDR), hw/arm/nseries.c (board_id), seen by running it. */
#define BOARD_LOAD_ADDRESS 0x80010000
#define BOARD_LOAD_OFFSET 0x00010000

/* Interrupt controller: omap-intc.
 * Source: QEMU 7.2 hw/arm/omap2.c, hw/intc/omap_intc.c. */
#define BOARD_INTC_BASE 0x480fe000
#define BOARD_INTC_SIZE 0x00001000

/* Timers: omap-gptimer.
 * Source: QEMU 7.2 hw/arm/omap2.c (GPTIMER1; l4 agents 7 and 2), hw/timer/omap_gptimer.c; seen to tick at 32768 Hz. */
#define BOARD_TIMER_BASE 0x48028000
#define BOARD_COUNTER_BASE 0x48004000
#define BOARD_IRQ_HYP_TIMER 37
#define BOARD_TIMER_HZ 32768

/* Serial line: omap-uart.
 * Source: QEMU 7.2 hw/arm/omap2.c (UART3, the third -serial), hw/char/omap_uart.c. */
#define BOARD_UART_BASE 0x4806e000
#define BOARD_UART_SIZE 0x00001000
#define BOARD_UART_IRQ 74
#define BOARD_UART_CLOCK_HZ 48000000

/* Power: retu.
 * Source: QEMU 7.2 hw/arm/nseries.c (CBUS at GPIO 64 to 66, the first three of GPIO module 3), hw/misc/cbus.c. */
#define BOARD_POWER_BUS_BASE 0x4801c000

/* Display: omap-dispc-blizzard.
 * Source: QEMU 7.2 hw/arm/omap2.c, hw/display/omap_dss.c, hw/display/blizzard.c. */
#define BOARD_DISPLAY_BASE 0x48050000
#define BOARD_PIXEL_FORMAT 0x36314752
#define BOARD_PIXEL_BYTES 2
#define BOARD_DISPLAY_WIDTH 800
#define BOARD_DISPLAY_HEIGHT 480

/* Keys and touch: tsc2301.
 * Source: QEMU 7.2 hw/arm/nseries.c (McSPI1 chip select 0; GPIO 103, 108 and 109, of GPIO module 4), hw/input/tsc210x.c. */
#define BOARD_INPUT_BUS_BASE 0x48098000
#define BOARD_INPUT_INTERRUPT_BASE 0x4801e000
#define BOARD_INPUT_IRQ 32

/* Storage: onenand.
 * Source: QEMU 7.2 hw/arm/nseries.c (GPMC chip select 0; partitions), hw/block/onenand.c; with -kernel at this address, seen by running it. */
#define BOARD_STORAGE_BASE 0x04000000
#define BOARD_STORAGE_OWN_OFFSET 0x0ff00000
#define BOARD_STORAGE_OWN_SIZE 0x00100000

/* Memory card: omap-mmc.
 * Source: QEMU 7.2 hw/arm/omap2.c, hw/sd/omap_mmc.c. */
#define BOARD_CARD_BASE 0x4809c000
#define BOARD_CARD_IRQ 83

/* Limits.
 * Source: hypervisor/include/veil/abi.h VEIL_MAX_PERSONAS; Veil takes 4 MiB at most, and small kernels and initial filesystems are kept for restarts. */
#define BOARD_MAX_PERSONAS 8
#define BOARD_MAX_VIRTUAL_CPUS 1

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Veil's window: what every address space of this port has at its top, for privileged modes only and global, so that exits work without
 * a change of tables.
 *
 *   0xfff00000  device registers that Veil uses, a page each
 *   0xfff10000  Veil as its image has it (text and constants read-only), and its .bss
 *               then what arch_keep() was asked for: the manifest (read-only), work memory
 *   0xffff0000  the guest's, but for the overlay page while that is here
 *
 * The same distance lies between the window's first MiB and RAM's, and whole pages of 64 KiB are mapped, so that no physical page has two
 * colours in the caches (16 KiB a way at most; Arm DDI 0100I, B6.5).
 *
 * The overlay page holds Veil's exception vectors. It lies at VECTORS_LOW while the guest's own are high, and the reverse. */
#ifndef VEIL_WINDOW_H
#define VEIL_WINDOW_H

#include <veil/board.h>

#define WINDOW_BASE 0xfff00000U
#define WINDOW_END 0xffff0000U
#define WINDOW_PAGES 240 /* of 4 KiB */
#define WINDOW_IMAGE (WINDOW_BASE + BOARD_LOAD_OFFSET)

#define VECTORS_HIGH 0xffff0000U
#define VECTORS_LOW 0U

/* Device registers: physical pages in mmu.c, in this order. */
enum window_device {
	WINDOW_UART = WINDOW_BASE,
	WINDOW_INTC = WINDOW_BASE + 0x1000,
	WINDOW_TIMER = WINDOW_BASE + 0x2000,
	WINDOW_COUNTER = WINDOW_BASE + 0x3000,
	WINDOW_CBUS_GPIO = WINDOW_BASE + 0x4000,
	WINDOW_KEYS_GPIO = WINDOW_BASE + 0x5000,
	WINDOW_SPI = WINDOW_BASE + 0x6000,
	WINDOW_DISPLAY = WINDOW_BASE + 0x7000,
	WINDOW_MMC = WINDOW_BASE + 0x8000,
	WINDOW_ONENAND_DATA = WINDOW_BASE + 0x9000,
	WINDOW_ONENAND_SPARE = WINDOW_BASE + 0xa000,
	WINDOW_ONENAND_REGISTERS = WINDOW_BASE + 0xb000 /* two pages */
};
#define WINDOW_DEVICES 13
#define WINDOW_DEVICES_END (WINDOW_BASE + 0x10000)

#endif

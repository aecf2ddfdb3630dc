/* SPDX-License-Identifier: Apache-2.0 */
/* OneNAND flash: NAND behind buffers and registers of 16 bits, which finds wrong bits and puts them right by itself (Samsung KFG1G16Q2B data sheet;
 * QEMU: hw/block/onenand.c, which has neither wrong bits nor protection). Registers are at twice the data sheet's addresses, which count words.
 *
 * Why what the tablet starts from can come to no harm here: every operation goes through onenand_step(), which takes numbers of Veil's own blocks
 * and no others, and after a reset the chip protects each block that was not unlocked. No guest has a way here. */
#include "onenand.h"

#include <veil/mmio.h>

#include "arch/armv6/window.h"
#include "core/lib.h"

enum {
	BUFFER = WINDOW_ONENAND_DATA + 0x400, /* DataRAM0 */
	BUFFER_SPARE = WINDOW_ONENAND_SPARE + 0x20,
	START_BLOCK = WINDOW_ONENAND_REGISTERS + 0x200, /* F100h */
	START_DIE = WINDOW_ONENAND_REGISTERS + 0x202, /* whose buffer */
	START_PAGE = WINDOW_ONENAND_REGISTERS + 0x20e,
	START_BUFFER = WINDOW_ONENAND_REGISTERS + 0x400,
	COMMAND = WINDOW_ONENAND_REGISTERS + 0x440,
	STATUS = WINDOW_ONENAND_REGISTERS + 0x480,
	INTERRUPT = WINDOW_ONENAND_REGISTERS + 0x482,
	UNLOCK_BLOCK = WINDOW_ONENAND_REGISTERS + 0x498,
	ECC = WINDOW_ONENAND_REGISTERS + 0x1e00 /* FF00h */
};

#define BLOCKS_A_DIE 1024
#define SECOND_DIE 0x8000
#define BUFFER_MAIN0 0x0800
#define COMMAND_RESET 0xf3
#define STATUS_ERROR 0x0400
#define INTERRUPT_DONE 0x8000
#define ECC_CORRECTED 0x5555 /* two bits each for four sectors and their spare areas */
#define ECC_UNCORRECTABLE 0xaaaa
#define SPARE_HALVES 32
/* An erasure takes 3 ms at most, and a look 100 ns at least. */
#define LOOKS 1000000

#define FIRST_BLOCK (BOARD_STORAGE_OWN_OFFSET / ONENAND_BLOCK)

_Static_assert(BOARD_STORAGE_OWN_OFFSET % ONENAND_BLOCK == 0 && BOARD_STORAGE_OWN_SIZE % ONENAND_BLOCK == 0 && FIRST_BLOCK >= BLOCKS_A_DIE,
	       "Veil's own are whole blocks of the second die");

uint32_t onenand_corrected;

static uint32_t looks; /* at the operation under way; 0: there is none */

static void start(enum onenand_operation operation, uint32_t block, uint32_t page)
{
	mmio_write16(START_BLOCK, (uint16_t)(SECOND_DIE | (FIRST_BLOCK - BLOCKS_A_DIE + block)));
	mmio_write16(START_DIE, SECOND_DIE);
	mmio_write16(START_PAGE, (uint16_t)(page << 2));
	mmio_write16(START_BUFFER, BUFFER_MAIN0);
	mmio_write16(UNLOCK_BLOCK, (uint16_t)(FIRST_BLOCK + block));
	mmio_write16(INTERRUPT, 0);
	mmio_write16(COMMAND, (uint16_t)operation);
}

static bool is_done(void)
{
	return mmio_read16(INTERRUPT) & INTERRUPT_DONE;
}

enum onenand_result onenand_step(enum onenand_operation operation, uint32_t block, uint32_t page)
{
	uint32_t ecc;

	if (block >= ONENAND_BLOCKS)
		return ONENAND_FAILED;
	if (!looks)
		start(operation, block, page);
	if (looks < LOOKS && !is_done()) {
		looks++;
		return ONENAND_WAITS;
	}
	if (looks == LOOKS) {
		mmio_write16(COMMAND, COMMAND_RESET);
		looks = 0;
		return ONENAND_FAILED;
	}
	looks = 0;
	if (mmio_read16(STATUS) & STATUS_ERROR)
		return ONENAND_FAILED;
	/* What other operations leave there is of the load before; the numbers of loads are the lowest. */
	ecc = operation <= ONENAND_LOAD_SPARE ? mmio_read16(ECC) : 0;
	onenand_corrected += !!(ecc & ECC_CORRECTED);
	return ecc & ECC_UNCORRECTABLE ? ONENAND_UNCORRECTABLE : ONENAND_DONE;
}

/* By words, as memcpy() copies them, of which the bus makes two accesses of 16 bits each: there are none of bytes. */
void onenand_fetch(uint32_t *words)
{
	memcpy(words, mmio_memory(BUFFER), ONENAND_PAGE);
}

void onenand_fill_spare(uint32_t mark)
{
	mmio_write16(START_DIE, SECOND_DIE);
	for (uint32_t i = 0; i < SPARE_HALVES; i++, mark = ONENAND_GOOD)
		mmio_write16(BUFFER_SPARE + i * 2, (uint16_t)mark);
}

void onenand_fill(const uint32_t *words)
{
	onenand_fill_spare(ONENAND_GOOD);
	memcpy(mmio_memory(BUFFER), words, ONENAND_PAGE);
}

uint32_t onenand_mark(void)
{
	return mmio_read16(BUFFER_SPARE);
}

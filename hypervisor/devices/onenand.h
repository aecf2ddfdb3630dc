/* SPDX-License-Identifier: Apache-2.0 */
/* The blocks of a OneNAND that are Veil's own, a page at a time. */
#ifndef VEIL_ONENAND_H
#define VEIL_ONENAND_H

#include <veil/board.h>
#include <veil/types.h>

#define ONENAND_PAGE 2048
#define ONENAND_PAGES 64 /* a block */
#define ONENAND_BLOCK (ONENAND_PAGE * ONENAND_PAGES)
#define ONENAND_BLOCKS (BOARD_STORAGE_OWN_SIZE / ONENAND_BLOCK)

/* The chip's numbers (Samsung KFG1G16Q2B data sheet, 2.8.18). */
enum onenand_operation {
	ONENAND_LOAD = 0x00, /* a page into the chip's buffer */
	ONENAND_LOAD_SPARE = 0x13, /* its spare area */
	ONENAND_PROGRAM_SPARE = 0x1a,
	ONENAND_UNLOCK = 0x23, /* the block, for what changes it; until the chip is reset */
	ONENAND_PROGRAM = 0x80, /* page and spare area from the buffer */
	ONENAND_ERASE = 0x94 /* the block */
};

enum onenand_result {
	ONENAND_DONE,
	ONENAND_WAITS, /* for the chip: to be called again with the same */
	ONENAND_UNCORRECTABLE, /* more bits are wrong than the chip can put right */
	ONENAND_FAILED /* the chip says so (the block may be locked), or nothing at all in time; or the block is none of Veil's */
};

/* How often the chip has put bits right. */
extern uint32_t onenand_corrected;

/* A step of an operation, one at a time; never waits. Blocks count from the first of Veil's own. */
enum onenand_result onenand_step(enum onenand_operation operation, uint32_t block, uint32_t page);

/* The chip's buffer for a page. What is filled in is programmed with a spare area as it is when erased, or with the mark of a bad block. */
void onenand_fetch(uint32_t *words);
void onenand_fill(const uint32_t *words);
void onenand_fill_spare(uint32_t mark);
uint32_t onenand_mark(void); /* of the spare area that was loaded; ONENAND_GOOD: none */
#define ONENAND_GOOD 0xffff

#endif

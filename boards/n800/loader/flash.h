/* SPDX-License-Identifier: Apache-2.0 */
/* Facts both pieces of boot code rely on, and the table the composer fills in. Byte offsets of OneNAND registers are twice the word addresses
 * of the data sheet (Samsung KFG1G16Q2B, 2.8), because the chip is wired to a 16-bit bus. Partitions: boards/n800/board.yaml. */
#ifndef N800_LOADER_FLASH_H
#define N800_LOADER_FLASH_H

#define FLASH_PAGE 2048
#define FLASH_BLOCK 131072
#define FLASH_BLOCKS_A_DIE 1024 /* the chip has two dies; bit 15 of the block's address selects the second */

#define ONENAND_DATA 0x0400 /* DataRAM0, main area; from the start of the chip's window */
#define ONENAND_DATA1 0x0c00 /* DataRAM1 */
#define ONENAND_SPARE 0x10020 /* the same, spare area */
#define ONENAND_REGISTERS 0x1e000
#define ONENAND_START_BLOCK 0x200 /* from ONENAND_REGISTERS: F100h */
#define ONENAND_START_PAGE 0x20e /* F107h: page << 2 | sector */
#define ONENAND_START_BUFFER 0x400 /* F200h */
#define ONENAND_COMMAND 0x440 /* F220h */
#define ONENAND_STATUS 0x480 /* F240h */
#define ONENAND_INTERRUPT 0x482 /* F241h */
#define ONENAND_ECC 0x1e00 /* FF00h */
#define ONENAND_BUFFER_MAIN0 0x0800 /* DataRAM0, four sectors */
#define ONENAND_BUFFER_MAIN1 0x0c00

#define KERNEL_PARTITION 0x80000
#define KERNEL_FIRST_PAGE 1 /* before it Nokia's boot loader writes a page of its own (0xFFFF 0.9, doc/dumping) */

#define LOADER_ADDRESS 0x80010000 /* where Nokia's boot loader puts what the kernel partition begins with */
#define LOADER_BYTES 16384
#define LOADER_TABLE 32 /* offset of the table in the loader */
#define LOADER_PIECES 4
#define LOADER_MAGIC 0x444c5056 /* "VPLD" */

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Part of the device image as it lies in flash. Little-endian. */
struct loader_piece {
	uint8_t name[12]; /* NUL-padded: the partition's */
	uint32_t partition; /* first byte of its partition in flash; the start of a block */
	uint32_t partition_end;
	uint32_t offset; /* of the piece from there, blocks that are bad not counted; the start of a page */
	uint32_t ram; /* where it goes */
	uint32_t size; /* bytes */
	uint8_t sha256[32];
};

struct loader_table {
	uint32_t magic; /* LOADER_MAGIC */
	uint32_t count;
	uint32_t entry; /* of Veil */
	uint32_t reserved;
	struct loader_piece pieces[LOADER_PIECES];
};
#endif

#endif

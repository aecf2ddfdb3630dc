/* SPDX-License-Identifier: Apache-2.0 */
/* The board's disk; devices/ holds a driver for each kind. Requests are told apart by tags, which the caller hands out; the disk reads
 * and writes their memory by itself, or a step at a time when it is told to, and what became of one arrives through block_done(). */
#ifndef VEIL_BLOCK_SOURCE_H
#define VEIL_BLOCK_SOURCE_H

#include <veil/types.h>

#define BLOCK_SECTOR 512
#define BLOCK_TAGS 64 /* requests in flight, at most */
#define BLOCK_SEGMENTS 254 /* pieces of memory of one request, at most */

enum block_operation {
	BLOCK_READ = 0,
	BLOCK_WRITE = 1,
	BLOCK_FLUSH = 4 /* what has been written before is on the medium when it is done */
};

/* How many tags there are; 0: the board has no disk that serves. Takes VEIL_WORK_STORAGE of work memory. */
uint32_t block_source_init(uint64_t *sector_count);

/* A request is prepared piece by piece, then submitted. Different tags may be prepared on different CPUs at once. */
void block_source_segment(uint32_t tag, uint32_t index, paddr_t start, uint32_t size, enum block_operation operation);
void block_source_submit(uint32_t tag, enum block_operation operation, uint64_t sector, uint32_t segment_count);
void block_source_start(void); /* after the last of several */

enum block_step {
	BLOCK_IDLE, /* nothing of these waits for a step */
	BLOCK_MOVED,
	BLOCK_WAITS /* for the disk */
};

/* A short step towards the end of requests with these tags, the first submitted first: for disks that do nothing by themselves. Others are always
 * idle. block_done() may be called from here. */
enum block_step block_source_step(uint32_t first_tag, uint32_t tag_count);

/* An interrupt of the board: true if it was the disk's. */
bool block_source_interrupt(uint32_t irq);

/* Called by the driver, from block_source_step() or on the CPU that takes the board's interrupts; no lock of the persona's devices held. */
void block_done(uint32_t tag, bool is_good);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A board without a disk. */
#include <veil/block_source.h>

uint32_t block_source_init(uint64_t *sector_count)
{
	(void)sector_count;
	return 0;
}

void block_source_segment(uint32_t tag, uint32_t index, paddr_t start, uint32_t size, enum block_operation operation)
{
	(void)tag;
	(void)index;
	(void)start;
	(void)size;
	(void)operation;
}

void block_source_submit(uint32_t tag, enum block_operation operation, uint64_t sector, uint32_t segment_count)
{
	(void)tag;
	(void)operation;
	(void)sector;
	(void)segment_count;
}

void block_source_start(void)
{
}

bool block_source_interrupt(uint32_t irq)
{
	(void)irq;
	return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Work memory: a pointer that only moves up. */
#include "memory.h"

#include "lib.h"

static struct {
	uint8_t *base;
	uint64_t size;
	uint64_t used;
} work;

void memory_init(void *base, uint64_t size)
{
	work.base = base;
	work.size = size;
	work.used = 0;
}

void *memory_take(size_t size, size_t alignment)
{
	uint64_t start = align_up((uintptr_t)work.base + work.used, alignment) - (uintptr_t)work.base;

	if (!range_within(start, size, 0, work.size))
		return NULL;
	work.used = start + size;
	return memset(work.base + start, 0, size);
}

uint64_t memory_taken(void)
{
	return work.used;
}

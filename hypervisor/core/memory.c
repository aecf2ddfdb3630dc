/* SPDX-License-Identifier: Apache-2.0 */
/* Work memory: small things from its start upwards, whole pages from its end downwards, so that no page's alignment wastes what lies between. */
#include "memory.h"

#include "lib.h"

static struct {
	uint8_t *base;
	uint64_t size;
	uint64_t used; /* from the start */
	uint64_t end; /* what is left ends here */
} work;

void memory_init(void *base, uint64_t size)
{
	work.base = base;
	work.size = size;
	work.used = 0;
	work.end = size;
}

void *memory_take(size_t size, size_t alignment)
{
	uint64_t start = align_up((uintptr_t)work.base + work.used, alignment) - (uintptr_t)work.base;

	if (!range_within(start, size, 0, work.end))
		return NULL;
	if (alignment < VEIL_PAGE_SIZE) {
		work.used = start + size;
	} else {
		start += (work.end - size - start) / alignment * alignment;
		work.end = start;
	}
	return memset(work.base + start, 0, size);
}

uint64_t memory_taken(void)
{
	return work.used + work.size - work.end;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Work memory: small things from its start upwards, where Veil always has it in view; whole pages from its end downwards, so that no page's
 * alignment wastes what lies between. */
#include "memory.h"

#include <veil/arch.h>

#include "lib.h"

static struct {
	paddr_t start;
	uint8_t *base; /* the same place, in view */
	uint64_t kept; /* bytes in view */
	uint64_t used; /* from the start */
	uint64_t size;
	uint64_t end; /* what is left ends here */
} work;

void memory_init(paddr_t start, uint64_t size)
{
	work.start = start;
	work.base = arch_keep(start, size, &work.kept);
	work.used = 0;
	work.size = size;
	work.end = size;
}

void *memory_take(size_t size, size_t alignment)
{
	uint64_t start = align_up((uintptr_t)work.base + work.used, alignment) - (uintptr_t)work.base;

	if (!range_within(start, size, 0, work.end < work.kept ? work.end : work.kept))
		return NULL;
	work.used = start + size;
	return memset(work.base + start, 0, size);
}

bool memory_take_pages(uint64_t size, uint64_t alignment, paddr_t *pages)
{
	uint64_t left = work.end - work.used; /* bytes */
	uint64_t first = (work.start.value + work.end - size) & ~(alignment - 1);

	if (size > left || first < work.start.value + work.used)
		return false;
	work.end = first - work.start.value;
	*pages = paddr(first);
	arch_zero(arch_pointer(*pages), (size_t)size);
	return true;
}

uint64_t memory_taken(void)
{
	return work.used + work.size - work.end;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Work memory: small things from its start upwards, where Veil always has it in view; whole pages from its end downwards, so that no page's
 * alignment wastes what lies between. */
#include "memory.h"

#include <veil/arch.h>

#include "lib.h"

static struct {
	paddr_t start;
	uint8_t *base; /* the same place, in view */
	address_t kept; /* bytes in view */
	size_t used; /* from the start */
	address_t size;
	address_t end; /* what is left ends here */
} work;

void memory_init(paddr_t start, address_t size)
{
	work.start = start;
	work.base = arch_keep(start, size, &work.kept);
	work.used = 0;
	work.size = size;
	work.end = size;
}

void *memory_take(size_t size, size_t alignment)
{
	size_t start = work.used + (-((uintptr_t)work.base + work.used) & (alignment - 1));
	size_t end = work.end < work.kept ? work.end : work.kept;

	if (start > end || size > end - start)
		return NULL;
	work.used = start + size;
	return memset(work.base + start, 0, size);
}

bool memory_take_pages(address_t size, address_t alignment, paddr_t *pages)
{
	size_t left = work.end - work.used; /* bytes */
	address_t first = (work.start.value + work.end - size) & ~(alignment - 1);

	if (size > left || first < work.start.value + work.used)
		return false;
	work.end = first - work.start.value;
	*pages = paddr(first);
	arch_zero(arch_pointer(*pages), size);
	return true;
}

address_t memory_taken(void)
{
	return (address_t)work.used + work.size - work.end;
}

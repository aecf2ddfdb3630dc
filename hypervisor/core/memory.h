/* SPDX-License-Identifier: Apache-2.0 */
/* Work memory: given out at boot, never taken back. */
#ifndef VEIL_MEMORY_H
#define VEIL_MEMORY_H

#include <veil/types.h>

void memory_init(paddr_t start, address_t size);

/* Zeroed; alignment is a power of two. NULL when the manifest reserved too little. */
void *memory_take(size_t size, size_t alignment);

/* The same for tables and pools, which arch_pointer() brings into view: from the other end. Size and alignment are multiples of 64. */
bool memory_take_pages(address_t size, address_t alignment, paddr_t *pages);

address_t memory_taken(void); /* bytes so far */

#endif

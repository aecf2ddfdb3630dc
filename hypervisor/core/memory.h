/* SPDX-License-Identifier: Apache-2.0 */
/* Work memory: given out at boot, never taken back. */
#ifndef VEIL_MEMORY_H
#define VEIL_MEMORY_H

#include <veil/types.h>

void memory_init(void *base, uint64_t size);

/* Zeroed; alignment is a power of two. NULL when the manifest reserved too little. */
void *memory_take(size_t size, size_t alignment);

uint64_t memory_taken(void); /* bytes so far */

#endif

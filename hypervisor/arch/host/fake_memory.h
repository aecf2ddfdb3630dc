/* SPDX-License-Identifier: Apache-2.0 */
/* RAM of the fake machine and what its caches hold. */
#ifndef HOST_FAKE_MEMORY_H
#define HOST_FAKE_MEMORY_H

#include <veil/types.h>

struct stage2_page;

void fake_memory_init(void);
bool fake_memory_is_clean(uint64_t base, uint64_t size);

/* A zeroed stage-2 table; freed by nobody: a test is a process. */
struct stage2_page *fake_pages(uint32_t persona, uint64_t count);

#endif

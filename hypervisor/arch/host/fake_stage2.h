/* SPDX-License-Identifier: Apache-2.0 */
/* What the fake machine keeps of a persona's pages. */
#ifndef HOST_FAKE_STAGE2_H
#define HOST_FAKE_STAGE2_H

#include <veil/types.h>

struct stage2_page {
	uint64_t host; /* 0: not mapped */
	uint64_t cached; /* the translation a guest's CPU may still hold, until a flush */
	bool is_hidden;
};

struct arch_persona {
	struct stage2_page *pages;
};

/* A virtual CPU of the persona is loaded: counts it if that CPU may hold translations that were not flushed. */
struct persona;
void fake_stage2_load(const struct persona *persona);

#endif

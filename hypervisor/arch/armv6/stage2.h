/* SPDX-License-Identifier: Apache-2.0 */
/* The persona's pages, as shadow tables and walks look them up. */
#ifndef VEIL_STAGE2_H
#define VEIL_STAGE2_H

#include <veil/arch.h>

enum page_state {
	PAGE_UNBUILT = 0, /* RAM that nobody has touched yet */
	PAGE_BUILT, /* the persona's by the owner table: stage2_map() has looked */
	PAGE_READ_ONLY, /* flash that reads as memory */
	PAGE_WATCHED, /* a screen's, built: writes are told of, and it is PAGE_BUILT then */
	PAGE_HIDDEN, /* flash that takes commands */
	PAGE_NONE /* no memory of this persona */
};

/* What is at a guest-physical address, and its host-physical address unless it is PAGE_NONE. */
enum page_state stage2_look(const struct persona *persona, uint32_t physical, uint32_t *host);

/* The guest writes to a page that is PAGE_WATCHED. */
void stage2_written(struct persona *persona, uint32_t physical);

#endif

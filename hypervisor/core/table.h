/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a manifest and of a policy. They follow each other in order without gaps: what is nowhere described cannot hide anything. */
#ifndef VEIL_TABLE_H
#define VEIL_TABLE_H

#include <veil/abi.h>
#include <veil/types.h>

struct table_kind {
	uint8_t entry_size;
	uint8_t limit; /* entries */
	uint8_t numbers_at, number_count; /* addresses and sizes of memory, one after the other in an entry */
};

/* Do tables, each of its kind up to the one that has none, follow each other from offset `next` on? Then where they end, and in `found` where each is;
 * SIZE_MAX: they do not. Whether there is so much at `base` is for the caller to check, before it uses anything of it. */
size_t tables_follow(const void *base, size_t next, const struct veil_table *tables, const struct table_kind *kinds, const void **found);

#endif

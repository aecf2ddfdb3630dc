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

/* Do `count` tables, each of its kind, begin at *next and end at `size` or before? Then that is *next. */
bool tables_follow(const struct veil_table *tables, const struct table_kind *kinds, size_t count, size_t size, size_t *next);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

size_t tables_follow(const void *base, size_t next, const struct veil_table *tables, const struct table_kind *kinds, const void **found)
{
	for (; kinds->entry_size; tables++, kinds++) {
		if (tables->offset != next || tables->count > kinds->limit)
			return SIZE_MAX;
		*found++ = (const uint8_t *)base + next;
		next += tables->count * kinds->entry_size;
	}
	return next;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

bool tables_follow(const struct veil_table *tables, const struct table_kind *kinds, size_t count, size_t size, size_t *next)
{
	for (; count--; tables++, kinds++) {
		if (tables->offset != *next || tables->count > kinds->limit)
			return false;
		*next += tables->count * kinds->entry_size;
		if (*next > size)
			return false;
	}
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The owner table: the manifest's regions, kept in Veil's own memory. */
#include "owner.h"

static struct {
	uint32_t count;
	struct veil_region regions[VEIL_MAX_REGIONS];
} owners;

void owner_init(const struct veil_region *regions, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		owners.regions[i] = regions[i];
	owners.count = count;
}

bool owner_is(uint32_t owner, paddr_t base, address_t size)
{
	for (uint32_t i = 0; i < owners.count; i++) {
		const struct veil_region *region = &owners.regions[i];
		address_t first = (address_t)region->base, region_size = (address_t)region->size;

		if (base.value - first < region_size)
			return region->owner == owner && size <= region_size - (base.value - first);
	}
	return false;
}

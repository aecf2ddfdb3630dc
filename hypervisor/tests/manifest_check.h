/* SPDX-License-Identifier: Apache-2.0 */
/* A second opinion on an accepted manifest, written without looking at the reader: what no accepted manifest may ever say. */
#ifndef VEIL_TEST_MANIFEST_CHECK_H
#define VEIL_TEST_MANIFEST_CHECK_H

#include "core/manifest.h"
#include "image.h"

/* [a, a + size_a) and [b, b + size_b), compared as 128-bit numbers so that nothing wraps. */
static inline bool ranges_meet(unsigned __int128 a, unsigned __int128 size_a, unsigned __int128 b, unsigned __int128 size_b)
{
	return size_a && size_b && a < b + size_b && b < a + size_a;
}

static inline bool range_inside(unsigned __int128 base, unsigned __int128 size, unsigned __int128 outer, unsigned __int128 outer_size)
{
	return base >= outer && base + size <= outer + outer_size;
}

/* Every range of RAM that somebody will write or read, and the owner it needs. */
static inline bool owned(const struct manifest *m, uint64_t base, uint64_t size, uint32_t owner)
{
	for (uint32_t i = 0; i < m->header->regions.count; i++)
		if (m->regions[i].owner != owner && ranges_meet(base, size, m->regions[i].base, m->regions[i].size))
			return false;
	return range_inside(base, size, m->header->ram_base, m->header->ram_size);
}

static inline uint64_t memory_of(const struct veil_persona *p)
{
	return p->ram_size + 65536 * ((uint64_t)p->flash_code_pages + p->flash_variable_pages);
}

/* In a persona's RAM, its read-only flash at 0 or its variable flash at 64 MiB. */
static inline bool is_somewhere(const struct veil_persona *p, uint64_t base, uint64_t size)
{
	return range_inside(base, size, p->ram_guest_base, p->ram_size) ||
	       range_inside(base, size, 0, 65536 * (uint64_t)p->flash_code_pages) ||
	       range_inside(base, size, 0x4000000, 65536 * (uint64_t)p->flash_variable_pages);
}

static inline bool manifest_check(const struct manifest *m, struct image_place place)
{
	const struct veil_manifest *h = m->header;

	for (uint32_t i = 0; i < h->regions.count; i++)
		for (uint32_t j = 0; j < i; j++)
			if (ranges_meet(m->regions[i].base, m->regions[i].size, m->regions[j].base, m->regions[j].size))
				return false;
	if (!owned(m, place.base.value, place.veil_size, VEIL_OWNER_VEIL) || !owned(m, h->work_base, h->work_size, VEIL_OWNER_VEIL) ||
	    ranges_meet(place.base.value, place.veil_size, h->work_base, h->work_size))
		return false;
	for (uint32_t i = 0; i < h->payloads.count; i++)
		if (!owned(m, place.base.value + m->payloads[i].offset, m->payloads[i].size, VEIL_OWNER_PAYLOADS))
			return false;
	for (uint32_t i = 0; i < h->personas.count; i++) {
		const struct veil_persona *p = &m->personas[i];

		if (!owned(m, p->ram_host_base, memory_of(p), i))
			return false;
		for (uint32_t j = 0; j < i; j++)
			if (ranges_meet(p->ram_host_base, memory_of(p), m->personas[j].ram_host_base, memory_of(&m->personas[j])))
				return false;
		if (!range_inside(p->ram_guest_base, p->ram_size, GUEST_RAM_START, GUEST_RAM_END - GUEST_RAM_START) ||
		    !is_somewhere(p, p->entry, 4) || p->flash_code_pages > 1024 || p->flash_variable_pages > 1024)
			return false;
		if (p->patch_count && (p->patch_payload >= h->payloads.count || p->patch_count > 1024 ||
				       !range_inside(0, p->patch_count * 4ULL, 0, m->payloads[p->patch_payload].size)))
			return false;
	}
	for (uint32_t i = 0; i < h->storage_ranges.count; i++) {
		const struct veil_storage_range *r = &m->storage_ranges[i];

		if (r->persona >= h->personas.count || !range_inside(r->first_sector, r->sector_count, 2048, UINT64_MAX - 2048))
			return false;
		for (uint32_t j = 0; j < i; j++)
			if (ranges_meet(r->first_sector, r->sector_count, m->storage_ranges[j].first_sector,
					m->storage_ranges[j].sector_count))
				return false;
	}
	for (uint32_t i = 0; i < h->segments.count; i++) {
		const struct veil_segment *s = &m->segments[i];

		if (s->persona >= h->personas.count || s->payload >= h->payloads.count ||
		    !range_inside(s->payload_offset, s->size, 0, m->payloads[s->payload].size) ||
		    !is_somewhere(&m->personas[s->persona], s->guest_address, s->size))
			return false;
		for (uint32_t j = 0; j < i; j++)
			if (m->segments[j].persona == s->persona &&
			    ranges_meet(s->guest_address, s->size, m->segments[j].guest_address, m->segments[j].size))
				return false;
	}
	return true;
}

static inline bool manifest_is_sound(const struct image *image)
{
	static uint8_t check_bytes[IMAGE_MANIFEST_MAX] __attribute__((aligned(64)));
	struct manifest manifest;
	size_t size = image_manifest(image, check_bytes);

	return manifest_read(&manifest, check_bytes, (address_t)size, "qemu-virt", image->place) == MANIFEST_OK &&
	       manifest_check(&manifest, image->place);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the manifest. It is written by the composer, yet nothing in it is believed: a wrong one must not become a hole. */
#include "manifest.h"

#include <veil/board.h>
#include <veil/platform.h>

#include "lib.h"
#include "table.h"
#include "verify/verify.h"

/* The tables, in their order. Where the machine's addresses are narrower than the manifest's numbers, those that stand for any must fit: each is
 * read as an address_t below. */
static const struct table_kind kinds[] IN_GAP(9) = {
	{sizeof(struct veil_region), VEIL_MAX_REGIONS, offsetof(struct veil_region, base), 2},
	{sizeof(struct veil_payload), VEIL_MAX_PAYLOADS, offsetof(struct veil_payload, offset), 2},
	{sizeof(struct veil_segment), VEIL_MAX_SEGMENTS, offsetof(struct veil_segment, guest_address), 3},
	{sizeof(struct veil_persona), VEIL_MAX_PERSONAS, offsetof(struct veil_persona, ram_guest_base), 7},
	{sizeof(struct veil_surface), VEIL_MAX_PERSONAS, offsetof(struct veil_surface, host_base), 3},
	{sizeof(struct veil_storage_range), VEIL_MAX_STORAGE_RANGES, 0, 0}, /* sectors are no addresses */
	{0, 0, 0, 0},
};
#define TABLES (ARRAY_COUNT(kinds) - 1)

_Static_assert(offsetof(struct veil_manifest, passthrough) == offsetof(struct veil_manifest, regions) + TABLES * sizeof(struct veil_table),
	       "the header's tables are those of `kinds`, and the one no version has yet");

static bool numbers_fit(const void *at, uint32_t count)
{
	for (const uint64_t *number = at; count--; number++)
		if (*number != (address_t)*number)
			return false;
	return true;
}

/* Of the tables, which are where they should be. */
static bool entries_fit(const struct veil_manifest *header)
{
	const struct veil_table *table = &header->regions;

	for (const struct table_kind *kind = kinds; kind->entry_size; kind++, table++) {
		const uint8_t *numbers = (const uint8_t *)header + table->offset + kind->numbers_at;

		for (uint32_t i = 0; i < table->count; i++, numbers += kind->entry_size)
			if (!numbers_fit(numbers, kind->number_count))
				return false;
	}
	return true;
}

static enum manifest_error header_check(const struct veil_manifest *header, address_t size, const char *board)
{
	uint32_t flags = 0;

	if (header->magic != VEIL_MANIFEST_MAGIC)
		return MANIFEST_BAD_MAGIC;
	if (header->abi_version != VEIL_ABI_VERSION || header->machine_version != 1)
		return MANIFEST_BAD_VERSION;
	/* What is signed is checked. */
	if (verify_kind() == VEIL_SIGNATURE_DEVELOPMENT)
		flags = VEIL_SKIP_PAYLOAD_DIGESTS;
	if (header->must_understand != 0 || (header->flags & ~flags) != 0)
		return MANIFEST_UNKNOWN_FLAG;
	if (header->size != size)
		return MANIFEST_TRUNCATED;
	if (!name_is_valid(header->board))
		return MANIFEST_OTHER_BOARD;
	for (size_t i = 0; i < VEIL_NAME_BYTES; i++) {
		if (header->board[i] != (uint8_t)board[i])
			return MANIFEST_OTHER_BOARD;
		if (!board[i])
			break;
	}
	if (header->signature_kind != verify_kind())
		return MANIFEST_BAD_SIGNATURE_KIND;
	if (header->hotkey_count > VEIL_MAX_HOTKEY)
		return MANIFEST_BAD_TABLE;
	for (uint32_t i = header->hotkey_count; i < VEIL_MAX_HOTKEY; i++)
		if (header->hotkey[i])
			return MANIFEST_BAD_RESERVED;
	return MANIFEST_OK;
}

/* The owner of the region a range lies in, or UINT32_MAX if it lies in none or in more than one. */
static uint32_t range_owner(const struct manifest *m, address_t base, address_t size)
{
	const struct veil_region *region = m->regions;

	for (uint32_t i = 0; i < m->region_count; i++, region++)
		if (range_within(base, size, (address_t)region->base, (address_t)region->size))
			return region->owner;
	return UINT32_MAX;
}

/* Two ranges, neither of which wraps around. */
static bool ranges_meet(address_t a, address_t a_size, address_t b, address_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static bool meets_work(const struct manifest *m, address_t base, address_t size)
{
	return ranges_meet(base, size, (address_t)m->header->work_base, (address_t)m->header->work_size);
}

static enum manifest_error regions_check(const struct manifest *m)
{
	const struct veil_manifest *header = m->header;
	const struct veil_region *region = m->regions;
	address_t ram_base = (address_t)header->ram_base, ram_size = (address_t)header->ram_size;
	address_t work_base = (address_t)header->work_base, next = ram_base;

	if ((ram_base | ram_size | work_base) % VEIL_PAGE_SIZE || ram_base + ram_size < ram_base)
		return MANIFEST_BAD_RAM;
	for (uint32_t i = 0; i < m->region_count; i++, region++) {
		address_t size = (address_t)region->size;

		if (region->reserved)
			return MANIFEST_BAD_RESERVED;
		if ((address_t)region->base != next || size == 0 || size % VEIL_PAGE_SIZE || !range_within(next, size, ram_base, ram_size))
			return MANIFEST_BAD_RAM;
		if (region->owner >= m->persona_count && (region->owner < VEIL_OWNER_FREE || region->owner > VEIL_OWNER_VEIL))
			return MANIFEST_BAD_RAM;
		next += size;
	}
	if (next != ram_base + ram_size || range_owner(m, work_base, (address_t)header->work_size) != VEIL_OWNER_VEIL ||
	    range_owner(m, m->image.base.value, m->image.veil_size) != VEIL_OWNER_VEIL ||
	    meets_work(m, m->image.base.value, m->image.veil_size))
		return MANIFEST_BAD_RAM;
	return MANIFEST_OK;
}

static enum manifest_error payloads_check(const struct manifest *m)
{
	const struct veil_payload *payload = m->payloads;
	address_t end = 0;

	for (uint32_t i = 0; i < m->payload_count; i++, payload++) {
		address_t offset = (address_t)payload->offset, size = (address_t)payload->size;

		if (offset % VEIL_PAGE_SIZE || offset < end || size == 0 || !range_within(offset, size, 0, m->image.size) ||
		    range_owner(m, m->image.base.value + offset, align_up(size, VEIL_PAGE_SIZE)) != VEIL_OWNER_PAYLOADS)
			return MANIFEST_BAD_PAYLOAD;
		end = offset + size;
	}
	return MANIFEST_OK;
}

static bool flash_is_valid(const struct veil_persona *p)
{
	if (!(p->devices & VEIL_DEVICE_FLASH))
		return p->flash_code_pages == 0 && p->flash_variable_pages == 0;
	return p->flash_code_pages >= 1 && p->flash_code_pages <= VEIL_MAX_FLASH_PAGES && p->flash_variable_pages >= 1 &&
	       p->flash_variable_pages <= VEIL_MAX_FLASH_PAGES;
}

/* RAM, and flash behind it. */
static address_t memory_size(const struct veil_persona *p)
{
	address_t flash_pages = GUEST_HAS_FLASH ? (address_t)p->flash_code_pages + p->flash_variable_pages : 0;

	return (address_t)p->ram_size + flash_pages * VEIL_PAGE_SIZE;
}

static bool is_ram(const struct veil_persona *p, address_t base, address_t size)
{
	return range_within(base, size, (address_t)p->ram_guest_base, (address_t)p->ram_size);
}

/* Memory that has contents at start: RAM and flash. */
static bool is_loadable(const struct veil_persona *p, address_t base, address_t size)
{
	if (is_ram(p, base, size))
		return true;
	return GUEST_HAS_FLASH && (range_within(base, size, VEIL_FLASH_CODE, (address_t)p->flash_code_pages * VEIL_PAGE_SIZE) ||
				   range_within(base, size, VEIL_FLASH_VARIABLES, (address_t)p->flash_variable_pages * VEIL_PAGE_SIZE));
}

/* What is left out has the address 0. */
static bool is_ram_or_none(const struct veil_persona *p, address_t base, address_t size)
{
	return base == 0 || is_ram(p, base, size);
}

static bool is_guests(address_t base, address_t size)
{
	return range_within(base, size, (address_t)GUEST_RAM_START, (address_t)(GUEST_RAM_END - GUEST_RAM_START));
}

static bool patches_are_valid(const struct manifest *m, const struct veil_persona *p)
{
	if (p->patch_count == 0)
		return p->patch_payload == 0;
	return p->patch_count <= VEIL_MAX_PATCHES && p->patch_payload < m->payload_count &&
	       m->payloads[p->patch_payload].size == p->patch_count * sizeof(uint32_t);
}

static bool persona_is_valid(const struct manifest *m, uint32_t index)
{
	const struct veil_persona *p = &m->personas[index];
	const uint32_t flags = VEIL_START_AT_BOOT | VEIL_RESTART_ON_CRASH | VEIL_FREEZE_IN_BACKGROUND | VEIL_LOCK_ON_LEAVE;
	address_t ram_base = (address_t)p->ram_guest_base, ram_size = (address_t)p->ram_size;
	address_t host = (address_t)p->ram_host_base, entry = (address_t)p->entry;

	return name_is_valid(p->name) && name_is_valid(p->label) && p->colour >> 24 == 0 && (p->flags & ~flags) == 0 &&
	       (p->devices & ~(uint32_t)GUEST_DEVICES) == 0 && flash_is_valid(p) && p->cpu_count >= 1 && p->cpu_count <= GUEST_MAX_CPUS &&
	       p->cpu_share >= 1 && p->cpu_share <= 1000 && p->cpu_cap_percent >= 1 && p->cpu_cap_percent <= 100 * p->cpu_count &&
	       p->cpu_affinity != 0 && p->cpu_affinity >> m->header->cpu_count == 0 && ram_size > 0 &&
	       (ram_size | host) % VEIL_PAGE_SIZE == 0 &&
	       ram_base % ((address_t)512 << 20) == 0 && /* one stage-2 table for each 512 MiB: see VEIL_WORK_BASE */
	       is_guests(ram_base, ram_size) && range_owner(m, host, memory_size(p)) == index && is_loadable(p, entry, 4) &&
	       entry % 4 == 0 && is_ram_or_none(p, (address_t)p->rng_seed_address, 32) &&
	       is_ram_or_none(p, (address_t)p->kaslr_seed_address, 8) &&
	       (!(p->flags & VEIL_LOCK_ON_LEAVE) || (p->devices & VEIL_DEVICE_INPUT)) && patches_are_valid(m, p);
}

static bool segment_is_valid(const struct manifest *m, uint32_t index)
{
	const struct veil_segment *s = &m->segments[index];
	const struct veil_segment *before = index ? s - 1 : NULL;
	address_t guest = (address_t)s->guest_address, offset = (address_t)s->payload_offset, size = (address_t)s->size;

	if (s->persona >= m->persona_count || s->payload >= m->payload_count)
		return false;
	if (before && (before->persona > s->persona ||
		       (before->persona == s->persona && (address_t)before->guest_address + (address_t)before->size > guest)))
		return false;
	return (guest | offset) % 4096 == 0 && range_within(offset, size, 0, (address_t)m->payloads[s->payload].size) &&
	       is_loadable(&m->personas[s->persona], guest, size);
}

/* On Veil's pages, and not on those it works with. */
static wide_bool is_veils_alone(const struct manifest *m, address_t base, address_t size)
{
	return range_owner(m, base, size) == VEIL_OWNER_VEIL && !meets_work(m, base, size) &&
	       !ranges_meet(base, size, m->image.base.value, m->image.veil_size);
}

/* Bytes of a surface's strip; where its pages begin; and their end, at that of its body. */
static address_t strip_size(const struct veil_surface *s)
{
	return (address_t)s->strip_rows * s->stride;
}

static address_t surface_start(const struct veil_surface *s)
{
	return (address_t)s->host_base & ~(address_t)(VEIL_PAGE_SIZE - 1);
}

static address_t surface_end(const struct veil_surface *s)
{
	return (address_t)s->host_base + strip_size(s) + (address_t)s->body_size;
}

/* Does it lie apart from the first `count` surfaces? */
static bool is_off_surfaces(const struct manifest *m, uint32_t count, address_t base, address_t size)
{
	for (const struct veil_surface *s = m->surfaces; count--; s++)
		if (ranges_meet(base, size, surface_start(s), surface_end(s) - surface_start(s)))
			return false;
	return true;
}

/* The strip must be where no guest can write: on Veil's pages, and not on those it works with. The body must be where it shows under
 * the strip, on pages of this persona alone. */
static bool surface_is_valid(const struct manifest *m, uint32_t index)
{
	const struct veil_surface *s = &m->surfaces[index];
	const struct veil_persona *p = &m->personas[index];
	address_t strip = strip_size(s), start = surface_start(s), end = surface_end(s);
	address_t size = (address_t)s->body_size, body = end - size, guest = (address_t)s->body_guest_base;

	if (s->format != BOARD_PIXEL_FORMAT || s->width < 16 || s->width > VEIL_MAX_PIXELS || s->height > VEIL_MAX_PIXELS ||
	    s->stride != s->width * BOARD_PIXEL_BYTES || s->strip_rows < 1 || s->strip_rows >= s->height ||
	    (strip | (address_t)s->host_base) % 4096 || s->strip_payload >= m->payload_count ||
	    (address_t)m->payloads[s->strip_payload].size != strip || (body | size) % VEIL_PAGE_SIZE ||
	    size < (address_t)(s->height - s->strip_rows) * s->stride || !is_veils_alone(m, start, body - start) ||
	    !range_within(body, size, (address_t)m->header->ram_base, (address_t)m->header->ram_size) ||
	    !is_off_surfaces(m, index, start, end - start))
		return false;
	if (guest == 0)
		return is_veils_alone(m, body, size);
	return guest == (address_t)p->ram_guest_base + (address_t)p->ram_size && range_owner(m, body, size) == index &&
	       is_guests(guest, size) && !ranges_meet(body, size, (address_t)p->ram_host_base, memory_size(p));
}

/* A volume must not reach into the partition table nor into any other volume, whoever's. */
static bool storage_is_valid(const struct manifest *m, uint32_t index)
{
	const struct veil_storage_range *s = &m->storage_ranges[index];
	uint32_t of_persona = 0;

	if (s->persona >= m->persona_count || s->reserved || !name_is_valid(s->name) || s->sector_count == 0 ||
	    s->first_sector < VEIL_STORAGE_FIRST_SECTOR || s->first_sector + s->sector_count < s->first_sector ||
	    (index && s[-1].persona > s->persona))
		return false;
	for (uint32_t i = 0; i < index; i++) {
		const struct veil_storage_range *other = &m->storage_ranges[i];

		of_persona += other->persona == s->persona;
		if (s->first_sector < other->first_sector + other->sector_count && other->first_sector < s->first_sector + s->sector_count)
			return false;
	}
	return of_persona < VEIL_MAX_PERSONA_VOLUMES;
}

/* Two pictures side by side: drawn on Veil's pages, on none it uses otherwise, and only where all surfaces are alike. */
static bool view_is_valid(const struct manifest *m)
{
	const struct veil_surface *s = m->surfaces;
	address_t base = (address_t)m->header->view_base, size;
	uint32_t count = m->surface_count;

	if (base == 0)
		return true;
	if (!count)
		return false;
	size = align_up((address_t)s->height * s->stride, VEIL_PAGE_SIZE);
	for (uint32_t i = 1; i < count; i++)
		if (s[i].width != s->width || s[i].height != s->height || s[i].strip_rows != s->strip_rows)
			return false;
	return base % VEIL_PAGE_SIZE == 0 && s->stride % 128 == 0 && is_veils_alone(m, base, size) && is_off_surfaces(m, count, base, size);
}

enum manifest_error manifest_read(struct manifest *m, const void *bytes, address_t size, const char *board, struct image_place image)
{
	const struct veil_manifest *header = bytes;
	const uint8_t *base = bytes;
	const void *found[TABLES];
	enum manifest_error error;
	size_t end;

	if (size < sizeof(*header))
		return MANIFEST_TRUNCATED;
	error = header_check(header, size, board);
	if (error != MANIFEST_OK)
		return error;
	end = tables_follow(header, sizeof(*header), &header->regions, kinds, found);
	if (end > size || size - end != VEIL_POLICY_BYTES || header->policy_offset != end || header->policy_capacity != VEIL_POLICY_BYTES ||
	    (header->surfaces.count != 0 && header->surfaces.count != header->personas.count))
		return MANIFEST_BAD_TABLE;
	/* Of a kind this version does not know yet: it stands at the end. */
	if (header->passthrough.offset != size || header->passthrough.count != 0)
		return MANIFEST_BAD_TABLE;
	if (!numbers_fit(&header->ram_base, 4) || !numbers_fit(&header->view_base, 1) || !entries_fit(header))
		return MANIFEST_TOO_WIDE;
	m->header = header;
	m->regions = found[0];
	m->payloads = found[1];
	m->segments = found[2];
	m->personas = found[3];
	m->surfaces = found[4];
	m->storage_ranges = found[5];
	m->region_count = header->regions.count;
	m->payload_count = header->payloads.count;
	m->segment_count = header->segments.count;
	m->persona_count = header->personas.count;
	m->surface_count = header->surfaces.count;
	m->storage_range_count = header->storage_ranges.count;
	m->image = image;
	if (header->cpu_count < 1 || header->cpu_count > VEIL_MAX_CPUS || m->persona_count < 1 ||
	    header->initial_foreground >= m->persona_count)
		return MANIFEST_BAD_PERSONA;
	error = regions_check(m);
	if (error == MANIFEST_OK)
		error = payloads_check(m);
	if (error != MANIFEST_OK)
		return error;
	for (uint32_t i = 0; i < m->persona_count; i++)
		if (!persona_is_valid(m, i))
			return MANIFEST_BAD_PERSONA;
	for (uint32_t i = 0; i < m->segment_count; i++)
		if (!segment_is_valid(m, i))
			return MANIFEST_BAD_SEGMENT;
	for (uint32_t i = 0; i < m->surface_count; i++)
		if (!surface_is_valid(m, i))
			return MANIFEST_BAD_SURFACE;
	if (!view_is_valid(m))
		return MANIFEST_BAD_SURFACE;
	for (uint32_t i = 0; i < m->storage_range_count; i++)
		if (!storage_is_valid(m, i))
			return MANIFEST_BAD_STORAGE;
	if (!policy_read(&m->policy, base + end, m->persona_count) ||
	    !bytes_are_zero(base + end + m->policy.header->size, VEIL_POLICY_BYTES - m->policy.header->size))
		return MANIFEST_BAD_POLICY;
	return MANIFEST_OK;
}

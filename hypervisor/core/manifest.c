/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the manifest. It is written by the composer, yet nothing in it is believed: a wrong one must not become a hole. */
#include "manifest.h"

#include <guest_machine.h>
#include <veil/board.h>

#include "lib.h"

/* The tables must follow each other in order without gaps: what is nowhere described cannot hide anything. */
static bool table_is_next(const struct veil_manifest *header, struct veil_table table, uint64_t entry_size, uint32_t limit, uint64_t *next)
{
	if (table.offset != *next || table.count > limit)
		return false;
	*next += table.count * entry_size;
	return *next <= header->size;
}

/* Of a kind this version does not know yet: it stands at the end. */
static bool table_is_empty(const struct veil_manifest *header, struct veil_table table)
{
	return table.offset == header->size && table.count == 0;
}

static enum manifest_error header_check(const struct veil_manifest *header, uint64_t size, const char *board)
{
	if (header->magic != VEIL_MANIFEST_MAGIC)
		return MANIFEST_BAD_MAGIC;
	if (header->abi_version != VEIL_ABI_VERSION || header->machine_version != 1)
		return MANIFEST_BAD_VERSION;
	if (header->must_understand != 0 || (header->flags & ~(uint32_t)VEIL_SKIP_PAYLOAD_DIGESTS) != 0)
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
	if (header->signature_kind != VEIL_SIGNATURE_DEVELOPMENT)
		return MANIFEST_BAD_SIGNATURE_KIND;
	if (header->hotkey_count > VEIL_MAX_HOTKEY)
		return MANIFEST_BAD_TABLE;
	for (uint32_t i = header->hotkey_count; i < VEIL_MAX_HOTKEY; i++)
		if (header->hotkey[i])
			return MANIFEST_BAD_RESERVED;
	return MANIFEST_OK;
}

/* The owner of the region a range lies in, or UINT32_MAX if it lies in none or in more than one. */
static uint32_t range_owner(const struct manifest *m, uint64_t base, uint64_t size)
{
	for (uint32_t i = 0; i < m->header->regions.count; i++)
		if (range_within(base, size, m->regions[i].base, m->regions[i].size))
			return m->regions[i].owner;
	return UINT32_MAX;
}

static enum manifest_error regions_check(const struct manifest *m, struct image_place image)
{
	const struct veil_manifest *header = m->header;
	uint64_t next = header->ram_base;

	if (header->ram_base % VEIL_PAGE_SIZE || header->ram_size % VEIL_PAGE_SIZE ||
	    header->ram_base + header->ram_size < header->ram_base)
		return MANIFEST_BAD_RAM;
	for (uint32_t i = 0; i < header->regions.count; i++) {
		const struct veil_region *region = &m->regions[i];

		if (region->reserved)
			return MANIFEST_BAD_RESERVED;
		if (region->base != next || region->size == 0 || region->size % VEIL_PAGE_SIZE ||
		    !range_within(region->base, region->size, header->ram_base, header->ram_size))
			return MANIFEST_BAD_RAM;
		if (region->owner >= header->personas.count && region->owner != VEIL_OWNER_VEIL && region->owner != VEIL_OWNER_PAYLOADS &&
		    region->owner != VEIL_OWNER_FREE)
			return MANIFEST_BAD_RAM;
		next += region->size;
	}
	if (next != header->ram_base + header->ram_size)
		return MANIFEST_BAD_RAM;
	if (header->work_base % VEIL_PAGE_SIZE || range_owner(m, header->work_base, header->work_size) != VEIL_OWNER_VEIL ||
	    range_owner(m, image.base.value, image.veil_size) != VEIL_OWNER_VEIL ||
	    (header->work_base < image.base.value + image.veil_size && image.base.value < header->work_base + header->work_size))
		return MANIFEST_BAD_RAM;
	return MANIFEST_OK;
}

static enum manifest_error payloads_check(const struct manifest *m, struct image_place image)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < m->header->payloads.count; i++) {
		const struct veil_payload *payload = &m->payloads[i];

		if (payload->offset % VEIL_PAGE_SIZE || payload->offset < end || payload->size == 0 ||
		    !range_within(payload->offset, payload->size, 0, image.size) ||
		    range_owner(m, image.base.value + payload->offset, align_up(payload->size, VEIL_PAGE_SIZE)) != VEIL_OWNER_PAYLOADS)
			return MANIFEST_BAD_PAYLOAD;
		end = payload->offset + payload->size;
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
static uint64_t memory_size(const struct veil_persona *p)
{
	return p->ram_size + ((uint64_t)p->flash_code_pages + p->flash_variable_pages) * VEIL_PAGE_SIZE;
}

/* Memory that has contents at start: RAM and flash. */
static bool is_loadable(const struct veil_persona *p, uint64_t base, uint64_t size)
{
	return range_within(base, size, p->ram_guest_base, p->ram_size) ||
	       range_within(base, size, VEIL_FLASH_CODE, (uint64_t)p->flash_code_pages * VEIL_PAGE_SIZE) ||
	       range_within(base, size, VEIL_FLASH_VARIABLES, (uint64_t)p->flash_variable_pages * VEIL_PAGE_SIZE);
}

static bool patches_are_valid(const struct manifest *m, const struct veil_persona *p)
{
	if (p->patch_count == 0)
		return p->patch_payload == 0;
	return p->patch_count <= VEIL_MAX_PATCHES && p->patch_payload < m->header->payloads.count &&
	       m->payloads[p->patch_payload].size == p->patch_count * sizeof(uint32_t);
}

static bool persona_is_valid(const struct manifest *m, uint32_t index)
{
	const struct veil_persona *p = &m->personas[index];
	const uint32_t flags = VEIL_START_AT_BOOT | VEIL_RESTART_ON_CRASH | VEIL_FREEZE_IN_BACKGROUND | VEIL_LOCK_ON_LEAVE;

	return name_is_valid(p->name) && name_is_valid(p->label) && p->colour >> 24 == 0 && (p->flags & ~flags) == 0 &&
	       (p->devices & ~(uint32_t)GUEST_DEVICES) == 0 && flash_is_valid(p) && p->cpu_count >= 1 && p->cpu_count <= VEIL_MAX_CPUS &&
	       p->cpu_share >= 1 && p->cpu_share <= 1000 && p->cpu_cap_percent >= 1 && p->cpu_cap_percent <= 100 * p->cpu_count &&
	       (p->cpu_affinity & (BIT(m->header->cpu_count) - 1)) != 0 && p->cpu_affinity >> m->header->cpu_count == 0 &&
	       p->ram_size > 0 && p->ram_size % VEIL_PAGE_SIZE == 0 &&
	       p->ram_guest_base % (UINT64_C(512) << 20) == 0 && /* one stage-2 table for each 512 MiB: see VEIL_WORK_BASE */
	       range_within(p->ram_guest_base, p->ram_size, GUEST_RAM_START, GUEST_RAM_END - GUEST_RAM_START) &&
	       p->ram_host_base % VEIL_PAGE_SIZE == 0 && range_owner(m, p->ram_host_base, memory_size(p)) == index &&
	       is_loadable(p, p->entry, 4) && p->entry % 4 == 0 &&
	       (p->rng_seed_address == 0 || range_within(p->rng_seed_address, 32, p->ram_guest_base, p->ram_size)) &&
	       (p->kaslr_seed_address == 0 || range_within(p->kaslr_seed_address, 8, p->ram_guest_base, p->ram_size)) &&
	       (!(p->flags & VEIL_LOCK_ON_LEAVE) || (p->devices & VEIL_DEVICE_INPUT)) && patches_are_valid(m, p);
}

static bool segment_is_valid(const struct manifest *m, uint32_t index)
{
	const struct veil_segment *s = &m->segments[index];
	const struct veil_segment *before = index ? s - 1 : NULL;

	if (s->persona >= m->header->personas.count || s->payload >= m->header->payloads.count)
		return false;
	if (before &&
	    (before->persona > s->persona || (before->persona == s->persona && before->guest_address + before->size > s->guest_address)))
		return false;
	return s->guest_address % 4096 == 0 && s->payload_offset % 4096 == 0 &&
	       range_within(s->payload_offset, s->size, 0, m->payloads[s->payload].size) &&
	       is_loadable(&m->personas[s->persona], s->guest_address, s->size);
}

/* Two ranges, neither of which wraps around. */
static bool ranges_meet(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

/* On Veil's pages, and not on those it works with. */
static bool is_veils_alone(const struct manifest *m, uint64_t base, uint64_t size, struct image_place image)
{
	return range_owner(m, base, size) == VEIL_OWNER_VEIL && !ranges_meet(base, size, m->header->work_base, m->header->work_size) &&
	       !ranges_meet(base, size, image.base.value, image.veil_size);
}

/* The strip must be where no guest can write: on Veil's pages, and not on those it works with. The body must be where it shows under
 * the strip, on pages of this persona alone. */
static bool surface_is_valid(const struct manifest *m, uint32_t index, struct image_place image)
{
	const struct veil_surface *s = &m->surfaces[index];
	const struct veil_persona *p = &m->personas[index];
	uint64_t strip = (uint64_t)s->strip_rows * s->stride;
	uint64_t body = s->host_base + strip;
	uint64_t first = s->host_base & ~(uint64_t)(VEIL_PAGE_SIZE - 1);

	if (s->format != BOARD_PIXEL_FORMAT || s->width < 16 || s->width > VEIL_MAX_PIXELS || s->height > VEIL_MAX_PIXELS ||
	    s->stride != s->width * BOARD_PIXEL_BYTES || s->strip_rows < 1 || s->strip_rows >= s->height || strip % 4096 ||
	    s->host_base % 4096 || s->strip_payload >= m->header->payloads.count || m->payloads[s->strip_payload].size != strip ||
	    body % VEIL_PAGE_SIZE || s->body_size % VEIL_PAGE_SIZE || s->body_size < (uint64_t)(s->height - s->strip_rows) * s->stride ||
	    !is_veils_alone(m, first, body - first, image) || !range_within(body, s->body_size, m->header->ram_base, m->header->ram_size))
		return false;
	for (uint32_t i = 0; i < index; i++) {
		uint64_t other = m->surfaces[i].host_base & ~(uint64_t)(VEIL_PAGE_SIZE - 1);
		uint64_t end =
			m->surfaces[i].host_base + (uint64_t)m->surfaces[i].strip_rows * m->surfaces[i].stride + m->surfaces[i].body_size;

		if (ranges_meet(first, body + s->body_size - first, other, end - other))
			return false;
	}
	if (s->body_guest_base == 0)
		return is_veils_alone(m, body, s->body_size, image);
	return s->body_guest_base == p->ram_guest_base + p->ram_size && range_owner(m, body, s->body_size) == index &&
	       range_within(s->body_guest_base, s->body_size, GUEST_RAM_START, GUEST_RAM_END - GUEST_RAM_START) &&
	       !ranges_meet(body, s->body_size, p->ram_host_base, memory_size(p));
}

/* A volume must not reach into the partition table nor into any other volume, whoever's. */
static bool storage_is_valid(const struct manifest *m, uint32_t index)
{
	const struct veil_storage_range *s = &m->storage_ranges[index];
	uint32_t of_persona = 0;

	if (s->persona >= m->header->personas.count || s->reserved || !name_is_valid(s->name) || s->sector_count == 0 ||
	    s->first_sector < VEIL_STORAGE_FIRST_SECTOR || s->first_sector + s->sector_count < s->first_sector ||
	    (index && s[-1].persona > s->persona))
		return false;
	for (uint32_t i = 0; i < index; i++) {
		const struct veil_storage_range *other = &m->storage_ranges[i];

		of_persona += other->persona == s->persona;
		if (ranges_meet(s->first_sector, s->sector_count, other->first_sector, other->sector_count))
			return false;
	}
	return of_persona < VEIL_MAX_PERSONA_VOLUMES;
}

/* Two pictures side by side: drawn on Veil's pages, on none it uses otherwise, and only where all surfaces are alike. */
static bool view_is_valid(const struct manifest *m, struct image_place image)
{
	const struct veil_surface *s = m->surfaces;
	uint64_t base = m->header->view_base, size;

	if (base == 0)
		return true;
	if (!m->header->surfaces.count)
		return false;
	size = align_up((uint64_t)s->height * s->stride, VEIL_PAGE_SIZE);
	if (base % VEIL_PAGE_SIZE || s->stride % 128 || !is_veils_alone(m, base, size, image))
		return false;
	for (uint32_t i = 0; i < m->header->surfaces.count; i++) {
		uint64_t strip = (uint64_t)s[i].strip_rows * s[i].stride;

		if (s[i].width != s->width || s[i].height != s->height || s[i].strip_rows != s->strip_rows ||
		    ranges_meet(base, size, s[i].host_base, strip + s[i].body_size))
			return false;
	}
	return true;
}

enum manifest_error manifest_read(struct manifest *m, const void *bytes, uint64_t size, const char *board, struct image_place image)
{
	const struct veil_manifest *header = bytes;
	const uint8_t *base = bytes;
	uint64_t next = sizeof(*header);
	enum manifest_error error;

	if (size < sizeof(*header))
		return MANIFEST_TRUNCATED;
	error = header_check(header, size, board);
	if (error != MANIFEST_OK)
		return error;
	if (!table_is_next(header, header->regions, sizeof(struct veil_region), VEIL_MAX_REGIONS, &next) ||
	    !table_is_next(header, header->payloads, sizeof(struct veil_payload), VEIL_MAX_PAYLOADS, &next) ||
	    !table_is_next(header, header->segments, sizeof(struct veil_segment), VEIL_MAX_SEGMENTS, &next) ||
	    !table_is_next(header, header->personas, sizeof(struct veil_persona), VEIL_MAX_PERSONAS, &next) ||
	    !table_is_next(header, header->surfaces, sizeof(struct veil_surface), VEIL_MAX_PERSONAS, &next) ||
	    !table_is_next(header, header->storage_ranges, sizeof(struct veil_storage_range), VEIL_MAX_STORAGE_RANGES, &next) ||
	    header->policy_offset != next || header->policy_capacity != VEIL_POLICY_BYTES || next + VEIL_POLICY_BYTES != header->size ||
	    (header->surfaces.count != 0 && header->surfaces.count != header->personas.count))
		return MANIFEST_BAD_TABLE;
	if (!table_is_empty(header, header->passthrough))
		return MANIFEST_BAD_TABLE;
	*m = (struct manifest){
		.header = header,
		.regions = (const struct veil_region *)(base + header->regions.offset),
		.payloads = (const struct veil_payload *)(base + header->payloads.offset),
		.segments = (const struct veil_segment *)(base + header->segments.offset),
		.personas = (const struct veil_persona *)(base + header->personas.offset),
		.surfaces = (const struct veil_surface *)(base + header->surfaces.offset),
		.storage_ranges = (const struct veil_storage_range *)(base + header->storage_ranges.offset),
	};
	if (header->cpu_count < 1 || header->cpu_count > VEIL_MAX_CPUS || header->personas.count < 1 ||
	    header->initial_foreground >= header->personas.count)
		return MANIFEST_BAD_PERSONA;
	error = regions_check(m, image);
	if (error == MANIFEST_OK)
		error = payloads_check(m, image);
	if (error != MANIFEST_OK)
		return error;
	for (uint32_t i = 0; i < header->personas.count; i++)
		if (!persona_is_valid(m, i))
			return MANIFEST_BAD_PERSONA;
	for (uint32_t i = 0; i < header->segments.count; i++)
		if (!segment_is_valid(m, i))
			return MANIFEST_BAD_SEGMENT;
	for (uint32_t i = 0; i < header->surfaces.count; i++)
		if (!surface_is_valid(m, i, image))
			return MANIFEST_BAD_SURFACE;
	if (!view_is_valid(m, image))
		return MANIFEST_BAD_SURFACE;
	for (uint32_t i = 0; i < header->storage_ranges.count; i++)
		if (!storage_is_valid(m, i))
			return MANIFEST_BAD_STORAGE;
	if (!policy_read(&m->policy, base + header->policy_offset, header->personas.count) ||
	    !bytes_are_zero(base + header->policy_offset + m->policy.header->size, VEIL_POLICY_BYTES - m->policy.header->size))
		return MANIFEST_BAD_POLICY;
	return MANIFEST_OK;
}

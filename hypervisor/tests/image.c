/* SPDX-License-Identifier: Apache-2.0 */
/* A device image for the fake machine. */
#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "arch/host/machine.h"
#include "core/boot.h"
#include "core/lib.h"
#include "core/sha256.h"

uint8_t image_byte(uint32_t payload, uint64_t at)
{
	return (uint8_t)(1 + (at * 7 + at / 251 + payload * 89) % 255); /* never zero */
}

static void name_set(uint8_t name[VEIL_NAME_BYTES], const char *text, uint32_t number)
{
	memset(name, 0, VEIL_NAME_BYTES);
	snprintf((char *)name, VEIL_NAME_BYTES, "%s%u", text, number);
}

static void persona_declare(struct image *image, uint32_t i)
{
	struct veil_persona *p = &image->personas[i];
	uint32_t files = i + 1;

	*p = (struct veil_persona){
		.colour = 0x3366cc,
		.flags = VEIL_START_AT_BOOT,
		.devices = VEIL_DEVICE_PL011 | VEIL_DEVICE_PL031 | VEIL_DEVICE_PVPANIC,
		.cpu_count = 1,
		.cpu_share = 100,
		.cpu_cap_percent = 100,
		.cpu_affinity = (1U << image->header.cpu_count) - 1,
		.restart_limit = 3,
		.restart_window_seconds = 60,
		.ram_guest_base = IMAGE_RAM_BASE,
		.ram_size = IMAGE_PERSONA_RAM,
		.entry = IMAGE_ENTRY,
		.x0 = IMAGE_RAM_BASE,
		.rng_seed_address = IMAGE_RAM_BASE + 0x1ffe8, /* over the end of a page */
		.kaslr_seed_address = IMAGE_RAM_BASE + 0x1f0,
	};
	name_set(p->name, "persona-", i);
	name_set(p->label, "Persona ", i);
	p->uuid[15] = (uint8_t)i;
	image->payloads[files].size = IMAGE_FILES_SIZE;
	image->segments[2 * i] = (struct veil_segment){.persona = i, .payload = 0, .guest_address = IMAGE_ENTRY, .size = IMAGE_KERNEL_SIZE};
	image->segments[2 * i + 1] =
		(struct veil_segment){.persona = i, .payload = files, .guest_address = IMAGE_FILES_ADDRESS, .size = IMAGE_FILES_SIZE};
}

void image_declare(struct image *image, uint32_t personas_wanted, uint32_t cpus_wanted)
{
	memset(image, 0, sizeof(*image));
	image->header.magic = VEIL_MANIFEST_MAGIC;
	image->header.abi_version = VEIL_ABI_VERSION;
	image->header.machine_version = 1;
	memcpy(image->header.board, BOARD_NAME, sizeof(BOARD_NAME));
	image->policy.magic = VEIL_POLICY_MAGIC;
	image->policy.format = VEIL_POLICY_FORMAT;
	image->header.policy_capacity = VEIL_POLICY_BYTES;
	image->header.ram_base = BOARD_RAM_BASE;
	image->header.ram_size = MACHINE_RAM_SIZE;
	image->header.cpu_count = cpus_wanted;
	image->header.personas.count = personas_wanted;
	image->header.payloads.count = personas_wanted + 1;
	image->header.segments.count = 2 * personas_wanted;
	image->payloads[0].size = IMAGE_KERNEL_SIZE;
	for (uint32_t i = 0; i < personas_wanted; i++)
		persona_declare(image, i);
	image_layout(image);
}

void image_declare_screen(struct image *image)
{
	uint32_t count = image->header.personas.count;

	image->header.surfaces.count = count;
	image->header.hotkey_count = 2;
	image->header.hotkey[0] = image->header.hotkey[1] = IMAGE_HOTKEY;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t strip = image->header.payloads.count++;

		image->payloads[strip].size = IMAGE_STRIP_ROWS * IMAGE_STRIDE;
		image->surfaces[i] =
			(struct veil_surface){.width = IMAGE_STRIDE / 4,
					      .height = IMAGE_STRIP_ROWS + IMAGE_BODY_ROWS,
					      .stride = IMAGE_STRIDE,
					      .format = VEIL_FORMAT_XRGB8888,
					      .strip_rows = IMAGE_STRIP_ROWS,
					      .strip_payload = strip,
					      .body_size = IMAGE_BODY_ROWS * IMAGE_STRIDE,
					      .body_guest_base = image->personas[i].ram_guest_base + image->personas[i].ram_size};
		image->personas[i].devices |= VEIL_DEVICE_INPUT;
	}
	image_layout(image);
}

void image_declare_patches(struct image *image, uint32_t persona, uint32_t count)
{
	uint32_t payload = image->header.payloads.count++;

	image->payloads[payload].size = count * sizeof(uint32_t);
	image->personas[persona].patch_payload = payload;
	image->personas[persona].patch_count = count;
	image_layout(image);
}

void image_declare_volume(struct image *image, uint32_t persona, uint64_t first_sector, uint64_t sector_count)
{
	uint32_t count = image->header.storage_ranges.count++;

	image->storage_ranges[count] =
		(struct veil_storage_range){.persona = persona, .first_sector = first_sector, .sector_count = sector_count};
	name_set(image->storage_ranges[count].name, "volume-", count);
	image_layout(image);
}

void image_declare_flash(struct image *image)
{
	uint32_t firmware = image->header.payloads.count++;

	image->payloads[firmware].size = IMAGE_KERNEL_SIZE;
	for (uint32_t i = image->header.segments.count++; i > 0; i--)
		image->segments[i] = image->segments[i - 1];
	image->segments[0] = (struct veil_segment){.payload = firmware, .guest_address = VEIL_FLASH_CODE, .size = IMAGE_KERNEL_SIZE};
	image->personas[0].devices |= VEIL_DEVICE_FLASH;
	image->personas[0].flash_code_pages = IMAGE_FLASH_CODE_PAGES;
	image->personas[0].flash_variable_pages = IMAGE_FLASH_VARIABLE_PAGES;
	image->personas[0].entry = VEIL_FLASH_CODE;
	image_layout(image);
}

static uint64_t memory_size(const struct veil_persona *p)
{
	return p->ram_size + ((uint64_t)p->flash_code_pages + p->flash_variable_pages) * VEIL_PAGE_SIZE;
}

/* ---- Layout ---- */

static void region_add(struct image *image, uint64_t end, uint32_t owner)
{
	uint32_t count = image->header.regions.count;
	uint64_t base = count ? image->regions[count - 1].base + image->regions[count - 1].size : image->header.ram_base;

	if (end == base)
		return;
	image->regions[count] = (struct veil_region){.base = base, .size = end - base, .owner = owner};
	image->header.regions.count++;
}

static void payload_digest(struct image *image, uint32_t payload)
{
	struct sha256 hash;

	sha256_init(&hash);
	for (uint64_t at = 0; at < image->payloads[payload].size; at++) {
		uint8_t byte = image_byte(payload, at);

		sha256_update(&hash, &byte, 1);
	}
	sha256_final(&hash, image->payloads[payload].sha256);
}

static uint64_t work_size(const struct image *image)
{
	uint64_t size = VEIL_WORK_BASE, networked = 0;

	for (uint32_t i = 0; i < image->header.personas.count; i++) {
		const struct veil_persona *p = &image->personas[i];

		size += VEIL_WORK_PERSONA + p->cpu_count * (uint64_t)VEIL_WORK_VCPU +
			(p->ram_size + (UINT64_C(512) << 20) - 1) / (UINT64_C(512) << 20) * VEIL_PAGE_SIZE;
		size += p->flash_code_pages ? VEIL_PAGE_SIZE : 0;
	}
	if (image->header.storage_ranges.count)
		size += VEIL_WORK_STORAGE;
	for (uint32_t i = 0; i < image->header.personas.count; i++)
		networked += (image->personas[i].devices & VEIL_DEVICE_NETWORK) != 0;
	if (networked)
		size += VEIL_WORK_SWITCH + networked * VEIL_WORK_NETWORK;
	return align_up((address_t)size, VEIL_PAGE_SIZE);
}

void image_layout(struct image *image)
{
	uint64_t at = IMAGE_VEIL_SIZE + VEIL_PAGE_SIZE; /* Veil and its manifest */

	image->header.regions.count = 0;
	region_add(image, BOARD_LOAD_ADDRESS, VEIL_OWNER_FREE);
	region_add(image, BOARD_LOAD_ADDRESS + at, VEIL_OWNER_VEIL);
	image->place = (struct image_place){.base = paddr(BOARD_LOAD_ADDRESS), .veil_size = IMAGE_VEIL_SIZE + VEIL_PAGE_SIZE};
	for (uint32_t i = 0; i < image->header.payloads.count; i++) {
		image->payloads[i].offset = at;
		payload_digest(image, i);
		at = align_up((address_t)(at + image->payloads[i].size), VEIL_PAGE_SIZE);
	}
	image->place.size = (address_t)at;
	region_add(image, BOARD_LOAD_ADDRESS + at, VEIL_OWNER_PAYLOADS);
	image->header.work_base = BOARD_LOAD_ADDRESS + at;
	image->header.work_size = work_size(image);
	at = image->header.work_base + image->header.work_size;
	region_add(image, at, VEIL_OWNER_VEIL);
	for (uint32_t i = 0; i < image->header.personas.count; i++) {
		image->personas[i].ram_host_base = at;
		at += memory_size(&image->personas[i]);
		region_add(image, at, i);
		if (image->header.surfaces.count) {
			region_add(image, at + VEIL_PAGE_SIZE, VEIL_OWNER_VEIL);
			at += VEIL_PAGE_SIZE + image->surfaces[i].body_size;
			region_add(image, at, i);
			image->surfaces[i].host_base = at - image->surfaces[i].body_size - IMAGE_STRIP_ROWS * IMAGE_STRIDE;
		}
	}
	if (image->header.surfaces.count > 1) {
		image->header.view_base = at;
		at += align_up((IMAGE_STRIP_ROWS + IMAGE_BODY_ROWS) * IMAGE_STRIDE, VEIL_PAGE_SIZE);
		region_add(image, at, VEIL_OWNER_VEIL);
	}
	region_add(image, image->header.ram_base + image->header.ram_size, VEIL_OWNER_FREE);
}

/* ---- Bytes ---- */

static void table_add(uint8_t *bytes, struct veil_table *table, const void *entries, size_t entry_size, size_t *next)
{
	table->offset = (uint32_t)*next;
	memcpy(bytes + *next, entries, table->count * entry_size);
	*next += table->count * entry_size;
}

size_t image_manifest(const struct image *image, uint8_t bytes[IMAGE_MANIFEST_MAX])
{
	struct veil_manifest header = image->header;
	size_t next = sizeof(header);

	table_add(bytes, &header.regions, image->regions, sizeof(image->regions[0]), &next);
	table_add(bytes, &header.payloads, image->payloads, sizeof(image->payloads[0]), &next);
	table_add(bytes, &header.segments, image->segments, sizeof(image->segments[0]), &next);
	table_add(bytes, &header.personas, image->personas, sizeof(image->personas[0]), &next);
	table_add(bytes, &header.surfaces, image->surfaces, sizeof(image->surfaces[0]), &next);
	table_add(bytes, &header.storage_ranges, image->storage_ranges, sizeof(image->storage_ranges[0]), &next);
	image_policy(image, bytes + next);
	header.policy_offset = (uint32_t)next;
	next += VEIL_POLICY_BYTES;
	header.passthrough.offset = (uint32_t)next;
	header.size = next;
	memcpy(bytes, &header, sizeof(header));
	return next;
}

void image_policy(const struct image *image, uint8_t bytes[VEIL_POLICY_BYTES])
{
	struct veil_policy header = image->policy;
	size_t next = sizeof(header);

	memset(bytes, 0, VEIL_POLICY_BYTES);
	table_add(bytes, &header.networks, image->networks, sizeof(image->networks[0]), &next);
	table_add(bytes, &header.egress_rules, image->rules, sizeof(image->rules[0]), &next);
	table_add(bytes, &header.channels, image->channels, sizeof(image->channels[0]), &next);
	header.size = (uint32_t)next;
	memcpy(bytes, &header, sizeof(header));
}

void image_write(const struct image *image)
{
	struct veil_image_header header = {
		.image_size = image->place.size,
		.veil_magic = VEIL_IMAGE_MAGIC,
		.abi_version = VEIL_ABI_VERSION,
		.veil_size = IMAGE_VEIL_SIZE,
		.veil_file_size = IMAGE_VEIL_SIZE,
		.manifest_offset = IMAGE_VEIL_SIZE,
	};

	for (uint32_t i = 0; i < image->header.payloads.count; i++)
		for (uint64_t at = 0; at < image->payloads[i].size; at++)
			((uint8_t *)(uintptr_t)image->place.base.value + image->payloads[i].offset)[at] = image_byte(i, at);
	header.manifest_size = image_manifest(image, (uint8_t *)(uintptr_t)image->place.base.value + IMAGE_VEIL_SIZE);
	memcpy((void *)(uintptr_t)image->place.base.value, &header, sizeof(header));
}

void image_spoil(const struct image *image, uint32_t payload, uint64_t at)
{
	uint64_t address = image->place.base.value + image->payloads[payload].offset + at;
	void *page = (void *)(address & ~UINT64_C(4095));

	mprotect(page, 4096, PROT_READ | PROT_WRITE);
	*(uint8_t *)address ^= 1;
	mprotect(page, 4096, PROT_READ);
}

uint8_t image_expected(const struct image *image, uint32_t persona, uint64_t address)
{
	for (uint32_t i = 0; i < image->header.segments.count; i++) {
		const struct veil_segment *s = &image->segments[i];

		if (s->persona == persona && address - s->guest_address < s->size)
			return image_byte(s->payload, s->payload_offset + (address - s->guest_address));
	}
	return 0;
}

/* ---- Boot ---- */

void image_boot(const struct image *image)
{
	/* As a boot loader leaves memory: full of what was there before. */
	for (uint32_t i = 0; i < image->header.personas.count; i++)
		memset((void *)image->personas[i].ram_host_base, 0xa5, memory_size(&image->personas[i]));
	image_write(image);
	if (!machine_try(boot_init)) {
		fwrite(machine.output, 1, machine.output_size, stderr);
		abort();
	}
}

void image_boot_default(uint32_t personas_wanted, uint32_t cpus_wanted)
{
	static struct image image;

	machine_init();
	image_declare(&image, personas_wanted, cpus_wanted);
	image_boot(&image);
}

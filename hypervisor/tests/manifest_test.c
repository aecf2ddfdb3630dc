/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest reader: what it accepts, each reason to refuse, and that nothing hostile gets two owners for one byte. */
#include <stddef.h>

#include "arch/host/machine.h"
#include "core/lib.h"
#include "core/owner.h"
#include "image.h"
#include "manifest_check.h"
#include "test.h"

static struct image image;
static uint8_t bytes[IMAGE_MANIFEST_MAX] __attribute__((aligned(64)));

static enum manifest_error read_declared(void)
{
	struct manifest manifest;
	size_t size = image_manifest(&image, bytes);

	return manifest_read(&manifest, bytes, size, BOARD_NAME, image.place);
}

static void given_valid_manifests_then_they_are_accepted(void)
{
	for (uint32_t count = 1; count <= VEIL_MAX_PERSONAS; count++) {
		image_declare(&image, count, 1 + count % VEIL_MAX_CPUS);
		report_equal(read_declared(), MANIFEST_OK, "accepted");
		report(manifest_is_sound(&image), "and sound");
	}
}

static void given_flash_then_it_is_accepted(void)
{
	image_declare(&image, 2, 1);
	image_declare_flash(&image);
	report_equal(read_declared(), MANIFEST_OK, "accepted");
	report(manifest_is_sound(&image), "and sound");
}

/* Whose contents matter to the port that uses them alone: here only that the table is all there. */
static void given_patches_then_they_are_accepted(void)
{
	image_declare(&image, 2, 1);
	image_declare_patches(&image, 1, VEIL_MAX_PATCHES);
	report_equal(read_declared(), MANIFEST_OK, "accepted");
	report(manifest_is_sound(&image), "and sound");
}

/* One change each, and the reason given for refusing it. */
#define BAD(error_, change_)                                     \
	do {                                                     \
		image_declare(&image, 2, 2);                     \
		change_;                                         \
		report_equal(read_declared(), error_, #change_); \
	} while (0)

static void given_a_bad_header_then_it_is_refused(void)
{
	BAD(MANIFEST_BAD_MAGIC, image.header.magic++);
	BAD(MANIFEST_BAD_VERSION, image.header.abi_version++);
	BAD(MANIFEST_BAD_VERSION, image.header.machine_version = 0);
	BAD(MANIFEST_UNKNOWN_FLAG, image.header.must_understand = 1);
	BAD(MANIFEST_UNKNOWN_FLAG, image.header.flags = 2);
	BAD(MANIFEST_OTHER_BOARD, image.header.board[0] = 'n');
	BAD(MANIFEST_OTHER_BOARD, image.header.board[sizeof(BOARD_NAME) - 1] = '2');
	BAD(MANIFEST_OTHER_BOARD, image.header.board[3] = 0);
	BAD(MANIFEST_BAD_SIGNATURE_KIND, image.header.signature_kind = VEIL_SIGNATURE_ED25519);
	BAD(MANIFEST_BAD_RESERVED, image.header.hotkey[0] = 1);
	BAD(MANIFEST_BAD_PERSONA, image.header.cpu_count = 0);
	BAD(MANIFEST_BAD_PERSONA, image.header.cpu_count = VEIL_MAX_CPUS + 1);
	BAD(MANIFEST_BAD_PERSONA, image.header.initial_foreground = 2);
	BAD(MANIFEST_BAD_PERSONA, image.header.personas.count = 0; image.header.segments.count = 0);
	BAD(MANIFEST_BAD_STORAGE, image.header.storage_ranges.count = 1);
	BAD(MANIFEST_BAD_TABLE, image.header.policy_capacity -= 8);
	BAD(MANIFEST_BAD_POLICY, image.policy.magic++);
	BAD(MANIFEST_BAD_TABLE, image.header.passthrough.count = 1);
	BAD(MANIFEST_BAD_TABLE, image.header.personas.count = VEIL_MAX_PERSONAS + 1);
	BAD(MANIFEST_BAD_TABLE, image.header.regions.count = VEIL_MAX_REGIONS + 1);
}

#define BAD_FLASH(error_, change_)                               \
	do {                                                     \
		image_declare(&image, 2, 2);                     \
		image_declare_flash(&image);                     \
		change_;                                         \
		report_equal(read_declared(), error_, #change_); \
	} while (0)

static void given_bad_flash_then_it_is_refused(void)
{
	BAD_FLASH(MANIFEST_BAD_PERSONA, image.personas[0].devices &= ~(uint32_t)VEIL_DEVICE_FLASH);
	BAD_FLASH(MANIFEST_BAD_PERSONA, image.personas[1].devices |= VEIL_DEVICE_FLASH);
	BAD_FLASH(MANIFEST_BAD_PERSONA, image.personas[0].flash_code_pages = 0);
	BAD_FLASH(MANIFEST_BAD_PERSONA, image.personas[0].flash_variable_pages = VEIL_MAX_FLASH_PAGES + 1);
	BAD_FLASH(MANIFEST_BAD_PERSONA, image.personas[0].flash_variable_pages++); /* the neighbour's RAM */
	BAD_FLASH(MANIFEST_BAD_PERSONA, image.personas[0].entry = IMAGE_FLASH_CODE_PAGES * VEIL_PAGE_SIZE);
	BAD_FLASH(MANIFEST_BAD_SEGMENT, image.segments[0].guest_address = VEIL_PAGE_SIZE);
	BAD_FLASH(MANIFEST_BAD_SEGMENT, image.segments[0].guest_address = VEIL_FLASH_VARIABLES - 4096);
	BAD_FLASH(MANIFEST_BAD_SEGMENT, image.segments[4].guest_address = 0); /* the other persona has none */
}

static void given_bad_regions_then_they_are_refused(void)
{
	BAD(MANIFEST_BAD_RAM, image.header.ram_base += 4096);
	BAD(MANIFEST_BAD_RAM, image.header.ram_size += VEIL_PAGE_SIZE);
	BAD(MANIFEST_BAD_RAM, image.header.ram_size -= VEIL_PAGE_SIZE);
	BAD(MANIFEST_BAD_RAM, image.header.ram_size = ~UINT64_C(0xffff));
	BAD(MANIFEST_BAD_RAM, image.regions[1].base += VEIL_PAGE_SIZE);
	BAD(MANIFEST_BAD_RAM, image.regions[1].size -= VEIL_PAGE_SIZE);
	BAD(MANIFEST_BAD_RAM, image.regions[1].size += VEIL_PAGE_SIZE);
	BAD(MANIFEST_BAD_RAM, image.regions[0].size = 0);
	BAD(MANIFEST_BAD_RAM, image.regions[0].size = ~UINT64_C(0xffff));
	BAD(MANIFEST_BAD_RAM, image.regions[4].owner = 7);
	BAD(MANIFEST_BAD_RAM, image.regions[1].owner = VEIL_OWNER_FREE);
	BAD(MANIFEST_BAD_RAM, image.regions[3].owner = 0);
	BAD(MANIFEST_BAD_RESERVED, image.regions[2].reserved = 1);
	BAD(MANIFEST_BAD_RAM, image.header.work_base += 4096);
	BAD(MANIFEST_BAD_RAM, image.header.work_base = BOARD_LOAD_ADDRESS);
	BAD(MANIFEST_BAD_RAM, image.header.work_size = UINT64_MAX);
	BAD(MANIFEST_BAD_RAM, image.header.work_base = image.personas[0].ram_host_base);
	BAD(MANIFEST_BAD_RAM, image.header.regions.count--);
	BAD(MANIFEST_BAD_RAM, image.header.regions.count = 0);
}

static void given_bad_payloads_then_they_are_refused(void)
{
	BAD(MANIFEST_BAD_PAYLOAD, image.payloads[0].offset = 0);
	BAD(MANIFEST_BAD_PAYLOAD, image.payloads[0].offset += 4096);
	BAD(MANIFEST_BAD_PAYLOAD, image.payloads[0].size = 0);
	BAD(MANIFEST_BAD_PAYLOAD, image.payloads[0].size = UINT64_MAX);
	BAD(MANIFEST_BAD_PAYLOAD, image.payloads[0].size += VEIL_PAGE_SIZE);
	BAD(MANIFEST_BAD_PAYLOAD, image.payloads[1].offset = image.payloads[0].offset);
	BAD(MANIFEST_BAD_PAYLOAD, image.payloads[2].offset = ~UINT64_C(0xffff));
	BAD(MANIFEST_BAD_PAYLOAD, image.payloads[2].size += 10 * VEIL_PAGE_SIZE);
}

static void given_bad_personas_then_they_are_refused(void)
{
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].name[0] = 0);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].name[2] = 27);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].name[VEIL_NAME_BYTES - 1] = 'x');
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].flags = 8);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].devices = 1U << 20);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].cpu_count = 0);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].cpu_count = VEIL_MAX_CPUS + 1);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].cpu_share = 0);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].cpu_share = 1001);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].cpu_cap_percent = 0);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].cpu_cap_percent = 101);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].cpu_affinity = 0);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].cpu_affinity = 4);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].cpu_affinity = 7);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].ram_size = 0);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].ram_size += VEIL_PAGE_SIZE);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].ram_size = ~UINT64_C(0xffff));
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].ram_guest_base = 0);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].ram_guest_base += VEIL_PAGE_SIZE);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].ram_guest_base = UINT64_C(64) << 30);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].ram_guest_base = ~((UINT64_C(512) << 20) - 1));
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].ram_host_base = image.personas[1].ram_host_base);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].ram_host_base += 4096);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].ram_host_base = BOARD_LOAD_ADDRESS);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].entry = IMAGE_RAM_BASE - 4);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].entry = IMAGE_RAM_BASE + IMAGE_PERSONA_RAM);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].entry += 2);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].rng_seed_address = IMAGE_RAM_BASE + IMAGE_PERSONA_RAM - 31);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].kaslr_seed_address = IMAGE_RAM_BASE + IMAGE_PERSONA_RAM - 7);
	BAD(MANIFEST_BAD_PERSONA, image.personas[0].kaslr_seed_address = UINT64_MAX);
}

#define BAD_PATCHES(count_, change_)                                           \
	do {                                                                   \
		image_declare(&image, 2, 1);                                   \
		image_declare_patches(&image, 1, count_);                      \
		change_;                                                       \
		report_equal(read_declared(), MANIFEST_BAD_PERSONA, #change_); \
	} while (0)

static void given_bad_patches_then_they_are_refused(void)
{
	BAD_PATCHES(8, image.personas[1].patch_count++);
	BAD_PATCHES(8, image.personas[1].patch_count--);
	BAD_PATCHES(8, image.personas[1].patch_count = 0);
	BAD_PATCHES(8, image.personas[1].patch_count |= 1U << 30);
	BAD_PATCHES(8, image.personas[1].patch_payload++);
	BAD_PATCHES(8, image.personas[1].patch_payload--);
	BAD_PATCHES(8, image.personas[1].patch_payload = UINT32_MAX);
	BAD_PATCHES(VEIL_MAX_PATCHES + 1, (void)0);
}

static void given_bad_segments_then_they_are_refused(void)
{
	BAD(MANIFEST_BAD_SEGMENT, image.segments[0].persona = 2);
	BAD(MANIFEST_BAD_SEGMENT, image.segments[0].persona = 1);
	BAD(MANIFEST_BAD_SEGMENT, image.segments[0].payload = 3);
	BAD(MANIFEST_BAD_SEGMENT, image.segments[0].guest_address += 64);
	BAD(MANIFEST_BAD_SEGMENT, image.segments[0].guest_address = IMAGE_RAM_BASE - 4096);
	BAD(MANIFEST_BAD_SEGMENT, image.segments[1].guest_address = image.segments[0].guest_address + 4096);
	BAD(MANIFEST_BAD_SEGMENT, image.segments[1].guest_address = IMAGE_RAM_BASE + IMAGE_PERSONA_RAM - 4096);
	BAD(MANIFEST_BAD_SEGMENT, image.segments[1].size++);
	BAD(MANIFEST_BAD_SEGMENT, image.segments[1].size = UINT64_MAX);
	BAD(MANIFEST_BAD_SEGMENT, image.segments[1].payload_offset = 64);
	BAD(MANIFEST_BAD_SEGMENT, image.segments[1].payload_offset = 4096);
	BAD(MANIFEST_BAD_SEGMENT, image.segments[1].payload_offset = ~UINT64_C(0xfff));
}

/* Reads bytes that lie at the very end of their own allocation, so that one byte too far is seen. */
static enum manifest_error read_exactly(const uint8_t *from, size_t size, bool *is_sound)
{
	uint8_t *copy = malloc(size);
	struct manifest manifest;
	enum manifest_error error;

	__builtin_memcpy(copy, from, size);
	error = manifest_read(&manifest, copy, size, BOARD_NAME, image.place);
	*is_sound = error != MANIFEST_OK || manifest_check(&manifest, image.place);
	free(copy);
	return error;
}

static void given_each_truncation_then_it_is_refused(void)
{
	bool all = true, sound;
	size_t size;

	image_declare(&image, 2, 2);
	size = image_manifest(&image, bytes);
	for (size_t part = 0; part < size; part++)
		all = all && read_exactly(bytes, part, &sound) != MANIFEST_OK;
	report(all, "refused at every length");
	/* ... also where the header agrees with the length */
	for (size_t part = sizeof(struct veil_manifest); part < size; part += 8) {
		((struct veil_manifest *)bytes)->size = part;
		all = all && read_exactly(bytes, part, &sound) != MANIFEST_OK;
	}
	report(all, "whatever it says of its size");
}

static void given_any_byte_changed_then_it_is_refused_or_still_sound(void)
{
	static const uint8_t changes[] = {0x01, 0x80, 0xff};
	uint32_t unsound = 0, accepted = 0;
	size_t size;

	image_declare(&image, 3, 2);
	size = image_manifest(&image, bytes);
	for (size_t at = 0; at < size; at++)
		for (size_t c = 0; c < ARRAY_COUNT(changes); c++) {
			bool sound;

			bytes[at] ^= changes[c];
			accepted += read_exactly(bytes, size, &sound) == MANIFEST_OK;
			unsound += !sound;
			bytes[at] ^= changes[c];
		}
	report_equal(unsound, 0, "no change gives one byte two owners");
	report(accepted > 0 && accepted < size * 2, "some bytes are free to choose, such as names");
}

static void given_random_changes_then_it_is_refused_or_still_sound(void)
{
	uint64_t random = test_seed();
	uint32_t unsound = 0;

	for (uint32_t i = 0; i < 50000; i++) {
		uint64_t r = test_random(&random);
		bool sound;
		size_t size;

		if (i % 1000 == 0)
			image_declare(&image, 1 + (uint32_t)(r >> 32) % VEIL_MAX_PERSONAS, 1 + (uint32_t)(r >> 40) % VEIL_MAX_CPUS);
		size = image_manifest(&image, bytes);
		for (uint32_t j = 0; j < 1 + r % 3; j++) {
			uint64_t change = test_random(&random);
			size_t at = change % (size / 8) * 8;
			uint64_t *word = (uint64_t *)(bytes + at);

			switch (change >> 60) {
			case 0:
				*word = 0;
				break;
			case 1:
				*word = UINT64_MAX;
				break;
			case 2:
				*word += VEIL_PAGE_SIZE;
				break;
			case 3:
				*word -= VEIL_PAGE_SIZE;
				break;
			case 4: /* a word from somewhere else of it */
				*word = *(uint64_t *)(bytes + (change >> 20) % (size / 8) * 8);
				break;
			case 5:
				*word ^= UINT64_C(1) << (change >> 20 & 63);
				break;
			default:
				bytes[at + (change >> 20 & 7)] = (uint8_t)(change >> 30);
				break;
			}
		}
		read_exactly(bytes, size, &sound);
		unsound += !sound;
	}
	report_equal(unsound, 0, "never one byte with two owners");
}

static void given_regions_then_each_byte_has_its_owner_and_no_other(void)
{
	image_declare(&image, 3, 1);
	owner_init(image.regions, image.header.regions.count);
	for (uint32_t i = 0; i < image.header.regions.count; i++) {
		const struct veil_region *r = &image.regions[i];

		report(owner_is(r->owner, paddr(r->base), r->size), "all of it");
		report(owner_is(r->owner, paddr(r->base + r->size - 1), 1), "its last byte");
		report(!owner_is(r->owner, paddr(r->base), r->size + 1), "not one byte more");
		report(!owner_is(r->owner, paddr(r->base - 1), 2), "nor one before");
		report(!owner_is(r->owner + 1, paddr(r->base), 1), "nobody else's");
		report(!owner_is(r->owner, paddr(r->base + 1), UINT64_MAX), "whatever the size");
	}
	report(!owner_is(VEIL_OWNER_FREE, paddr(0), 1), "below RAM");
	report(!owner_is(VEIL_OWNER_FREE, paddr(UINT64_MAX), 1), "above RAM");
}

static const struct test tests[] = {
	{"valid", given_valid_manifests_then_they_are_accepted},
	{"patches", given_patches_then_they_are_accepted},
	{"bad patches", given_bad_patches_then_they_are_refused},
	{"flash", given_flash_then_it_is_accepted},
	{"bad-flash", given_bad_flash_then_it_is_refused},
	{"header", given_a_bad_header_then_it_is_refused},
	{"regions", given_bad_regions_then_they_are_refused},
	{"payloads", given_bad_payloads_then_they_are_refused},
	{"personas", given_bad_personas_then_they_are_refused},
	{"segments", given_bad_segments_then_they_are_refused},
	{"truncated", given_each_truncation_then_it_is_refused},
	{"flipped", given_any_byte_changed_then_it_is_refused_or_still_sound},
	{"random", given_random_changes_then_it_is_refused_or_still_sound},
	{"owners", given_regions_then_each_byte_has_its_owner_and_no_other},
};

TEST_MAIN(tests)

/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest reader where addresses have 32 bits and the manifest's numbers 64: none is cut to something else, nothing wraps around, and
 * whatever is accepted gives no byte two owners. */
#include <veil/platform.h>

#include "arch/host/machine.h"
#include "core/lib.h"
#include "tests/image.h"
#include "tests/manifest_check.h"
#include "tests/test.h"

#define TABLES 6 /* that have entries */

static struct image image;
static uint8_t bytes[IMAGE_MANIFEST_MAX] __attribute__((aligned(64)));
static uint8_t declared[IMAGE_MANIFEST_MAX];

static size_t declare(void)
{
	image_declare(&image, 3, 1);
	image_declare_screen(&image);
	image_declare_volume(&image, 1, 4096, 512);
	image_layout(&image);
	return image_manifest(&image, bytes);
}

static enum manifest_error verdict(size_t size, bool *sound)
{
	struct manifest manifest;
	enum manifest_error error = manifest_read(&manifest, bytes, (address_t)size, BOARD_NAME, image.place);

	*sound = error != MANIFEST_OK || manifest_check(&manifest, image.place);
	return error;
}

static void given_a_number_beyond_32_bits_then_it_is_refused(void)
{
	/* Words of the header and of each table's entries that are addresses or sizes of memory, by what abi.h says. */
	static const size_t header[] = {offsetof(struct veil_manifest, ram_base), offsetof(struct veil_manifest, ram_size),
					offsetof(struct veil_manifest, work_base), offsetof(struct veil_manifest, work_size),
					offsetof(struct veil_manifest, view_base)};
	static const struct {
		size_t size, first, count;
	} tables[TABLES] = {
		{sizeof(struct veil_region), 0, 2},    {sizeof(struct veil_payload), 0, 2},  {sizeof(struct veil_segment), 8, 3},
		{sizeof(struct veil_persona), 120, 7}, {sizeof(struct veil_surface), 24, 3}, {sizeof(struct veil_storage_range), 0, 0},
	};
	size_t size = declare();
	const struct veil_table *table = &((struct veil_manifest *)(void *)bytes)->regions;
	bool sound;

	report_equal(verdict(size, &sound), MANIFEST_OK, "as it is");
	for (size_t i = 0; i < ARRAY_COUNT(header); i++) {
		bytes[header[i] + 4] ^= 1;
		report_equal(verdict(size, &sound), MANIFEST_TOO_WIDE, "in the header");
		bytes[header[i] + 4] ^= 1;
	}
	for (size_t t = 0; t < TABLES; t++)
		for (size_t entry = 0; entry < table[t].count; entry++)
			for (size_t n = 0; n < tables[t].count; n++) {
				uint8_t *high = bytes + table[t].offset + entry * tables[t].size + tables[t].first + 8 * n + 7;

				*high ^= 0x80;
				report_equal(verdict(size, &sound), MANIFEST_TOO_WIDE, "in a table");
				*high ^= 0x80;
			}
	report_equal(verdict(size, &sound), MANIFEST_OK, "as it was");
}

static void given_random_changes_then_it_is_refused_or_still_sound(void)
{
	uint64_t random = test_seed();
	uint32_t unsound = 0, accepted = 0;
	size_t size = declare();

	memcpy(declared, bytes, size);
	for (uint32_t i = 0; i < 50000; i++) {
		bool sound;

		memcpy(bytes, declared, size);
		for (uint64_t j = 0; j < 1 + test_random(&random) % 3; j++) {
			uint64_t change = test_random(&random);
			uint32_t *word = (uint32_t *)(void *)(bytes + change % (size / 4) * 4);

			switch (change >> 60) {
			case 0:
				*word = 0;
				break;
			case 1:
				*word = UINT32_MAX;
				break;
			case 2: /* the last page there is */
				*word = ~(uint32_t)(VEIL_PAGE_SIZE - 1);
				break;
			case 3:
				*word = -*word;
				break;
			case 4: /* a word from somewhere else of it */
				*word = *(uint32_t *)(void *)(bytes + (change >> 20) % (size / 4) * 4);
				break;
			case 5:
				*word ^= 1U << (change >> 20 & 31);
				break;
			case 6:
				*word -= VEIL_PAGE_SIZE;
				break;
			default:
				*word += VEIL_PAGE_SIZE;
				break;
			}
		}
		accepted += verdict(size, &sound) == MANIFEST_OK;
		unsound += !sound;
	}
	report_equal(unsound, 0, "never one byte with two owners");
	report(accepted > 0, "some are accepted");
}

/* What a driver writes into a queue's registers has 64 bits on every machine. */
static void given_a_guests_number_beyond_32_bits_then_nothing_is_there(void)
{
	report_equal(ipaddr_wide(0xfffffffe).value, 0xfffffffe, "an address");
	report_equal(ipaddr_wide(UINT64_C(1) << 32).value, UINT32_MAX, "not the first");
	report_equal(ipaddr_wide(UINT64_C(0x8000000000001000)).value, UINT32_MAX, "nor any other");
}

static void given_a_persona_with_more_cpus_than_its_machine_then_it_is_refused(void)
{
	size_t size = declare();
	const struct veil_table *table = &((struct veil_manifest *)(void *)bytes)->personas;
	struct veil_persona *persona = (struct veil_persona *)(void *)(bytes + table->offset);
	bool sound;

	persona->cpu_count = GUEST_MAX_CPUS + 1;
	report_equal(verdict(size, &sound), MANIFEST_BAD_PERSONA, "one too many");
	persona->cpu_count = GUEST_MAX_CPUS;
	report_equal(verdict(size, &sound), MANIFEST_OK, "all it has");
}

static const struct test tests[] = {
	{"CPUs", given_a_persona_with_more_cpus_than_its_machine_then_it_is_refused},
	{"beyond 32 bits", given_a_number_beyond_32_bits_then_it_is_refused},
	{"a guest's number", given_a_guests_number_beyond_32_bits_then_nothing_is_there},
	{"random changes", given_random_changes_then_it_is_refused_or_still_sound},
};

TEST_MAIN(tests)

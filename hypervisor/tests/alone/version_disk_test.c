/* SPDX-License-Identifier: Apache-2.0 */
/* The number of the newest accepted image on a disk that has a cache, tears sectors, loses its power between any two operations, and counts what is
 * done to it that must not be. */
#include <string.h>

#include "devices/version_disk.c"
/* after it */
#include "tests/test.h"

#define SECTORS VEIL_STORAGE_FIRST_SECTOR

/* Assigned as a whole: that is the C library's copying, which is not checked byte by byte as Veil's is. */
struct sectors {
	uint8_t at[SECTORS][BLOCK_SECTOR];
};

static struct disk {
	struct sectors medium, cached;
	bool has_own, fails, is_dead;
	/* The request under way */
	enum block_operation operation;
	uint64_t sector;
	void *memory;
	uint32_t waits; /* looks until it is done */
	uint8_t status;
	uint32_t written, flushed;
	uint32_t wrong; /* requests beside the records, or while another is under way */
} disk;

static uint64_t now;

uint64_t arch_time(void)
{
	return now += 1000000;
}

uint64_t arch_time_frequency(void)
{
	return 1000000000;
}

paddr_t arch_physical(const void *pointer)
{
	return paddr((address_t)(uintptr_t)pointer);
}

void block_source_segment(uint32_t tag, uint32_t index, paddr_t start, uint32_t size, enum block_operation operation)
{
	disk.wrong += tag != VIRTIO_BLK_OWN_TAG || index || size != BLOCK_SECTOR || disk.waits;
	disk.memory = (void *)(uintptr_t)start.value;
	disk.operation = operation;
}

void block_source_submit(uint32_t tag, enum block_operation operation, uint64_t sector, uint32_t segment_count)
{
	bool is_record = sector == VEIL_VERSION_FIRST_SECTOR || sector == VEIL_VERSION_FIRST_SECTOR + VEIL_VERSION_RECORD_SECTORS;

	disk.wrong += tag != VIRTIO_BLK_OWN_TAG || operation != disk.operation || !is_record || segment_count != (operation != BLOCK_FLUSH);
	disk.sector = sector;
	disk.status = VIRTIO_BLK_UNDER_WAY;
}

void block_source_start(void)
{
	disk.waits = 3;
}

bool virtio_blk_source_has_own(void)
{
	return disk.has_own;
}

static void perform(void)
{
	disk.status = disk.fails;
	if (disk.fails)
		return;
	if (disk.operation == BLOCK_READ)
		memcpy(disk.memory, disk.cached.at[disk.sector], BLOCK_SECTOR);
	if (disk.operation == BLOCK_WRITE)
		memcpy(disk.cached.at[disk.sector], disk.memory, BLOCK_SECTOR);
	if (disk.operation == BLOCK_FLUSH)
		disk.medium = disk.cached;
	disk.written += disk.operation == BLOCK_WRITE;
	disk.flushed += disk.operation == BLOCK_FLUSH;
}

uint32_t virtio_blk_source_status(void)
{
	if (disk.waits && !disk.is_dead && --disk.waits == 0)
		perform();
	return disk.status;
}

/* ---- */

static void new_disk(void)
{
	disk = (struct disk){0};
	disk.has_own = true;
}

/* What is in its cache may be on the medium or not, or half of it. */
static void lose_power(uint32_t bytes_that_made_it)
{
	for (uint32_t i = 0; i < SECTORS; i++)
		memcpy(disk.medium.at[i], disk.cached.at[i], bytes_that_made_it);
	disk.cached = disk.medium;
	disk.waits = 0;
	memset(&place, 0, sizeof(place));
}

static uint64_t kept(void)
{
	uint64_t version = 0;

	report(version_place_read(&version), "it can be read");
	return version;
}

static enum veil_result keep(uint64_t version)
{
	enum veil_result result;

	do
		result = version_place_write(version);
	while (result == VEIL_RESULT_AGAIN);
	return result;
}

static void given_an_empty_disk_then_nothing_was_accepted(void)
{
	new_disk();
	report_equal(kept(), 0, "none yet");
	report_equal(disk.written, 0, "and reading writes nothing");
}

static void given_versions_that_are_kept_then_they_are_there_and_written_in_turn(void)
{
	new_disk();
	report_equal(kept(), 0, "none yet");
	for (uint64_t version = 1; version < 10; version++) {
		report_equal(keep(version), VEIL_RESULT_OK, "kept");
		report_equal(disk.flushed, version, "and flushed");
		lose_power(0);
		report_equal(kept(), version, "it is there");
		report_equal(
			((struct veil_version_record *)(void *)disk.medium.at[VEIL_VERSION_FIRST_SECTOR + (version % 2 ? 0 : 8)])->version,
			version, "where the older one was");
	}
	report_equal(keep(UINT64_MAX), VEIL_RESULT_OK, "the last one there is");
	lose_power(0);
	report_equal(kept(), UINT64_MAX, "is there");
	report_equal(disk.wrong, 0, "nothing else was touched");
	for (uint32_t i = 0; i < SECTORS; i++)
		if (i != VEIL_VERSION_FIRST_SECTOR && i != VEIL_VERSION_FIRST_SECTOR + VEIL_VERSION_RECORD_SECTORS)
			for (uint32_t at = 0; at < BLOCK_SECTOR; at++)
				report(disk.medium.at[i][at] == 0, "nor another sector");
}

static void given_a_loss_of_power_anywhere_then_it_is_the_old_or_the_new_one(void)
{
	for (uint32_t steps = 1; steps < 12; steps++)
		for (uint32_t bytes = 0; bytes <= BLOCK_SECTOR; bytes++) {
			enum veil_result result = VEIL_RESULT_AGAIN;
			uint64_t found;

			new_disk();
			report_equal(kept(), 0, "none");
			keep(0x0102030405060708);
			keep(0x1112131415161718);
			for (uint32_t i = 0; i < steps && result == VEIL_RESULT_AGAIN; i++)
				result = version_place_write(0x2122232425262728);
			lose_power(bytes);
			found = kept();
			report(found == 0x2122232425262728 || (result != VEIL_RESULT_OK && found == 0x1112131415161718),
			       "the old or the new one");
		}
	report_equal(disk.wrong, 0, "nothing that must not be");
}

static void given_a_disk_that_fails_then_it_is_said(void)
{
	new_disk();
	report_equal(kept(), 0, "none");
	disk.fails = true;
	report_equal(keep(3), VEIL_RESULT_NOT_KEPT, "not kept");
	report(!version_place_read(&(uint64_t){0}), "nor read");
	disk.fails = false;
	report_equal(keep(3), VEIL_RESULT_OK, "kept when it serves again");
	report_equal(kept(), 3, "and there");
	disk.is_dead = true;
	report(!version_place_read(&(uint64_t){0}), "a disk that does not answer is none");
	report_equal(version_place_write(4), VEIL_RESULT_AGAIN, "and is not waited for");
	disk.has_own = false;
	report(!version_place_read(&(uint64_t){0}), "nor is one that is not there");
}

static void given_damaged_records_then_they_count_as_none(void)
{
	uint64_t random = test_seed();

	for (uint32_t i = 0; i < 1000; i++) {
		new_disk();
		report_equal(kept(), 0, "none");
		keep(7);
		keep(8);
		disk.cached.at[VEIL_VERSION_FIRST_SECTOR + VEIL_VERSION_RECORD_SECTORS]
			      [test_random(&random) % sizeof(struct veil_version_record)] ^= (uint8_t)(1U << test_random(&random) % 8);
		if (!report_equal(kept(), 7, "the one before"))
			return;
		report_equal(keep(9), VEIL_RESULT_OK, "the damaged one is written next");
		report_equal(kept(), 9, "and good again");
	}
}

static const struct test tests[] = {
	{"empty", given_an_empty_disk_then_nothing_was_accepted},
	{"kept", given_versions_that_are_kept_then_they_are_there_and_written_in_turn},
	{"power", given_a_loss_of_power_anywhere_then_it_is_the_old_or_the_new_one},
	{"fails", given_a_disk_that_fails_then_it_is_said},
	{"damaged", given_damaged_records_then_they_count_as_none},
};

TEST_MAIN(tests)

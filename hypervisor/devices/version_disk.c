/* SPDX-License-Identifier: Apache-2.0 */
/* The number of the newest accepted image on the handset's disk, in front of where volumes may begin: two records, of which the older one is written,
 * so that whatever is cut off, one is whole.
 *
 * Why a guest can do no harm here: no volume reaches in front of VEIL_STORAGE_FIRST_SECTOR (manifest.c), and it has no other way to the disk. It can keep
 * the disk busy; then the answer to who has asked is AGAIN. */
#include <veil/arch.h>
#include <veil/version_place.h>

#include "virtio_blk_source.h"

#define SECONDS 5 /* a disk that does not answer for so long at boot is none */

static struct {
	union {
		struct veil_version_record record;
		uint8_t bytes[BLOCK_SECTOR];
	} sector __attribute__((aligned(BLOCK_SECTOR)));
	uint32_t next; /* record to be written */
	enum {
		NOTHING,
		WRITING,
		FLUSHING
	} state;
} place;

_Static_assert(VEIL_VERSION_FIRST_SECTOR + VEIL_VERSION_RECORDS * VEIL_VERSION_RECORD_SECTORS <= VEIL_STORAGE_FIRST_SECTOR,
	       "in front of volumes");

bool version_place_is_on_disk(void)
{
	return true;
}

static void start(enum block_operation operation, uint32_t record)
{
	block_source_segment(VIRTIO_BLK_OWN_TAG, 0, arch_physical(&place.sector), BLOCK_SECTOR, operation);
	block_source_submit(VIRTIO_BLK_OWN_TAG, operation, VEIL_VERSION_FIRST_SECTOR + record * VEIL_VERSION_RECORD_SECTORS,
			    operation != BLOCK_FLUSH);
	block_source_start();
}

bool version_place_read(uint64_t *version)
{
	uint64_t end = arch_time() + SECONDS * arch_time_frequency();

	*version = 0;
	if (!virtio_blk_source_has_own())
		return false;
	for (uint32_t i = 0; i < VEIL_VERSION_RECORDS; i++) {
		const struct veil_version_record *found = &place.sector.record;

		start(BLOCK_READ, i);
		while (virtio_blk_source_status() == VIRTIO_BLK_UNDER_WAY && arch_time() < end)
			;
		if (virtio_blk_source_status() != 0)
			return false;
		if (found->magic != VEIL_VERSION_MAGIC || found->inverse != ~found->version || found->version < *version)
			continue;
		*version = found->version;
		place.next = 1 - i;
	}
	return true;
}

enum veil_result version_place_write(uint64_t version)
{
	uint32_t status = place.state == NOTHING ? 0 : virtio_blk_source_status();

	if (status == VIRTIO_BLK_UNDER_WAY)
		return VEIL_RESULT_AGAIN;
	if (status != 0 || place.state == FLUSHING) {
		place.state = NOTHING;
		place.next ^= status == 0;
		return status == 0 ? VEIL_RESULT_OK : VEIL_RESULT_NOT_KEPT;
	}
	place.sector.record = (struct veil_version_record){VEIL_VERSION_MAGIC, version, ~version};
	start(place.state++ == NOTHING ? BLOCK_WRITE : BLOCK_FLUSH, place.next);
	return VEIL_RESULT_AGAIN;
}

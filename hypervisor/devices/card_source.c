/* SPDX-License-Identifier: Apache-2.0 */
/* The board's disk is a memory card: requests are worked off a sector at a time, in the time of who asked (block_source_step()).
 *
 * Why a guest can do no harm here: nothing waits. A step is one sector through a buffer of ours, some 2,500 instructions, and who does none gets
 * nothing. A sector that is under way when its persona is stopped or paused is ended by whoever comes next, so nobody keeps the card. */
#include <veil/abi.h>
#include <veil/arch.h>
#include <veil/block_source.h>

#include "card.h"
#include "core/memory.h"

#define NO_TAG BLOCK_TAGS
#define COPY_SEGMENTS 32 /* pieces of memory in one step */

struct request {
	bool waits; /* it is to be done */
	uint32_t turn; /* running number */
	enum block_operation operation;
	uint32_t sector; /* the next one */
	uint32_t segment; /* of memory, where it is: the next byte is the first one of this segment */
	uint32_t segment_count;
	struct {
		uint32_t start;
		uint32_t size;
	} segments[BLOCK_SEGMENTS];
};

_Static_assert(BLOCK_TAGS * sizeof(struct request) <= VEIL_WORK_STORAGE, "the requests fit into what the composer reserves");

static struct {
	struct request *requests;
	uint32_t turns;
	uint32_t moving; /* the tag whose sector is under way, or NO_TAG */
	uint32_t copied; /* bytes of it, from or to the guest's memory */
	bool is_moved; /* the card has done its part */
	uint32_t sector[BLOCK_SECTOR / 4];
} disk;

uint32_t block_source_init(uint64_t *sector_count)
{
	*sector_count = card_init();
	disk.moving = NO_TAG;
	disk.requests = *sector_count ? memory_take(BLOCK_TAGS * sizeof(struct request), 16) : NULL;
	return disk.requests ? BLOCK_TAGS : 0;
}

void block_source_segment(uint32_t tag, uint32_t index, paddr_t start, uint32_t size, enum block_operation operation)
{
	(void)operation;
	disk.requests[tag].segments[index].start = (uint32_t)start.value;
	disk.requests[tag].segments[index].size = size;
}

void block_source_submit(uint32_t tag, enum block_operation operation, uint64_t sector, uint32_t segment_count)
{
	struct request *r = &disk.requests[tag];

	r->turn = disk.turns++;
	r->operation = operation;
	r->sector = (uint32_t)sector;
	r->segment = 0;
	r->segment_count = segment_count;
	r->waits = true;
}

void block_source_start(void)
{
}

bool block_source_interrupt(uint32_t irq)
{
	(void)irq;
	return false;
}

/* ---- Steps ---- */

static uint32_t first_of(uint32_t first_tag, uint32_t tag_count)
{
	uint32_t found = NO_TAG;

	for (uint32_t tag = first_tag; disk.requests && tag < first_tag + tag_count; tag++) {
		const struct request *r = &disk.requests[tag];

		if (r->waits && (found == NO_TAG || (int32_t)(r->turn - disk.requests[found].turn) < 0))
			found = tag;
	}
	return found;
}

/* The sector's bytes to or from the guest's memory, which may be in pieces, some of them at a time. They are whole sectors together
 * (virtio_blk.c), so there are pieces enough. False: there is more to copy. */
static bool copy(struct request *r)
{
	for (uint32_t i = 0; i < COPY_SEGMENTS && disk.copied < BLOCK_SECTOR; i++) {
		uint8_t *at = (uint8_t *)disk.sector + disk.copied;
		uint32_t start = r->segments[r->segment].start, left = r->segments[r->segment].size;
		uint32_t size = left < BLOCK_SECTOR - disk.copied ? left : BLOCK_SECTOR - disk.copied;
		void *memory = arch_pointer(paddr(start));

		if (r->operation == BLOCK_WRITE)
			arch_copy_bytes(at, memory, size);
		else
			arch_copy_bytes(memory, at, size);
		disk.copied += size;
		r->segments[r->segment].start = start + size;
		r->segments[r->segment].size = left - size;
		if (size == left)
			r->segment++;
	}
	return disk.copied == BLOCK_SECTOR;
}

static void finish(uint32_t tag, bool is_good)
{
	disk.requests[tag].waits = false;
	block_done(tag, is_good);
}

/* A flush has nothing to do: what the card has taken, it has written. */
enum block_step block_source_step(uint32_t first_tag, uint32_t tag_count)
{
	bool begins = disk.moving == NO_TAG;
	uint32_t tag = begins ? first_of(first_tag, tag_count) : disk.moving;
	struct request *r = &disk.requests[tag];
	enum card_result result = CARD_DONE;

	if (tag == NO_TAG)
		return BLOCK_IDLE;
	if (r->segment_count) {
		bool is_write = r->operation == BLOCK_WRITE;

		if (begins) {
			disk.moving = tag;
			disk.copied = 0;
			disk.is_moved = false;
		}
		if (is_write && !copy(r))
			return BLOCK_MOVED;
		if (!disk.is_moved)
			result = card_move(r->sector, is_write, disk.sector);
		if (result == CARD_WAITS)
			return BLOCK_WAITS;
		disk.is_moved = true;
		if (result == CARD_DONE && !is_write && !copy(r))
			return BLOCK_MOVED;
		disk.moving = NO_TAG;
		r->sector++;
	}
	if (result == CARD_FAILED || r->segment == r->segment_count)
		finish(tag, result == CARD_DONE);
	return BLOCK_MOVED;
}

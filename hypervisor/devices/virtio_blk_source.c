/* SPDX-License-Identifier: Apache-2.0 */
/* The board's disk: virtio-blk (OASIS virtio 1.2, 5.2). A request is one descriptor of the queue, which names a table of its own. */
#include <veil/abi.h>
#include <veil/arch.h>
#include <veil/block_source.h>
#include <veil/lock.h>

#include "core/memory.h"
#include "virtio_blk_source.h"
#include "virtio_driver.h"

#define DEVICE_BLOCK 2
#define CONFIG_CAPACITY 0
#define FEATURE_FLUSH BIT(9)
#define FEATURES (FEATURE_FLUSH | VIRTIO_FEATURE_INDIRECT)
#define DONE_AT_ONCE 8 /* handled in one interrupt: the line stays high when there are more */

struct request {
	struct {
		uint32_t type; /* enum block_operation has virtio's numbers */
		uint32_t reserved;
		uint64_t sector;
	} header;
	uint8_t status; /* 0: good */
	struct virtio_descriptor descriptors[BLOCK_SEGMENTS + 2]; /* header, data, status */
};

/* The last one is Veil's own, of which there is room for the first three descriptors. */
_Static_assert(BLOCK_TAGS * sizeof(struct request) + offsetof(struct request, descriptors[3]) <= VEIL_WORK_STORAGE,
	       "the requests fit into what the composer reserves");
_Static_assert(BLOCK_TAGS <= VIRTIO_DRIVER_QUEUE_MAX, "a request is one descriptor of the queue");

static struct {
	struct lock lock; /* putting into the queue; taken after a persona's */
	struct virtio_driver driver;
	struct virtio_driver_queue queue;
	struct request *requests;
} disk;

uint32_t block_source_init(uint64_t *sector_count)
{
	if (!virtio_driver_open(&disk.driver, DEVICE_BLOCK, 0, FEATURES) || !virtio_driver_queue(&disk.driver, 0, 1, &disk.queue))
		return 0;
	disk.requests = memory_take(VEIL_WORK_STORAGE, 16);
	if (disk.driver.features != (FEATURES | VIRTIO_FEATURE_VERSION_1) || !disk.requests) {
		virtio_driver_close(&disk.driver);
		return 0;
	}
	*sector_count = virtio_driver_config(&disk.driver, CONFIG_CAPACITY) |
			(uint64_t)virtio_driver_config(&disk.driver, CONFIG_CAPACITY + 4) << 32;
	virtio_driver_ready(&disk.driver, true);
	return disk.queue.size < BLOCK_TAGS ? disk.queue.size : BLOCK_TAGS;
}

static struct virtio_descriptor part(const void *start, uint32_t size, uint16_t flags, uint32_t next)
{
	return (struct virtio_descriptor){arch_physical(start).value, size, flags, (uint16_t)next};
}

void block_source_segment(uint32_t tag, uint32_t index, paddr_t start, uint32_t size, enum block_operation operation)
{
	uint16_t flags = operation == BLOCK_READ ? VIRTIO_DRIVER_NEXT | VIRTIO_DRIVER_WRITE : VIRTIO_DRIVER_NEXT;

	disk.requests[tag].descriptors[index + 1] = (struct virtio_descriptor){start.value, size, flags, (uint16_t)(index + 2)};
}

void block_source_submit(uint32_t tag, enum block_operation operation, uint64_t sector, uint32_t segment_count)
{
	struct request *r = &disk.requests[tag];
	uint32_t last = segment_count + 1;

	r->header.type = operation;
	r->header.sector = sector;
	r->status = UINT8_MAX;
	r->descriptors[0] = part(&r->header, sizeof(r->header), VIRTIO_DRIVER_NEXT, 1);
	r->descriptors[last] = part(&r->status, 1, VIRTIO_DRIVER_WRITE, 0);
	disk.queue.descriptors[tag] = part(r->descriptors, (last + 1) * (uint32_t)sizeof(r->descriptors[0]), VIRTIO_DRIVER_INDIRECT, 0);
	lock_take(&disk.lock);
	virtio_driver_put(&disk.queue, (uint16_t)tag);
	lock_release(&disk.lock);
}

void block_source_start(void)
{
	virtio_driver_notify(&disk.driver, &disk.queue);
}

enum block_step block_source_step(uint32_t first_tag, uint32_t tag_count)
{
	(void)first_tag;
	(void)tag_count;
	return BLOCK_IDLE;
}

bool block_source_interrupt(uint32_t irq)
{
	if (irq != disk.driver.irq || !disk.driver.base)
		return false;
	for (uint32_t i = 0; i < DONE_AT_ONCE; i++) {
		uint32_t length;
		uint16_t tag;

		if (!virtio_driver_next(&disk.driver, &disk.queue, &tag, &length))
			break;
		if (tag != VIRTIO_BLK_OWN_TAG)
			block_done(tag, __atomic_load_n(&disk.requests[tag].status, __ATOMIC_RELAXED) == 0);
	}
	virtio_driver_look_again(&disk.driver, &disk.queue);
	return true;
}

bool virtio_blk_source_has_own(void)
{
	return disk.driver.base && disk.queue.size > VIRTIO_BLK_OWN_TAG;
}

uint32_t virtio_blk_source_status(void)
{
	uint32_t status = __atomic_load_n(&disk.requests[VIRTIO_BLK_OWN_TAG].status, __ATOMIC_ACQUIRE);

	arch_device_barrier();
	return status;
}

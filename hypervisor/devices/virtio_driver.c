/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and starting the board's virtio devices. */
#include "virtio_driver.h"

#include <veil/arch.h>
#include <veil/board.h>
#include <veil/mmio.h>

enum {
	MAGIC = 0x000,
	VERSION = 0x004,
	DEVICE_ID = 0x008,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SELECT = 0x024,
	QUEUE_SELECT = 0x030,
	QUEUE_SIZE = 0x038,
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	STATUS = 0x070,
	QUEUE_DESCRIPTORS = 0x080,
	QUEUE_DRIVER = 0x090,
	QUEUE_DEVICE = 0x0a0
};

#define MAGIC_VALUE 0x74726976
#define VERSION_MODERN 2
#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER 2
#define STATUS_DRIVER_OK 4
#define STATUS_FEATURES_OK 8
#define FEATURE_VERSION_1 1 /* bit 32 */

uint64_t virtio_driver_base(uint32_t slot)
{
	return BOARD_VIRTIO_BASE + (uint64_t)slot * BOARD_VIRTIO_STRIDE;
}

/* QEMU fills slots from the last one down, so the first device on its command line is found first. */
uint32_t virtio_driver_find(uint32_t device_id, uint32_t nth)
{
	for (uint32_t slot = BOARD_VIRTIO_COUNT; slot--;) {
		uint64_t base = virtio_driver_base(slot);

		if (mmio_read32(base + MAGIC) == MAGIC_VALUE && mmio_read32(base + VERSION) == VERSION_MODERN &&
		    mmio_read32(base + DEVICE_ID) == device_id && nth-- == 0)
			return slot;
	}
	return BOARD_VIRTIO_COUNT;
}

static void write_address(uint64_t reg, const void *pointer)
{
	uint64_t address = arch_physical(pointer).value;

	mmio_write32(reg, (uint32_t)address);
	mmio_write32(reg + 4, (uint32_t)(address >> 32));
}

bool virtio_driver_start(uint32_t slot, struct virtio_driver_queue *queue)
{
	uint64_t base = virtio_driver_base(slot);

	mmio_write32(base + STATUS, 0);
	mmio_write32(base + STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	mmio_write32(base + DRIVER_FEATURES_SELECT, 0);
	mmio_write32(base + DRIVER_FEATURES, 0);
	mmio_write32(base + DRIVER_FEATURES_SELECT, 1);
	mmio_write32(base + DRIVER_FEATURES, FEATURE_VERSION_1);
	mmio_write32(base + STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
	if (!(mmio_read32(base + STATUS) & STATUS_FEATURES_OK))
		return false;
	mmio_write32(base + QUEUE_SELECT, 0);
	mmio_write32(base + QUEUE_SIZE, VIRTIO_DRIVER_BUFFERS);
	write_address(base + QUEUE_DESCRIPTORS, queue->descriptors);
	write_address(base + QUEUE_DRIVER, &queue->driver);
	write_address(base + QUEUE_DEVICE, &queue->device);
	mmio_write32(base + QUEUE_READY, 1);
	mmio_write32(base + STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
	return true;
}

void virtio_driver_stop(uint32_t slot)
{
	mmio_write32(virtio_driver_base(slot) + STATUS, 0);
}

void virtio_driver_give(uint32_t slot, struct virtio_driver_queue *queue, uint16_t index)
{
	queue->driver.ring[queue->driver.index % VIRTIO_DRIVER_BUFFERS] = index;
	__atomic_store_n(&queue->driver.index, (uint16_t)(queue->driver.index + 1), __ATOMIC_RELEASE);
	arch_device_barrier();
	mmio_write32(virtio_driver_base(slot) + QUEUE_NOTIFY, 0);
}

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
	DEVICE_FEATURES = 0x010,
	DEVICE_FEATURES_SELECT = 0x014,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SELECT = 0x024,
	QUEUE_SELECT = 0x030,
	QUEUE_SIZE_MAX = 0x034,
	QUEUE_SIZE = 0x038,
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	INTERRUPT_ACKNOWLEDGE = 0x064,
	STATUS = 0x070,
	QUEUE_DESCRIPTORS = 0x080,
	QUEUE_DRIVER = 0x090,
	QUEUE_DEVICE = 0x0a0,
	CONFIG = 0x100
};

#define MAGIC_VALUE 0x74726976
#define INTERRUPT_USED 1
#define INTERRUPT_CONFIG 2
#define VERSION_MODERN 2
#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER 2
#define STATUS_DRIVER_OK 4
#define STATUS_FEATURES_OK 8

/* QEMU fills slots from the last one down, so the first device on its command line is found first. */
static bool find(struct virtio_driver *driver, uint32_t device_id, uint32_t nth)
{
	for (uint32_t slot = BOARD_VIRTIO_COUNT; slot--;) {
		uint64_t base = BOARD_VIRTIO_BASE + (uint64_t)slot * BOARD_VIRTIO_STRIDE;

		if (mmio_read32(base + MAGIC) == MAGIC_VALUE && mmio_read32(base + VERSION) == VERSION_MODERN &&
		    mmio_read32(base + DEVICE_ID) == device_id && nth-- == 0) {
			*driver = (struct virtio_driver){.base = base, .irq = BOARD_VIRTIO_IRQ + slot};
			return true;
		}
	}
	return false;
}

static uint32_t features_offered(uint64_t base, uint32_t half)
{
	mmio_write32(base + DEVICE_FEATURES_SELECT, half);
	return mmio_read32(base + DEVICE_FEATURES);
}

wide_bool virtio_driver_open(struct virtio_driver *driver, uint32_t device_id, uint32_t nth, uint64_t features)
{
	uint64_t base;

	if (!find(driver, device_id, nth))
		return false;
	base = driver->base;
	mmio_write32(base + STATUS, 0);
	mmio_write32(base + STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	driver->features = (features | VIRTIO_FEATURE_VERSION_1) & (features_offered(base, 0) | (uint64_t)features_offered(base, 1) << 32);
	for (uint32_t half = 0; half < 2; half++) {
		mmio_write32(base + DRIVER_FEATURES_SELECT, half);
		mmio_write32(base + DRIVER_FEATURES, (uint32_t)(driver->features >> (32 * half)));
	}
	mmio_write32(base + STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
	if (driver->features & VIRTIO_FEATURE_VERSION_1 && mmio_read32(base + STATUS) & STATUS_FEATURES_OK)
		return true;
	virtio_driver_close(driver);
	return false;
}

static void write_address(uint64_t reg, const void *pointer)
{
	uint64_t address = arch_physical(pointer).value;

	mmio_write32(reg, (uint32_t)address);
	mmio_write32(reg + 4, (uint32_t)(address >> 32));
}

wide_bool virtio_driver_queue(struct virtio_driver *driver, uint32_t number, uint32_t least, struct virtio_driver_queue *queue)
{
	uint64_t base = driver->base;
	uint32_t size;

	mmio_write32(base + QUEUE_SELECT, number);
	size = mmio_read32(base + QUEUE_SIZE_MAX);
	if (size > VIRTIO_DRIVER_QUEUE_MAX)
		size = VIRTIO_DRIVER_QUEUE_MAX;
	while (size & (size - 1)) /* down to a power of two */
		size &= size - 1;
	if (size < least) {
		virtio_driver_close(driver);
		return false;
	}
	queue->number = (uint16_t)number;
	queue->size = (uint16_t)size;
	queue->seen = queue->driver.index = queue->device.index = 0;
	mmio_write32(base + QUEUE_SIZE, size);
	write_address(base + QUEUE_DESCRIPTORS, queue->descriptors);
	write_address(base + QUEUE_DRIVER, &queue->driver);
	write_address(base + QUEUE_DEVICE, &queue->device);
	mmio_write32(base + QUEUE_READY, 1);
	return true;
}

void virtio_driver_ready(const struct virtio_driver *driver, bool interrupts)
{
	mmio_write32(driver->base + STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
	if (interrupts)
		arch_interrupt_enable(driver->irq);
}

void virtio_driver_close(struct virtio_driver *driver)
{
	mmio_write32(driver->base + STATUS, 0);
	driver->base = 0;
}

void virtio_driver_put(struct virtio_driver_queue *queue, uint16_t head)
{
	queue->driver.ring[queue->driver.index % queue->size] = head;
	__atomic_store_n(&queue->driver.index, (uint16_t)(queue->driver.index + 1), __ATOMIC_RELEASE);
}

void virtio_driver_put_new(struct virtio_driver_queue *queue, uint16_t head, const void *buffer, uint32_t size, uint16_t flags)
{
	queue->descriptors[head].address = arch_physical(buffer).value;
	queue->descriptors[head].size = size;
	queue->descriptors[head].flags = flags;
	virtio_driver_put(queue, head);
}

void virtio_driver_notify(const struct virtio_driver *driver, const struct virtio_driver_queue *queue)
{
	arch_device_barrier();
	mmio_write32(driver->base + QUEUE_NOTIFY, queue->number);
}

bool virtio_driver_take(struct virtio_driver_queue *queue, uint16_t *head, uint32_t *length)
{
	uint16_t place = queue->seen % queue->size;

	if (!virtio_driver_has_used(queue))
		return false;
	*head = (uint16_t)(queue->device.ring[place].id % queue->size);
	*length = queue->device.ring[place].length;
	queue->seen++;
	return true;
}

wide_bool virtio_driver_next(const struct virtio_driver *driver, struct virtio_driver_queue *queue, uint16_t *head, uint32_t *length)
{
	if (!virtio_driver_has_used(queue)) {
		mmio_write32(driver->base + INTERRUPT_ACKNOWLEDGE,
			     INTERRUPT_USED | INTERRUPT_CONFIG); /* whichever: the queue says what there is */
		arch_device_barrier();
	}
	return virtio_driver_take(queue, head, length);
}

void virtio_driver_look_again(const struct virtio_driver *driver, const struct virtio_driver_queue *queue)
{
	if (virtio_driver_has_used(queue))
		arch_interrupt_again(driver->irq);
}

uint32_t virtio_driver_config(const struct virtio_driver *driver, uint32_t offset)
{
	return mmio_read32(driver->base + CONFIG + offset);
}

uint8_t virtio_driver_config_byte(const struct virtio_driver *driver, uint32_t offset)
{
	return *(volatile uint8_t *)(uintptr_t)(driver->base + CONFIG + offset);
}

void virtio_driver_config_byte_set(const struct virtio_driver *driver, uint32_t offset, uint8_t value)
{
	*(volatile uint8_t *)(uintptr_t)(driver->base + CONFIG + offset) = value;
}

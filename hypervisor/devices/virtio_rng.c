/* SPDX-License-Identifier: Apache-2.0 */
/* virtio-rng over virtio-mmio (OASIS virtio 1.2, 4.2 and 5.4): one buffer, once, at boot; then the device is reset. */
#include <veil/arch.h>
#include <veil/board.h>
#include <veil/mmio.h>
#include <veil/random_source.h>

#include "core/lib.h"
#include "core/units.h"

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
#define DEVICE_RNG 4
#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER 2
#define STATUS_DRIVER_OK 4
#define STATUS_FEATURES_OK 8
#define FEATURE_VERSION_1 1 /* bit 32 */
#define DESCRIPTOR_WRITE 2
#define WAIT_US 2000000
#define QUEUE_COUNT 2
#define BUFFER_BYTES 64

/* A split queue of two descriptors (2.7); only the first is used. */
static struct {
	struct {
		uint64_t address;
		uint32_t length;
		uint16_t flags;
		uint16_t next;
	} descriptors[QUEUE_COUNT];
	struct {
		uint16_t flags;
		uint16_t index;
		uint16_t ring[QUEUE_COUNT];
	} driver;
	struct {
		uint16_t flags;
		volatile uint16_t index;
		struct {
			uint32_t id;
			uint32_t length;
		} ring[QUEUE_COUNT];
	} device __attribute__((aligned(4)));
	uint8_t buffer[BUFFER_BYTES];
} queue __attribute__((aligned(64)));

static uint64_t find_device(void)
{
	for (uint64_t i = 0; i < BOARD_VIRTIO_COUNT; i++) {
		uint64_t base = BOARD_VIRTIO_BASE + i * BOARD_VIRTIO_STRIDE;

		if (mmio_read32(base + MAGIC) == MAGIC_VALUE && mmio_read32(base + VERSION) == VERSION_MODERN &&
		    mmio_read32(base + DEVICE_ID) == DEVICE_RNG)
			return base;
	}
	return 0;
}

static void write_address(uint64_t reg, const void *pointer)
{
	uint64_t address = arch_physical(pointer).value;

	mmio_write32(reg, (uint32_t)address);
	mmio_write32(reg + 4, (uint32_t)(address >> 32));
}

static bool queue_start(uint64_t base)
{
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
	mmio_write32(base + QUEUE_SIZE, QUEUE_COUNT);
	write_address(base + QUEUE_DESCRIPTORS, queue.descriptors);
	write_address(base + QUEUE_DRIVER, &queue.driver);
	write_address(base + QUEUE_DEVICE, &queue.device);
	mmio_write32(base + QUEUE_READY, 1);
	mmio_write32(base + STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
	return true;
}

bool random_source_read(uint8_t *bytes, size_t size)
{
	uint64_t base = find_device();
	bool found = false;

	if (!base || size > BUFFER_BYTES)
		return false;
	queue.descriptors[0].address = arch_physical(queue.buffer).value;
	queue.descriptors[0].length = (uint32_t)size;
	queue.descriptors[0].flags = DESCRIPTOR_WRITE;
	queue.driver.ring[0] = 0;
	__atomic_store_n(&queue.driver.index, 1, __ATOMIC_RELEASE);
	if (queue_start(base)) {
		uint64_t deadline = arch_time() + us_to_ticks(WAIT_US);

		mmio_write32(base + QUEUE_NOTIFY, 0);
		while (!found && arch_time() < deadline)
			found = __atomic_load_n(&queue.device.index, __ATOMIC_ACQUIRE) == 1;
		found = found && queue.device.ring[0].length == size;
	}
	mmio_write32(base + STATUS, 0); /* the device forgets the buffer */
	if (found)
		memcpy(bytes, queue.buffer, size);
	memset(queue.buffer, 0, sizeof(queue.buffer));
	return found;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* virtio-rng (OASIS virtio 1.2, 5.4): one buffer, once, at boot; then the device is reset. */
#include <veil/arch.h>
#include <veil/board.h>
#include <veil/random_source.h>

#include "core/lib.h"
#include "core/units.h"
#include "virtio_driver.h"

#define DEVICE_RNG 4
#define WAIT_US 2000000
#define BUFFER_BYTES 64

static struct virtio_driver_queue queue;
static uint8_t buffer[BUFFER_BYTES];

bool random_source_read(uint8_t *bytes, size_t size)
{
	uint32_t slot = virtio_driver_find(DEVICE_RNG, 0);
	uint64_t deadline = arch_time() + us_to_ticks(WAIT_US);
	bool found = false;

	if (slot == BOARD_VIRTIO_COUNT || size > BUFFER_BYTES || !virtio_driver_start(slot, &queue))
		return false;
	queue.descriptors[0].address = arch_physical(buffer).value;
	queue.descriptors[0].length = (uint32_t)size;
	queue.descriptors[0].flags = VIRTIO_DRIVER_WRITE;
	virtio_driver_give(slot, &queue, 0);
	while (!found && arch_time() < deadline)
		found = __atomic_load_n(&queue.device.index, __ATOMIC_ACQUIRE) == 1;
	virtio_driver_stop(slot);
	found = found && queue.device.ring[0].length == size;
	if (found)
		memcpy(bytes, buffer, size);
	memset(buffer, 0, sizeof(buffer));
	return found;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* virtio-rng (OASIS virtio 1.2, 5.4): one buffer, once, at boot; then the device is reset. */
#include <veil/arch.h>
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
	struct virtio_driver driver;
	uint64_t deadline = arch_time() + us_to_ticks(WAIT_US);
	uint32_t length = 0;
	bool found = false;
	uint16_t head;

	if (size > BUFFER_BYTES || !virtio_driver_open(&driver, DEVICE_RNG, 0, 0) || !virtio_driver_queue(&driver, 0, 1, &queue))
		return false;
	virtio_driver_ready(&driver, false);
	virtio_driver_put_new(&queue, 0, buffer, (uint32_t)size, VIRTIO_DRIVER_WRITE);
	virtio_driver_notify(&driver, &queue);
	while (!found && arch_time() < deadline)
		found = virtio_driver_take(&queue, &head, &length);
	virtio_driver_close(&driver);
	found = found && length == size;
	if (found)
		memcpy(bytes, buffer, size);
	memset(buffer, 0, sizeof(buffer));
	return found;
}

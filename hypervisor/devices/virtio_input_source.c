/* SPDX-License-Identifier: Apache-2.0 */
/* The board's virtio-input devices (OASIS virtio 1.2, 5.8): the first is the keyboard, the second the tablet. */
#include <veil/arch.h>
#include <veil/input_source.h>

#include "core/input.h"
#include "core/lib.h"
#include "virtio_driver.h"

#define DEVICE_INPUT 18
#define CONFIG_SELECT 0
#define CONFIG_SUBSELECT 1
#define CONFIG_SIZE 2
#define CONFIG_DATA 8
#define EVENTS 64 /* buffers given to the device: as many as QEMU takes, so that fast fingers lose nothing on a busy machine */
#define EVENTS_AT_ONCE 8 /* handled in one interrupt: the line stays high when there are more */

static struct {
	struct virtio_driver driver;
	struct virtio_driver_queue queue;
	struct input_event events[EVENTS];
} sources[INPUT_SOURCES];

static bool source_init(uint32_t source)
{
	struct virtio_driver *driver = &sources[source].driver;
	struct virtio_driver_queue *queue = &sources[source].queue;

	if (!virtio_driver_open(driver, DEVICE_INPUT, source, 0) || !virtio_driver_queue(driver, 0, 1, queue))
		return false;
	virtio_driver_ready(driver, true);
	for (uint16_t b = 0; b < EVENTS && b < queue->size; b++)
		virtio_driver_put_new(queue, b, &sources[source].events[b], sizeof(struct input_event), VIRTIO_DRIVER_WRITE);
	virtio_driver_notify(driver, queue);
	return true;
}

void input_source_init(void)
{
	for (uint32_t i = 0; i < INPUT_SOURCES && source_init(i); i++)
		;
}

static void events_pass(uint32_t source)
{
	struct virtio_driver_queue *queue = &sources[source].queue;

	for (uint32_t i = 0; i < EVENTS_AT_ONCE; i++) {
		uint32_t length;
		uint16_t buffer;

		if (!virtio_driver_next(&sources[source].driver, queue, &buffer, &length))
			return;
		input_event(source, sources[source].events[buffer % EVENTS]);
		virtio_driver_put(queue, buffer);
		virtio_driver_notify(&sources[source].driver, queue);
	}
	virtio_driver_look_again(&sources[source].driver, queue);
}

bool input_source_interrupt(uint32_t irq)
{
	for (uint32_t i = 0; i < INPUT_SOURCES; i++) {
		if (irq != sources[i].driver.irq || !sources[i].driver.base)
			continue;
		events_pass(i);
		return true;
	}
	return false;
}

/* Its events interrupt. */
void input_source_step(uint64_t now)
{
	(void)now;
}

uint32_t input_source_config(uint32_t source, uint8_t select, uint8_t subselect, uint8_t data[INPUT_CONFIG_BYTES])
{
	const struct virtio_driver *driver = &sources[source].driver;
	uint32_t size;

	if (!driver->base)
		return 0;
	virtio_driver_config_byte_set(driver, CONFIG_SELECT, select);
	virtio_driver_config_byte_set(driver, CONFIG_SUBSELECT, subselect);
	size = virtio_driver_config_byte(driver, CONFIG_SIZE);
	if (size > INPUT_CONFIG_BYTES)
		return 0;
	for (uint32_t i = 0; i < size; i++)
		data[i] = virtio_driver_config_byte(driver, CONFIG_DATA + i);
	return size;
}

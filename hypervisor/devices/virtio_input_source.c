/* SPDX-License-Identifier: Apache-2.0 */
/* The board's virtio-input devices (OASIS virtio 1.2, 5.8): the first is the keyboard, the second the tablet. */
#include <veil/arch.h>
#include <veil/board.h>
#include <veil/input_source.h>

#include "core/input.h"
#include "core/lib.h"
#include "virtio_driver.h"

#define DEVICE_INPUT 18
#define INTERRUPT_STATUS 0x060
#define INTERRUPT_ACKNOWLEDGE 0x064
#define CONFIG 0x100
#define CONFIG_SELECT 0
#define CONFIG_SUBSELECT 1
#define CONFIG_SIZE 2
#define CONFIG_DATA 8
#define EVENTS_AT_ONCE 8 /* handled in one interrupt: the line stays high when there are more */

static struct {
	uint32_t slot;
	uint16_t seen; /* running total of used buffers */
	struct virtio_driver_queue queue;
	struct input_event events[VIRTIO_DRIVER_BUFFERS];
} sources[INPUT_SOURCES];

static volatile uint8_t *config_byte(uint32_t source, uint32_t offset)
{
	return (volatile uint8_t *)(uintptr_t)(virtio_driver_base(sources[source].slot) + CONFIG + offset);
}

static volatile uint32_t *device_register(uint32_t source, uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(virtio_driver_base(sources[source].slot) + offset);
}

void input_source_init(void)
{
	for (uint32_t i = 0; i < INPUT_SOURCES; i++) {
		sources[i].slot = virtio_driver_find(DEVICE_INPUT, i);
		if (sources[i].slot == BOARD_VIRTIO_COUNT || !virtio_driver_start(sources[i].slot, &sources[i].queue)) {
			sources[i].slot = BOARD_VIRTIO_COUNT;
			continue;
		}
		for (uint16_t b = 0; b < VIRTIO_DRIVER_BUFFERS; b++) {
			sources[i].queue.descriptors[b].address = arch_physical(&sources[i].events[b]).value;
			sources[i].queue.descriptors[b].length = sizeof(struct input_event);
			sources[i].queue.descriptors[b].flags = VIRTIO_DRIVER_WRITE;
			virtio_driver_give(sources[i].slot, &sources[i].queue, b);
		}
		arch_interrupt_enable(BOARD_VIRTIO_IRQ + sources[i].slot);
	}
}

static void events_pass(uint32_t source)
{
	struct virtio_driver_queue *queue = &sources[source].queue;

	for (uint32_t i = 0; i < EVENTS_AT_ONCE; i++) {
		uint16_t buffer;

		if (__atomic_load_n(&queue->device.index, __ATOMIC_ACQUIRE) == sources[source].seen) {
			*device_register(source, INTERRUPT_ACKNOWLEDGE) = *device_register(source, INTERRUPT_STATUS);
			/* One more may have come before the acknowledgement. */
			if (__atomic_load_n(&queue->device.index, __ATOMIC_ACQUIRE) == sources[source].seen)
				return;
		}
		buffer = (uint16_t)(queue->device.ring[sources[source].seen++ % VIRTIO_DRIVER_BUFFERS].id % VIRTIO_DRIVER_BUFFERS);
		input_event(source, sources[source].events[buffer]);
		virtio_driver_give(sources[source].slot, queue, buffer);
	}
}

bool input_source_interrupt(uint32_t irq)
{
	for (uint32_t i = 0; i < INPUT_SOURCES; i++) {
		if (sources[i].slot == BOARD_VIRTIO_COUNT || irq != BOARD_VIRTIO_IRQ + sources[i].slot)
			continue;
		events_pass(i);
		return true;
	}
	return false;
}

uint32_t input_source_config(uint32_t source, uint8_t select, uint8_t subselect, uint8_t data[INPUT_CONFIG_BYTES])
{
	uint32_t size;

	if (sources[source].slot == BOARD_VIRTIO_COUNT)
		return 0;
	*config_byte(source, CONFIG_SELECT) = select;
	*config_byte(source, CONFIG_SUBSELECT) = subselect;
	size = *config_byte(source, CONFIG_SIZE);
	if (size > INPUT_CONFIG_BYTES)
		return 0;
	for (uint32_t i = 0; i < size; i++)
		data[i] = *config_byte(source, CONFIG_DATA + i);
	return size;
}

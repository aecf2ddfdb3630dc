/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual virtio-input devices: one for each of the board's sources, which also lend their descriptions. */
#include "virtio_input.h"

#include "core/lib.h"
#include "core/persona.h"
#include "virtio_mmio.h"

#define DEVICE_INPUT 18
#define EVENT_QUEUE 0
#define STATUS_QUEUE 1
#define FIRST_IRQ 48

/* Offsets in the configuration (5.8.5) */
enum {
	CONFIG_SELECT = 0,
	CONFIG_SUBSELECT = 1,
	CONFIG_SIZE = 2,
	CONFIG_DATA = 8
};

void virtio_input_reset(struct persona *p)
{
	for (uint32_t i = 0; i < INPUT_SOURCES; i++) {
		struct virtual_input *input = &p->platform.input[i];

		memset(input, 0, sizeof(*input));
		input->virtio.id = DEVICE_INPUT;
		input->virtio.irq = FIRST_IRQ + i;
	}
}

static struct mmio_result config_access(struct virtual_input *input, uint32_t source, uint64_t offset, uint32_t size, bool is_write,
					uint64_t value)
{
	uint64_t result = 0;

	if (!range_within(offset, size, 0, sizeof(input->config)))
		return mmio_none();
	if (is_write) {
		if (offset <= CONFIG_SUBSELECT && size == 1) {
			input->config[offset] = (uint8_t)value;
			memset(input->config + CONFIG_DATA, 0, INPUT_CONFIG_BYTES);
			input->config[CONFIG_SIZE] = (uint8_t)input_source_config(
				source, input->config[CONFIG_SELECT], input->config[CONFIG_SUBSELECT], input->config + CONFIG_DATA);
		}
		return mmio_value(0);
	}
	for (uint32_t i = 0; i < size; i++)
		result |= (uint64_t)input->config[offset + i] << (8 * i);
	return mmio_value(result);
}

/* Lamps of a keyboard: taken, and not acted on. As many as the queue holds, so that the work is bounded. */
static void status_drain(struct persona *p, struct virtio_device *d)
{
	struct virtio_buffer buffer;

	for (uint32_t i = 0; i < VIRTIO_QUEUE_SIZE_MAX && virtio_take(p, d, STATUS_QUEUE, &buffer); i++)
		virtio_give(p, d, STATUS_QUEUE, &buffer, 0);
}

struct mmio_result virtio_input_access(struct persona *p, uint32_t source, uint64_t offset, uint32_t size, bool is_write, uint64_t value)
{
	struct virtual_input *input = &p->platform.input[source];
	struct mmio_result result;

	lock_take(&p->lock);
	if (offset >= VIRTIO_CONFIG) {
		result = config_access(input, source, offset - VIRTIO_CONFIG, size, is_write, value);
	} else if (size != 4) {
		result = mmio_none();
	} else {
		result = virtio_access(p, &input->virtio, offset, is_write, (uint32_t)value);
		if (is_write && offset == VIRTIO_NOTIFY && value == STATUS_QUEUE)
			status_drain(p, &input->virtio);
	}
	lock_release(&p->lock);
	return result;
}

void virtio_input_send(struct persona *p, uint32_t source, struct input_event event)
{
	struct virtio_device *d = &p->platform.input[source].virtio;
	struct virtio_buffer buffer;

	if (!(p->config->devices & VEIL_DEVICE_INPUT) || !persona_runs(p))
		return;
	lock_take(&p->lock);
	if (virtio_take(p, d, EVENT_QUEUE, &buffer)) {
		void *place = buffer.is_writable && buffer.size >= sizeof(event) ? persona_memory(p, buffer.address, sizeof(event)) : NULL;

		if (place)
			memcpy(place, &event, sizeof(event));
		virtio_give(p, d, EVENT_QUEUE, &buffer, place ? sizeof(event) : 0);
	}
	lock_release(&p->lock);
}

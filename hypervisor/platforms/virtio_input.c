/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual virtio-input devices: one for each of the board's sources, which also lend their descriptions. */
#include "virtio_input.h"

#include "core/lib.h"
#include "core/persona.h"
#include "virtio_mmio.h"

#define DEVICE_INPUT 18
#define EVENT_QUEUE 0
#define STATUS_QUEUE 1
#define RELEASES_AT_ONCE 16 /* bounds the work: more keys than fingers */
#define KEY_SCREENLOCK 152
#define SELECT_EVENT_BITS 0x11 /* with EV_KEY as subselect: which keys there are */

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
		input->virtio.irq = GUEST_IRQ_VIRTIO + i;
	}
}

/* What the board's device says, which all personas ask; and to the keyboard Veil adds the key that locks a persona. */
static void config_answer(struct virtual_input *input, uint32_t source)
{
	static struct lock asking;
	uint8_t *data = input->config + CONFIG_DATA;
	uint32_t size;

	memset(data, 0, INPUT_CONFIG_BYTES);
	lock_take(&asking);
	size = input_source_config(source, input->config[CONFIG_SELECT], input->config[CONFIG_SUBSELECT], data);
	lock_release(&asking);
	if (source == 0 && input->config[CONFIG_SELECT] == SELECT_EVENT_BITS && input->config[CONFIG_SUBSELECT] == EV_KEY && size) {
		data[KEY_SCREENLOCK / 8] |= 1U << KEY_SCREENLOCK % 8;
		size = size > KEY_SCREENLOCK / 8 ? size : KEY_SCREENLOCK / 8 + 1;
	}
	input->config[CONFIG_SIZE] = (uint8_t)size;
}

static struct mmio_result config_access(struct virtual_input *input, uint32_t source, address_t offset, uint32_t size, bool is_write,
					uintptr_t value)
{
	struct mmio_result result = virtio_config_read(input->config, sizeof(input->config), offset, size);

	if (result.found && is_write && offset <= VIRTIO_CONFIG + CONFIG_SUBSELECT && size == 1) {
		input->config[offset - VIRTIO_CONFIG] = (uint8_t)value;
		config_answer(input, source);
	}
	return result;
}

/* Lamps of a keyboard: taken, and not acted on. As many as the queue holds, so that the work is bounded. */
static void status_drain(struct persona *p, struct virtio_device *d)
{
	struct virtio_buffer buffer;

	for (uint32_t i = 0; i < VIRTIO_QUEUE_SIZE_MAX && virtio_take(p, d, STATUS_QUEUE, &buffer); i++)
		virtio_give(p, d, STATUS_QUEUE, &buffer, 0);
}

/* ---- Events ---- */

static wide_bool event_put(struct persona *p, struct virtual_input *input, struct input_event event)
{
	struct virtio_buffer buffer;
	void *place;

	if (!virtio_take(p, &input->virtio, EVENT_QUEUE, &buffer))
		return false;
	place = buffer.is_writable && buffer.size >= sizeof(event) ? persona_touched(p, buffer.address, sizeof(event)) : NULL;
	if (place)
		memcpy(place, &event, sizeof(event));
	virtio_give(p, &input->virtio, EVENT_QUEUE, &buffer, place ? sizeof(event) : 0);
	if (event.type == EV_KEY) {
		uint64_t *word = &input->down[event.code / 64];

		*word = event.value ? *word | BIT(event.code % 64) : *word & ~BIT(event.code % 64);
	}
	return true;
}

static void report_put(struct persona *p, struct virtual_input *input)
{
	input->owes_report = !event_put(p, input, (struct input_event){.type = EV_SYN});
}

static bool key_is_down(const struct virtual_input *input, uint16_t code)
{
	return input->down[code / 64] >> (code % 64) & 1;
}

/* Releases what the guest holds for pressed and nobody presses for it. */
static void keys_release(struct persona *p, uint32_t source)
{
	struct virtual_input *input = &p->platform.input[source];
	uint32_t count = 0;

	for (uint32_t i = 0; i < ARRAY_COUNT(input->down); i++) {
		uint64_t stuck;

		while ((stuck = input->down[i] & ~input_pressed(p, source, i)) && count++ < RELEASES_AT_ONCE) {
			uint16_t code = (uint16_t)(64 * i + (uint32_t)__builtin_ctzll(stuck));

			if (!event_put(p, input, (struct input_event){.type = EV_KEY, .code = code}))
				return;
			input->owes_report = true;
		}
	}
	if (input->owes_report)
		report_put(p, input);
}

/* Gives the guest what it could not be given before: a key whose release is lost would stay pressed for ever, a lost lock open. What does not
 * fit its buffers now follows when it gives more. */
static void settle(struct persona *p, uint32_t source)
{
	struct virtual_input *input = &p->platform.input[source];

	keys_release(p, source);
	if (!input->owes_lock || !event_put(p, input, (struct input_event){.type = EV_KEY, .code = KEY_SCREENLOCK, .value = 1}))
		return;
	input->owes_lock = false;
	report_put(p, input);
	keys_release(p, source);
}

struct mmio_result virtio_input_access(struct persona *p, uint32_t source, address_t offset, uint32_t size, bool is_write, uintptr_t value)
{
	struct virtual_input *input = &p->platform.input[source];
	struct mmio_result result;

	if (offset >= VIRTIO_CONFIG)
		return config_access(input, source, offset, size, is_write, value);
	result = virtio_access(p, &input->virtio, offset, size, is_write, value);
	if (input->virtio.status == 0) /* a driver that starts anew holds no key for pressed */
		memset(input->down, 0, sizeof(input->down));
	if (result.found && is_write && offset == VIRTIO_NOTIFY) {
		if (value == STATUS_QUEUE)
			status_drain(p, &input->virtio);
		else if (value == EVENT_QUEUE)
			settle(p, source);
	}
	return result;
}

/* A persona's device, locked so that neither the device changes nor the persona's life ends; NULL: there is nobody to get an event. */
static struct virtual_input *device_take(struct persona *p, uint32_t source)
{
	if (!(p->config->devices & VEIL_DEVICE_INPUT))
		return NULL;
	lock_take(&p->life_lock);
	lock_take(&p->lock);
	if (persona_lives(p))
		return &p->platform.input[source];
	lock_release(&p->lock);
	lock_release(&p->life_lock);
	return NULL;
}

static void device_release(struct persona *p)
{
	lock_release(&p->lock);
	lock_release(&p->life_lock);
}

void virtio_input_send(struct persona *p, uint32_t source, struct input_event event)
{
	struct virtual_input *input = device_take(p, source);

	if (!input)
		return;
	/* The end of a press it did not see, because another persona was in front, is not its business. */
	if (event.type != EV_KEY || event.value == 1 || key_is_down(input, event.code)) {
		if (!event_put(p, input, event) && event.type == EV_SYN)
			input->owes_report = true;
	}
	device_release(p);
}

void virtio_input_leave(struct persona *p, bool locks)
{
	for (uint32_t source = 0; source < INPUT_SOURCES; source++) {
		struct virtual_input *input = device_take(p, source);

		if (!input)
			return;
		input->owes_lock |= locks && source == 0;
		settle(p, source);
		device_release(p);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Where input goes. All of this runs on the CPU that takes the board's interrupts, so it needs no lock of its own. */
#include "input.h"

#include <veil/arch.h>
#include <veil/input_source.h>

#include "lib.h"
#include "persona.h"
#include "platforms/virtio_input.h"
#include "units.h"

#define EV_SYN 0
#define EV_KEY 1
#define KEY_COUNT 768 /* KEY_CNT of input-event-codes.h */
#define HOTKEY_PAUSE_US 500000 /* the longest time between two keys of the sequence */

static struct {
	uint16_t hotkey[VEIL_MAX_HOTKEY];
	uint32_t hotkey_count;
	uint32_t hotkey_seen; /* keys of the sequence so far */
	uint64_t hotkey_at;
	uint8_t pressed[INPUT_SOURCES][KEY_COUNT / 8]; /* keys the persona in front believes to be down */
} input;

void input_init(const struct veil_manifest *manifest)
{
	memcpy(input.hotkey, manifest->hotkey, sizeof(input.hotkey));
	input.hotkey_count = manifest->hotkey_count;
	input_source_init();
}

static bool is_hotkey(uint16_t code)
{
	for (uint32_t i = 0; i < input.hotkey_count; i++)
		if (input.hotkey[i] == code)
			return true;
	return false;
}

/* A key of the sequence was pressed: true if it was the last one. */
static bool hotkey_is_complete(uint16_t code)
{
	uint64_t now = arch_time();

	if (now - input.hotkey_at > us_to_ticks(HOTKEY_PAUSE_US) || input.hotkey[input.hotkey_seen] != code)
		input.hotkey_seen = 0;
	input.hotkey_at = now;
	if (input.hotkey[input.hotkey_seen] == code)
		input.hotkey_seen++;
	if (input.hotkey_seen < input.hotkey_count)
		return false;
	input.hotkey_seen = 0;
	return true;
}

static void remember(uint32_t source, struct input_event event)
{
	uint8_t *byte = &input.pressed[source][event.code / 8];
	uint8_t bit = (uint8_t)(1U << (event.code % 8));

	*byte = event.value ? *byte | bit : *byte & (uint8_t)~bit;
}

void input_event(uint32_t source, struct input_event event)
{
	struct persona *front = &personas[persona_foreground];

	if (event.type == EV_KEY && event.code >= KEY_COUNT)
		return;
	if (event.type == EV_KEY && is_hotkey(event.code)) {
		if (event.value == 1 && hotkey_is_complete(event.code))
			persona_switch(&personas[(persona_foreground + 1) % persona_count]);
		return;
	}
	if (event.type == EV_KEY)
		remember(source, event);
	virtio_input_send(front, source, event);
}

void input_leave(struct persona *p)
{
	static const struct input_event report = {.type = EV_SYN};

	for (uint32_t source = 0; source < INPUT_SOURCES; source++) {
		bool any = false;

		for (uint16_t code = 0; code < KEY_COUNT; code++) {
			if (!(input.pressed[source][code / 8] >> (code % 8) & 1))
				continue;
			virtio_input_send(p, source, (struct input_event){.type = EV_KEY, .code = code});
			any = true;
		}
		if (any)
			virtio_input_send(p, source, report);
		memset(input.pressed[source], 0, sizeof(input.pressed[source]));
	}
}

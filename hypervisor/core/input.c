/* SPDX-License-Identifier: Apache-2.0 */
/* Where input goes. All of this runs on the CPU that takes the board's interrupts, so it needs no lock of its own. */
#include "input.h"

#include <veil/arch.h>
#include <veil/input_source.h>

#include "lib.h"
#include "manifest.h"
#include "persona.h"
#include "platforms/virtio_input.h"
#include "units.h"
#include "view.h"

#define TABLET 1 /* number of its source */
#define ABS_X 0
#define ABS_Y 1
#define TOUCH_MAX 0x7fff /* of both axes (QEMU: INPUT_EVENT_ABS_MAX) */
#define HOTKEY_PAUSE_US 500000 /* the longest time between two keys of the sequence */

static struct {
	uint16_t hotkey[VEIL_MAX_HOTKEY];
	uint32_t hotkey_count;
	uint32_t hotkey_seen; /* keys of the sequence so far */
	uint64_t hotkey_at;
	uint64_t pressed[INPUT_SOURCES][INPUT_KEYS / 64]; /* for the persona in front */
	uint32_t strip_height; /* in units of the tablet */
	uint32_t touch[2]; /* where it was touched last, on the whole screen */
} input;

void input_init(const struct manifest *manifest)
{
	const struct veil_surface *s = manifest->surfaces;

	memcpy(input.hotkey, manifest->header->hotkey, sizeof(input.hotkey));
	input.hotkey_count = manifest->header->hotkey_count;
	input.strip_height = manifest->surface_count ? s->strip_rows * TOUCH_MAX / s->height : 0;
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

/* A key is pressed or released; the guests' CPUs look at it, see input_pressed(). */
static void remember(uint32_t source, struct input_event event)
{
	uint64_t *word = &input.pressed[source][event.code / 64];
	uint64_t bit = BIT(event.code % 64);

	__atomic_store_n(word, event.value ? *word | bit : *word & ~bit, __ATOMIC_RELAXED);
}

uint64_t input_pressed(const struct persona *p, uint32_t source, uint32_t word)
{
	return p->index == persona_foreground ? __atomic_load_n(&input.pressed[source][word], __ATOMIC_RELAXED) : 0;
}

/* A guest's picture begins below the strip, so its tablet does. */
static uint32_t touch_row(uint32_t y)
{
	uint32_t strip = input.strip_height;

	return y < strip ? 0 : (uint32_t)((uint64_t)(y - strip) * TOUCH_MAX / (TOUCH_MAX - strip));
}

static void touch_send(uint16_t code, uint32_t value)
{
	virtio_input_send(&personas[persona_foreground], TABLET, (struct input_event){.type = EV_ABS, .code = code, .value = value});
}

/* A touch of the other picture brings its persona to the front; one of the strip is nobody's. False: the event is not for the one in front. */
static bool touch_event(struct input_event event)
{
	uint32_t column, who;

	if (event.type == EV_ABS && event.code <= ABS_Y)
		input.touch[event.code] = event.value;
	who = view_persona_at(input.touch[ABS_X], &column);
	if (event.type == EV_ABS && event.code <= ABS_Y) {
		if (who == persona_foreground)
			touch_send(event.code, event.code == ABS_X ? column : touch_row(event.value));
		return false;
	}
	if (event.type != EV_KEY || event.value != 1)
		return true;
	if (who != persona_foreground) {
		persona_switch(&personas[who]);
		touch_send(ABS_X, column);
		touch_send(ABS_Y, touch_row(input.touch[ABS_Y]));
	}
	return input.touch[ABS_Y] >= input.strip_height;
}

void input_event(uint32_t source, struct input_event event)
{
	if (event.type == EV_KEY && event.code >= INPUT_KEYS)
		return;
	if (source == TABLET && !touch_event(event))
		return;
	if (event.type == EV_KEY) {
		if (is_hotkey(event.code)) {
			if (event.value == 1 && hotkey_is_complete(event.code))
				persona_switch(&personas[(persona_foreground + 1) % persona_count]);
			return;
		}
		if (event.value == 1)
			input.hotkey_seen = 0; /* another key in between */
		remember(source, event);
	}
	virtio_input_send(&personas[persona_foreground], source, event);
}

void input_switched(void)
{
	for (uint32_t i = 0; i < INPUT_KEYS / 64; i++)
		input.pressed[0][i] = input.pressed[TABLET][i] = 0;
}

void input_leave(struct persona *p, bool is_hidden)
{
	virtio_input_leave(p, is_hidden && (p->config->flags & VEIL_LOCK_ON_LEAVE));
}

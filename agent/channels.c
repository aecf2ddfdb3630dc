/* SPDX-License-Identifier: Apache-2.0 */
/* Channels by number and by name. */
#include "channels.h"

#include "text.h"

static struct {
	bool are_known;
	size_t count;
	struct channel all[CHANNELS_MAX];
} channels;

/* Names become names of files: one that is no plain word is none of Veil's. */
static bool is_sound(const struct channel *c)
{
	return !c->name[PERSONA_BYTES - 1] && text_is_name(c->name, PERSONA_BYTES - 1) && (c->number & 15) < PEERS &&
	       (channel_carries(c->number) == CARRIES_CLIPBOARD || channel_carries(c->number) == CARRIES_FILES);
}

void channels_take(const uint8_t *bytes, size_t size)
{
	channels.are_known = true;
	channels.count = 0;
	for (size_t at = 0; at + sizeof(struct channel) <= size && channels.count < CHANNELS_MAX; at += sizeof(struct channel)) {
		struct channel *c = &channels.all[channels.count];

		text_copy(c, bytes + at, sizeof(*c));
		channels.count += is_sound(c);
	}
}

bool channels_are_known(void)
{
	return channels.are_known;
}

size_t channels_count(void)
{
	return channels.count;
}

const struct channel *channels_at(size_t index)
{
	return &channels.all[index];
}

const struct channel *channels_to(const char *persona, enum carries carries)
{
	for (size_t i = 0; i < channels.count; i++) {
		const struct channel *c = &channels.all[i];

		if (c->is_outgoing && channel_carries(c->number) == carries && text_equal(c->name, persona))
			return c;
	}
	return NULL;
}

const struct channel *channels_from(uint8_t number)
{
	for (size_t i = 0; i < channels.count; i++)
		if (!channels.all[i].is_outgoing && channels.all[i].number == number)
			return &channels.all[i];
	return NULL;
}

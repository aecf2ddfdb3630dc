/* SPDX-License-Identifier: Apache-2.0 */
/* The channels of this persona, as Veil last told them. */
#ifndef AGENT_CHANNELS_H
#define AGENT_CHANNELS_H

#include "sys.h"

#define CHANNELS_MAX 28 /* of 8 personas: to and from each other one, clipboard and files */
#define PEERS 8
#define PERSONA_BYTES 32 /* of a name, with its NUL */

enum carries {
	CARRIES_CLIPBOARD = 1,
	CARRIES_FILES = 2
};
#define KINDS 2

/* struct veil_channel_info; its number is the other persona's index + 16 * what it carries. */
struct channel {
	uint8_t number;
	uint8_t is_outgoing;
	uint16_t reserved;
	uint32_t max_bytes;
	uint32_t per_minute;
	char name[PERSONA_BYTES]; /* of the other persona */
};

/* Takes a frame of them in place of all there were. */
void channels_take(const uint8_t *bytes, size_t size);
bool channels_are_known(void); /* Veil has told them since the agent began */

size_t channels_count(void);
const struct channel *channels_at(size_t index);

/* NULL: there is none. */
const struct channel *channels_to(const char *persona, enum carries carries);
const struct channel *channels_from(uint8_t number);

static inline enum carries channel_carries(uint8_t number)
{
	return (enum carries)(number >> 4);
}

#endif

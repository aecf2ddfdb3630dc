/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of the serial line: a small, strict bridge that remembers everything Veil sent. */
#ifndef VEIL_TEST_BRIDGE_H
#define VEIL_TEST_BRIDGE_H

#include <veil/abi.h>
#include <veil/types.h>

#define BRIDGE_TEXT_BYTES (1 << 20)
#define BRIDGE_MESSAGES 4096
#define BRIDGE_CHANNELS (VEIL_MUX_AGENT + VEIL_MAX_PERSONAS)

struct bridge_message {
	size_t size;
	union {
		uint8_t bytes[VEIL_MUX_MAX_PAYLOAD];
		struct {
			struct veil_response response;
			uint8_t data[VEIL_MUX_MAX_PAYLOAD - sizeof(struct veil_response)];
		};
	};
};

struct bridge {
	size_t read; /* bytes of machine.output looked at */
	uint32_t garbage; /* bytes outside frames, or in broken ones */
	uint32_t hellos;
	struct veil_link_hello hello; /* the last one */
	uint8_t text[VEIL_MAX_PERSONAS][BRIDGE_TEXT_BYTES];
	size_t text_size[VEIL_MAX_PERSONAS];
	uint32_t largest_text; /* payload of the largest console frame */
	uint8_t agent[VEIL_MAX_PERSONAS][BRIDGE_TEXT_BYTES]; /* what came on owner ports */
	size_t agent_size[VEIL_MAX_PERSONAS];
	/* By channel: 0 control, n + 1 console of persona n, n + VEIL_MUX_AGENT its owner port */
	uint32_t received[BRIDGE_CHANNELS];
	uint32_t granted[BRIDGE_CHANNELS]; /* to Veil */
	uint32_t granted_to_us[BRIDGE_CHANNELS];
	uint32_t credits[BRIDGE_CHANNELS]; /* credit frames seen */
	uint32_t overdrafts; /* bytes Veil sent beyond what was granted */
	struct bridge_message messages[BRIDGE_MESSAGES];
	uint32_t message_count;
	uint16_t last_id;
};

extern struct bridge bridge;

/* Looks at what Veil has sent since. */
void bridge_read(void);

/* A frame to Veil, as bytes; returns their number. */
size_t bridge_frame(uint8_t *to, uint8_t channel, const void *payload, size_t size);
void bridge_send(uint8_t channel, const void *payload, size_t size);
void bridge_hello(void);
void bridge_grant(uint8_t channel, uint32_t total);

/* Says hello, grants plenty on all channels, and lets Veil take it. */
void bridge_connect(void);

/* Sends a request, lets time pass until Veil has answered; the answer, or NULL. */
const struct bridge_message *bridge_ask(uint8_t op, uint8_t persona, uint32_t argument);
uint32_t bridge_command(uint8_t op, uint8_t persona); /* its result */
struct veil_status_persona bridge_status(uint8_t persona);
struct veil_status_system bridge_status_system(void);

/* The last state event of a persona, or 255. */
uint8_t bridge_last_event(uint8_t persona);

/* Does the console's text end with this? */
bool bridge_text_is(uint32_t persona, const char *text);

#endif

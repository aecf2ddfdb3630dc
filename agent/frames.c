/* SPDX-License-Identifier: Apache-2.0 */
/* Frames between Veil and the agent. */
#include "frames.h"

#include "secrets.h"
#include "text.h"

void frames_start(struct port *port)
{
	port_send(port, (struct message){.op = FRAME_HELLO});
}

static void take(const struct message *m)
{
	if (m->op == FRAME_SECRET)
		secret_store(m->payload, m->length);
	/* others are of a later version */
}

void frames_receive(struct port *port)
{
	struct message message;
	bool is_broken;

	while (port_first(port, &message, &is_broken)) {
		take(&message);
		text_clear(port->in, (size_t)MESSAGE_HEAD + message.length);
		port_drop(port, (size_t)MESSAGE_HEAD + message.length);
	}
	if (is_broken)
		port->in_size = 0; /* Veil sends whole frames, so the next one begins with the next read */
}

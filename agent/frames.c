/* SPDX-License-Identifier: Apache-2.0 */
/* Frames between Veil and the agent. */
#include "frames.h"

#include "arrive.h"
#include "channels.h"
#include "depart.h"
#include "secrets.h"
#include "text.h"

void frames_start(struct port *port)
{
	port_send(port, (struct message){.op = FRAME_HELLO});
}

static void take(const struct message *m)
{
	switch (m->op) {
	case FRAME_SECRET:
		secret_store(m->payload, m->length);
		break;
	case FRAME_CHANNELS:
		channels_take(m->payload, m->length);
		arrive_channels();
		break;
	case FRAME_BEGIN:
		arrive_begin(m->channel, m->argument, m->payload, m->length);
		break;
	case FRAME_DATA:
		arrive_data(m->channel, m->payload, m->length);
		break;
	case FRAME_ABORT:
		arrive_abort(m->channel);
		break;
	case FRAME_RESULT:
		depart_result(m->channel, m->argument);
		break;
	default: /* of a later version */
		break;
	}
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

/* SPDX-License-Identifier: Apache-2.0 */
/* One of the two ports: messages go in and out through small buffers, so that nothing ever waits for the other side.
 *
 * A message is
 *   0  u8   what it is        2  u16  length of the payload     8..  payload
 *   1  u8   channel           4  u32  argument
 * little-endian, on both ports; see docs/reference/agent.md. */
#ifndef AGENT_PORT_H
#define AGENT_PORT_H

#include "sys.h"

#define MESSAGE_HEAD 8
#define MESSAGE_MAX (MESSAGE_HEAD + 4096) /* on the owner port; on the other one VEIL_FRAME_MAX */
#define PORT_OUT_BYTES 32768

struct message {
	uint8_t op;
	uint8_t channel;
	uint16_t length;
	uint32_t argument;
	const uint8_t *payload;
};

struct port {
	int fd;
	size_t most; /* bytes of a message that may come */
	bool is_framed; /* one write, one message */
	size_t in_size;
	size_t out_begin, out_end;
	uint8_t in[MESSAGE_MAX];
	uint8_t out[PORT_OUT_BYTES];
};

/* Opens the port of that name, or of that path where the name begins with `/`. */
long port_open(struct port *port, const char *name, size_t most, bool is_framed);

/* Bytes of payload that a message may have now and still leave room for some short ones; 0: none. */
size_t port_room(const struct port *port);

/* Queues a message; false: there is no room. */
bool port_send(struct port *port, struct message message);

/* Writes what is queued, as far as the port takes it. */
void port_flush(struct port *port);
bool port_has_output(const struct port *port);

/* Reads once. Negative: nothing was there, or the other side is not connected (0). */
long port_read(struct port *port);

/* The first whole message that came, valid until port_next() or port_read(). False: none is whole. What cannot be one is told
 * apart by `is_broken`. */
bool port_first(const struct port *port, struct message *message, bool *is_broken);
void port_drop(struct port *port, size_t size); /* bytes at the front of what came */

#endif

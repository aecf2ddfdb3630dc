/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers that leave. On a channel there is one at a time, and Veil says once of each how it ended; who comes meanwhile waits. Veil
 * alone decides what may be sent: nothing is checked here but what is needed to say it in frames. */
#include "depart.h"

#include "arrive.h"
#include "folders.h"
#include "frames.h"
#include "local.h"

#define DATA_MAX (FRAME_MAX - MESSAGE_HEAD)

enum client_state {
	CLIENT_NONE = 0,
	CLIENT_ASKS = 1, /* its message is not whole yet */
	CLIENT_WAITS = 2, /* for the channel to be free, or for Veil to tell what channels there are */
	CLIENT_SENDS = 3,
	CLIENT_IS_DONE = 4 /* Veil has all of it, or was told that there is no more: its answer is due */
};

struct client {
	enum client_state state;
	int fd; /* -1: it has gone */
	uint8_t channel;
	uint32_t left;
	size_t in_size;
	uint8_t in[LOCAL_HEAD_MAX];
};

static struct {
	int socket;
	struct client clients[DEPART_CLIENTS];
} depart;

void depart_start(void)
{
	local_folder(LOCAL_FOLDER, 0750);
	depart.socket = (int)sys_local_listen(LOCAL_SOCKET);
	sys_chmod(LOCAL_SOCKET, 0666); /* the folder keeps others out */
}

static void leave(struct client *c)
{
	if (c->fd >= 0)
		sys_close(c->fd);
	c->fd = -1;
}

/* What is said to a client always fits in its socket: it asks but once. */
static void say(const struct client *c, uint8_t op, uint32_t argument, const void *payload, uint16_t length)
{
	uint8_t bytes[MESSAGE_HEAD + sizeof(struct local_channel)] = {op};

	text_copy(bytes + 2, &length, 2);
	text_copy(bytes + 4, &argument, 4);
	text_copy(bytes + MESSAGE_HEAD, payload, length);
	if (c->fd >= 0)
		sys_write(c->fd, bytes, (size_t)MESSAGE_HEAD + length);
}

static void finish(struct client *c, uint32_t result)
{
	say(c, LOCAL_RESULT, result, NULL, 0);
	leave(c);
	c->state = CLIENT_NONE;
}

void depart_result(uint8_t channel, uint32_t result)
{
	for (size_t i = 0; i < DEPART_CLIENTS; i++) {
		struct client *c = &depart.clients[i];

		if ((c->state == CLIENT_SENDS || c->state == CLIENT_IS_DONE) && c->channel == channel)
			finish(c, result);
	}
}

/* ---- Asking ---- */

static void accept_one(void)
{
	for (size_t i = 0; i < DEPART_CLIENTS; i++) {
		struct client *c = &depart.clients[i];

		if (c->state != CLIENT_NONE)
			continue;
		c->fd = (int)sys_accept(depart.socket);
		c->in_size = 0;
		if (c->fd >= 0)
			c->state = CLIENT_ASKS;
		return;
	}
}

static struct message asked(const struct client *c)
{
	struct message m = {.op = c->in[0], .channel = c->in[1], .payload = c->in + MESSAGE_HEAD};

	text_copy(&m.length, c->in + 2, 2);
	text_copy(&m.argument, c->in + 4, 4);
	return m;
}

/* Persona, NUL and the name of a file, if any. */
static bool is_sound(const struct message *m)
{
	size_t length = 0;

	if (m->op == LOCAL_LIST)
		return m->length == 0;
	while (length < m->length && m->payload[length])
		length++;
	return m->op == LOCAL_SEND && length < m->length && length < PERSONA_BYTES &&
	       (m->channel == CARRIES_CLIPBOARD || m->channel == CARRIES_FILES);
}

/* Reads its message, and nothing behind it. */
static void ask(struct client *c)
{
	for (;;) {
		struct message m = asked(c);
		size_t size = c->in_size < MESSAGE_HEAD ? MESSAGE_HEAD : (size_t)MESSAGE_HEAD + m.length;
		long got;

		if (size > sizeof(c->in))
			break;
		if (c->in_size == size && c->in_size >= MESSAGE_HEAD && is_sound(&m)) {
			c->state = CLIENT_WAITS;
			return;
		}
		if (c->in_size == size)
			break;
		got = sys_read(c->fd, c->in + c->in_size, size - c->in_size);
		if (got == -E_AGAIN || got == -E_INTR)
			return;
		if (got <= 0)
			break;
		c->in_size += (size_t)got;
	}
	leave(c);
	c->state = CLIENT_NONE;
}

static void list(struct client *c)
{
	for (size_t i = 0; i < channels_count(); i++) {
		struct local_channel entry = {.channel = *channels_at(i)};

		if (!entry.channel.is_outgoing)
			arrive_counts(entry.channel.number, &entry.kept, &entry.lost);
		say(c, LOCAL_CHANNEL, 0, &entry, sizeof(entry));
	}
	leave(c);
	c->state = CLIENT_NONE;
}

/* ---- Sending ---- */

static bool is_busy(uint8_t channel)
{
	for (size_t i = 0; i < DEPART_CLIENTS; i++) {
		const struct client *c = &depart.clients[i];

		if ((c->state == CLIENT_SENDS || c->state == CLIENT_IS_DONE) && c->channel == channel)
			return true;
	}
	return false;
}

static void begin(struct client *c, struct port *port)
{
	struct message m = asked(c);
	const char *persona = (const char *)m.payload;
	const struct channel *channel;
	size_t name_at = text_length(persona) + 1;

	if (!channels_are_known())
		return;
	if (m.op == LOCAL_LIST) {
		list(c);
		return;
	}
	channel = channels_to(persona, (enum carries)m.channel);
	if (!channel) {
		finish(c, RESULT_REFUSED);
		return;
	}
	if (is_busy(channel->number) || port_room(port) < m.length)
		return;
	c->channel = channel->number;
	c->left = m.argument;
	port_send(port, (struct message){.op = FRAME_BEGIN,
					 .channel = c->channel,
					 .length = (uint16_t)(m.length - name_at),
					 .argument = m.argument,
					 .payload = m.payload + name_at});
	c->state = c->left ? CLIENT_SENDS : CLIENT_IS_DONE;
}

static void move(struct client *c, struct port *port)
{
	uint8_t bytes[DATA_MAX];

	while (port_room(port) >= DATA_MAX) {
		long size = sys_read(c->fd, bytes, c->left < DATA_MAX ? c->left : DATA_MAX);

		if (size == -E_AGAIN || size == -E_INTR)
			return;
		if (size <= 0) { /* it has gone before its time */
			port_send(port, (struct message){.op = FRAME_ABORT, .channel = c->channel});
			leave(c);
			c->state = CLIENT_IS_DONE;
			return;
		}
		port_send(port, (struct message){.op = FRAME_DATA, .channel = c->channel, .length = (uint16_t)size, .payload = bytes});
		c->left -= (uint32_t)size;
		if (!c->left) {
			c->state = CLIENT_IS_DONE;
			return;
		}
	}
}

size_t depart_poll(const struct port *port, struct sys_poll_entry *entries)
{
	size_t count = 0;
	bool is_full = true;

	for (size_t i = 0; i < DEPART_CLIENTS; i++) {
		const struct client *c = &depart.clients[i];

		is_full &= c->state != CLIENT_NONE;
		if (c->state == CLIENT_ASKS || (c->state == CLIENT_SENDS && port_room(port) >= DATA_MAX))
			entries[count++] = (struct sys_poll_entry){.fd = c->fd, .wanted = POLL_IN};
	}
	if (!is_full)
		entries[count++] = (struct sys_poll_entry){.fd = depart.socket, .wanted = POLL_IN};
	return count;
}

void depart_go_on(struct port *port)
{
	accept_one();
	for (size_t i = 0; i < DEPART_CLIENTS; i++) {
		struct client *c = &depart.clients[i];

		if (c->state == CLIENT_ASKS)
			ask(c);
		if (c->state == CLIENT_WAITS)
			begin(c, port);
		if (c->state == CLIENT_SENDS)
			move(c, port);
	}
}

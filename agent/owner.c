/* SPDX-License-Identifier: Apache-2.0 */
/* The owner's stream: whoever is at the other end may be new, and what comes may begin in the middle of something. */
#include "owner.h"

#include "session.h"
#include "text.h"

#define SESSIONS 8

static struct {
	bool is_allowed; /* to run commands and move files */
	bool is_in_step; /* a hello has been seen */
	struct session sessions[SESSIONS];
} owner;

static const char magic[OWNER_MAGIC_BYTES + 1] = OWNER_MAGIC;

static void hello(struct port *port, uint32_t number)
{
	port_send(port,
		  (struct message){.op = OWNER_HELLO, .length = OWNER_MAGIC_BYTES, .argument = number, .payload = (const uint8_t *)magic});
}

void owner_start(struct port *port, bool is_allowed)
{
	owner.is_allowed = is_allowed;
	hello(port, 0);
}

static void number_send(struct port *port, uint8_t op, uint32_t session, uint32_t value)
{
	uint8_t payload[4];

	text_copy(payload, &value, sizeof(value));
	port_send(port, (struct message){.op = op, .length = sizeof(payload), .argument = session, .payload = payload});
}

static uint32_t number_of(const struct message *message)
{
	uint32_t number = 0;

	if (message->length >= sizeof(number))
		text_copy(&number, message->payload, sizeof(number));
	return number;
}

static struct session *session_of(uint32_t number)
{
	for (size_t i = 0; i < SESSIONS; i++)
		if (owner.sessions[i].kind != SESSION_NONE && owner.sessions[i].number == number)
			return &owner.sessions[i];
	return NULL;
}

static struct session *session_new(uint32_t number, enum session_kind kind)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		struct session *s = &owner.sessions[i];

		if (s->kind != SESSION_NONE)
			continue;
		s->kind = kind;
		s->number = number;
		s->pid = s->status = 0;
		s->in = s->out = s->errors = -1;
		s->input_ended = s->is_over = false;
		s->error = 0;
		s->credit = s->taken = 0;
		s->input_begin = s->input_end = 0;
		s->path.length = s->part.length = 0;
		return s;
	}
	return NULL;
}

static void begin(struct port *port, const struct message *m)
{
	enum session_kind kind = m->op == OWNER_RUN ? SESSION_RUN : m->op == OWNER_PUT ? SESSION_PUT : SESSION_GET;
	struct session *s = owner.is_allowed && !session_of(m->argument) ? session_new(m->argument, kind) : NULL;

	if (!s) {
		number_send(port, OWNER_FAILED, m->argument, owner.is_allowed ? E_AGAIN : E_ACCES);
		return;
	}
	if (kind == SESSION_RUN) {
		session_run(s, m->payload, m->length);
	} else if (kind == SESSION_PUT) {
		if (m->length > 4)
			session_put(s, number_of(m), m->payload + 4, m->length - 4U);
		else
			session_put(s, 0, m->payload, 0);
	} else {
		struct sys_file file = {0};
		uint8_t payload[12];

		session_get(s, m->payload, m->length, &file);
		text_copy(payload, &file.mode, 4);
		text_copy(payload + 4, &file.size, 8);
		if (!s->is_over)
			port_send(port,
				  (struct message){.op = OWNER_FILE, .length = sizeof(payload), .argument = s->number, .payload = payload});
	}
	if (!s->is_over && kind != SESSION_GET)
		number_send(port, OWNER_CREDIT, s->number, SESSION_INPUT);
}

static void take(struct port *port, const struct message *m)
{
	struct session *s = session_of(m->argument);

	switch (m->op) {
	case OWNER_HELLO: /* somebody new, or the same one after a loss: what was under way is not its */
		for (size_t i = 0; i < SESSIONS; i++)
			if (owner.sessions[i].kind != SESSION_NONE)
				session_abandon(&owner.sessions[i]);
		hello(port, m->argument);
		break;
	case OWNER_RUN:
	case OWNER_PUT:
	case OWNER_GET:
		begin(port, m);
		break;
	case OWNER_INPUT:
		if (s && !session_input(s, m->payload, m->length))
			session_abandon(s); /* it sent more than it may */
		break;
	case OWNER_SIGNAL:
		if (s && s->pid && number_of(m) <= 64)
			sys_kill_group(s->pid, (int)number_of(m));
		break;
	case OWNER_END:
		if (s)
			session_abandon(s);
		break;
	case OWNER_CREDIT:
		if (s && number_of(m) <= UINT32_MAX - s->credit)
			s->credit += number_of(m);
		break;
	default: /* of a later version */
		break;
	}
}

/* Where a hello may begin at or after the front of what came; everything before it belongs to nobody. */
static bool find_hello(struct port *port)
{
	size_t at = 0;

	for (; at < port->in_size; at++) {
		size_t i = 0;
		static const uint8_t head[4] = {OWNER_HELLO, 0, OWNER_MAGIC_BYTES, 0};

		while (at + i < port->in_size && i < MESSAGE_HEAD + OWNER_MAGIC_BYTES) {
			uint8_t byte = port->in[at + i];

			if (i < sizeof(head) ? byte != head[i] : i >= MESSAGE_HEAD && byte != (uint8_t)magic[i - MESSAGE_HEAD])
				break;
			i++;
		}
		if (i == MESSAGE_HEAD + OWNER_MAGIC_BYTES || at + i == port->in_size)
			break;
	}
	port_drop(port, at);
	return port->in_size >= MESSAGE_HEAD + OWNER_MAGIC_BYTES;
}

void owner_receive(struct port *port)
{
	struct message message;
	bool is_broken;

	for (;;) {
		if (port_room(port) == 0)
			return; /* answers first */
		if (!owner.is_in_step && !find_hello(port))
			return;
		if (!port_first(port, &message, &is_broken)) {
			if (!is_broken)
				return;
			owner.is_in_step = false;
			port_drop(port, 1);
			continue;
		}
		owner.is_in_step = true;
		take(port, &message);
		port_drop(port, (size_t)MESSAGE_HEAD + message.length);
	}
}

size_t owner_poll(const struct port *port, struct sys_poll_entry *entries)
{
	size_t count = 0;
	bool has_room = port_room(port) != 0;

	for (size_t i = 0; i < SESSIONS; i++) {
		const struct session *s = &owner.sessions[i];

		if (s->kind == SESSION_NONE)
			continue;
		if (s->in >= 0 && s->input_begin < s->input_end)
			entries[count++] = (struct sys_poll_entry){.fd = s->in, .wanted = POLL_OUT};
		if (s->out >= 0 && s->credit && has_room)
			entries[count++] = (struct sys_poll_entry){.fd = s->out, .wanted = POLL_IN};
		if (s->errors >= 0 && s->credit && has_room)
			entries[count++] = (struct sys_poll_entry){.fd = s->errors, .wanted = POLL_IN};
	}
	return count;
}

void owner_go_on(struct port *port)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		struct session *s = &owner.sessions[i];

		if (s->kind == SESSION_NONE)
			continue;
		if (!s->is_over)
			session_go_on(s, port);
		if (s->taken >= SESSION_INPUT / 2 && port_room(port)) {
			number_send(port, OWNER_CREDIT, s->number, s->taken);
			s->taken = 0;
		}
		if (!s->is_over || !port_room(port))
			continue;
		if (s->error)
			number_send(port, OWNER_FAILED, s->number, (uint32_t)s->error);
		else
			number_send(port, OWNER_EXIT, s->number, (uint32_t)s->status);
		session_abandon(s);
	}
}

void owner_child_ended(int pid, int status)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		struct session *s = &owner.sessions[i];

		if (s->kind != SESSION_RUN || s->pid != pid)
			continue;
		s->pid = 0;
		s->status = (status & 0x7f) ? 128 + (status & 0x7f) : status >> 8 & 0xff;
	}
}

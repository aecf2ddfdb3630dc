/* SPDX-License-Identifier: Apache-2.0 */
/* Ports, their messages and buffers. */
#include "port.h"

#include "text.h"

#define SHORT_ROOM 1024 /* kept for answers */
#define WRITE_MAX 4096
#define DEVICES_MAX 16
#define NAME_MAX 32

/* Linux names ports after their device's number, which depends on the other devices there are. */
static struct text find(const char *name)
{
	for (uint32_t device = 0; device < DEVICES_MAX; device++)
		for (uint32_t number = 0; number < 2; number++) {
			struct text node = text_join("vport", "", "");
			struct text path;
			char found[NAME_MAX + 1] = {0};
			long fd, size;

			text_add_number(&node, device);
			text_add(&node, "p");
			text_add_number(&node, number);
			path = text_join("/sys/class/virtio-ports/", node.bytes, "/name");
			fd = sys_open(path.bytes, OPEN_READ, 0);
			if (fd < 0)
				continue;
			size = sys_read((int)fd, found, NAME_MAX);
			sys_close((int)fd);
			if (size > 0 && found[size - 1] == '\n')
				found[size - 1] = 0;
			if (size > 0 && text_equal(found, name))
				return text_join("/dev/", node.bytes, "");
		}
	return text_join("", "", "");
}

long port_open(struct port *port, const char *name, size_t most, bool is_framed)
{
	struct text path = name[0] == '/' ? text_join(name, "", "") : find(name);
	long fd = path.length ? sys_open(path.bytes, OPEN_BOTH | OPEN_NONBLOCK, 0) : -E_NOENT;

	port->fd = (int)fd;
	port->most = most;
	port->is_framed = is_framed;
	port->in_size = port->out_begin = port->out_end = 0;
	return fd;
}

static size_t room(const struct port *port)
{
	return PORT_OUT_BYTES - (port->out_end - port->out_begin);
}

size_t port_room(const struct port *port)
{
	size_t left = room(port);

	return left > SHORT_ROOM + MESSAGE_HEAD ? left - SHORT_ROOM - MESSAGE_HEAD : 0;
}

bool port_send(struct port *port, struct message message)
{
	size_t size = (size_t)MESSAGE_HEAD + message.length;
	uint8_t *to;

	if (room(port) < size)
		return false;
	if (PORT_OUT_BYTES - port->out_end < size) {
		size_t waiting = port->out_end - port->out_begin;

		for (size_t i = 0; i < waiting; i++)
			port->out[i] = port->out[port->out_begin + i];
		port->out_begin = 0;
		port->out_end = waiting;
	}
	to = port->out + port->out_end;
	to[0] = message.op;
	to[1] = message.channel;
	text_copy(to + 2, &message.length, 2);
	text_copy(to + 4, &message.argument, 4);
	text_copy(to + MESSAGE_HEAD, message.payload, message.length);
	port->out_end += size;
	return true;
}

bool port_has_output(const struct port *port)
{
	return port->out_begin != port->out_end;
}

void port_flush(struct port *port)
{
	while (port_has_output(port)) {
		size_t size = port->out_end - port->out_begin;
		uint16_t length;
		long written;

		if (port->is_framed) {
			text_copy(&length, port->out + port->out_begin + 2, 2);
			size = (size_t)MESSAGE_HEAD + length;
		} else if (size > WRITE_MAX) {
			size = WRITE_MAX;
		}
		written = sys_write(port->fd, port->out + port->out_begin, size);
		if (written <= 0)
			return;
		port->out_begin += (size_t)written;
	}
	port->out_begin = port->out_end = 0;
}

long port_read(struct port *port)
{
	long size = sys_read(port->fd, port->in + port->in_size, port->most - port->in_size);

	if (size > 0)
		port->in_size += (size_t)size;
	return size;
}

bool port_first(const struct port *port, struct message *message, bool *is_broken)
{
	*is_broken = false;
	if (port->in_size < MESSAGE_HEAD)
		return false;
	message->op = port->in[0];
	message->channel = port->in[1];
	text_copy(&message->length, port->in + 2, 2);
	text_copy(&message->argument, port->in + 4, 4);
	message->payload = port->in + MESSAGE_HEAD;
	*is_broken = message->op == 0 || (size_t)MESSAGE_HEAD + message->length > port->most;
	return !*is_broken && port->in_size >= (size_t)MESSAGE_HEAD + message->length;
}

void port_drop(struct port *port, size_t size)
{
	port->in_size -= size;
	for (size_t i = 0; i < port->in_size; i++)
		port->in[i] = port->in[size + i];
}

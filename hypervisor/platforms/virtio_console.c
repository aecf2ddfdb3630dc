/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual virtio-console. The owner port's bytes go from the guest's buffers straight to the line and from the line into them, so a
 * guest that sends for ever, or never reads, holds up nobody but itself. Nothing here is kept when the guest resets the device. */
#include "virtio_console.h"

#include "core/channel.h"
#include "core/lib.h"
#include "core/mux.h"
#include "core/persona.h"
#include "core/policy.h"
#include "virtio_mmio.h"

#define DEVICE_CONSOLE 3
#define FEATURE_MULTIPORT 2 /* bit 1 */
#define CONFIG_PORTS 4 /* offset of max_nr_ports in the configuration (5.3.4) */
#define CONFIG_BYTES 12
#define STATUS_DRIVER_OK 4

enum port {
	PORT_OWNER = 0,
	PORT_FRAMES = 1
};

/* Queues (5.3.2): of each port one to receive and one to send, as the guest sees it; control stands behind port 0. */
enum queue {
	OWNER_IN = 0,
	OWNER_OUT = 1,
	CONTROL_IN = 2,
	CONTROL_OUT = 3,
	FRAMES_IN = 4,
	FRAMES_OUT = 5
};

#define OWNER_BATCH 96 /* bytes to the line in one go: about 3,500 instructions */
#define CONTROL_BATCH 8

/* Control messages (5.3.6.2) */
enum event {
	DEVICE_READY = 0,
	DEVICE_ADD = 1,
	PORT_READY = 3,
	PORT_OPEN = 6,
	PORT_NAME = 7
};

struct control {
	uint32_t port;
	uint16_t event;
	uint16_t value;
};

#define NAME_BYTES 11 /* the names have the same length */

static const char *const port_names[CONSOLE_PORTS] IN_GAP(3) = {"veil.owner\0", "veil.frames"};

static struct virtual_console *console_of(struct persona *p)
{
	return &p->platform.console;
}

/* The driver has begun anew: nothing of what was before reaches it. */
static void forget(struct persona *p)
{
	struct virtual_console *c = console_of(p);

	memset(c->news, 0, sizeof(c->news));
	memset(c->is_open, 0, sizeof(c->is_open));
	c->sending = false;
	c->policy = policy_generation();
	c->is_told = true; /* until its agent says hello */
	mux_agent_open(p->index, false);
}

void virtio_console_reset(struct persona *p)
{
	struct virtual_console *c = console_of(p);

	c->virtio.id = DEVICE_CONSOLE;
	c->virtio.irq = GUEST_IRQ_VIRTIO + VIRTIO_CONSOLE_SLOT;
	c->virtio.features = FEATURE_MULTIPORT;
	virtio_reset(&c->virtio);
	forget(p);
}

/* The place a buffer gives for so many bytes; NULL if it is too small, or not the guest's memory, or not for us to write. */
static void *place_of(struct persona *p, const struct virtio_buffer *buffer, uint32_t size)
{
	return buffer->is_writable && buffer->size >= size ? persona_memory(p, buffer->address, size) : NULL;
}

/* ---- Owner port ---- */

/* The policy may keep the owner out. */
static bool owner_may(const struct persona *p)
{
	return policy_channel(policy_current(), VEIL_NO_PERSONA, p->index, VEIL_CARRIES_OWNER) != NULL;
}

static void owner_open(struct persona *p, bool is_open)
{
	console_of(p)->is_open[PORT_OWNER] = is_open;
	mux_agent_open(p->index, is_open && owner_may(p));
}

/* Another policy is in force: the guest learns what it may. */
static void policy_notice(struct persona *p)
{
	struct virtual_console *c = console_of(p);
	uint32_t generation = policy_generation();

	if (c->policy == generation)
		return;
	c->policy = generation;
	c->is_told = false;
	owner_open(p, c->is_open[PORT_OWNER]);
	c->news[PORT_OWNER] |= (uint8_t)BIT(PORT_OPEN);
}

/* Sends one piece. The guest may change the bytes meanwhile: each is read once, and means nothing here. */
static void owner_send(struct persona *p)
{
	struct virtual_console *c = console_of(p);
	const uint8_t *bytes;
	uint32_t size;

	if (!owner_may(p) || (!c->sending && !virtio_take(p, &c->virtio, OWNER_OUT, &c->buffer)))
		return;
	if (!c->sending)
		c->sent = 0;
	c->sending = true;
	size = c->buffer.size - c->sent < OWNER_BATCH ? c->buffer.size - c->sent : OWNER_BATCH;
	if (size) {
		bytes = persona_memory(p, ipaddr(c->buffer.address.value + c->sent), size);
		if (!bytes) { /* not its memory */
			c->sending = false;
			virtio_break(p, &c->virtio);
			return;
		}
		c->sent += mux_agent_send(p->index, bytes, size);
	}
	if (c->sent < c->buffer.size)
		return;
	c->sent = 0;
	if (virtio_next(p, &c->virtio, OWNER_OUT, &c->buffer)) {
		mux_flush_soon();
		return;
	}
	c->sending = false;
	virtio_give(p, &c->virtio, OWNER_OUT, &c->buffer, 0);
}

/* Hands over what has come: once round the line's small buffer. */
static void owner_receive(struct persona *p)
{
	struct virtual_console *c = console_of(p);
	struct virtio_buffer buffer;
	uint8_t *place;

	if (!c->is_open[PORT_OWNER] || !mux_agent_has_input(p->index) || !virtio_take(p, &c->virtio, OWNER_IN, &buffer))
		return;
	if (buffer.size > VEIL_PAGE_SIZE)
		buffer.size = VEIL_PAGE_SIZE;
	place = place_of(p, &buffer, 1);
	virtio_give(p, &c->virtio, OWNER_IN, &buffer, place ? mux_agent_take(p->index, place, buffer.size) : 0);
	if (mux_agent_has_input(p->index))
		mux_flush_soon(); /* a small buffer */
}

/* ---- Frames ---- */

static enum console_put frame_put(struct persona *p, struct veil_frame frame, const void *payload)
{
	struct virtual_console *c = console_of(p);
	struct virtio_buffer buffer;
	uint8_t *place;

	if (!virtio_take(p, &c->virtio, FRAMES_IN, &buffer))
		return CONSOLE_FULL;
	place = place_of(p, &buffer, sizeof(frame) + frame.length);
	if (place) {
		memcpy(place, &frame, sizeof(frame));
		memcpy(place + sizeof(frame), payload, frame.length);
	}
	virtio_give(p, &c->virtio, FRAMES_IN, &buffer, place ? (uint32_t)(sizeof(frame) + frame.length) : 0);
	return place ? CONSOLE_TAKEN : CONSOLE_CLOSED;
}

#define INFOS_MAX ((VEIL_FRAME_MAX - sizeof(struct veil_frame)) / sizeof(struct veil_channel_info))

static void channels_put(struct persona *p)
{
	const struct policy *policy = policy_current();
	struct veil_channel_info infos[INFOS_MAX];
	struct veil_frame frame = {.op = VEIL_FRAME_CHANNELS};
	uint32_t count = 0;

	for (uint32_t i = 0; i < policy->header->channels.count && count < INFOS_MAX; i++) {
		const struct veil_channel *c = &policy->channels[i];
		bool is_outgoing = c->from == p->index;
		uint8_t peer = is_outgoing ? c->to : c->from;

		if ((!is_outgoing && c->to != p->index) || c->carries == VEIL_CARRIES_OWNER)
			continue;
		infos[count] = (struct veil_channel_info){.channel = (uint8_t)(peer | c->carries << 4),
							  .is_outgoing = is_outgoing,
							  .max_bytes = c->max_bytes,
							  .per_minute = c->per_minute};
		memcpy(infos[count++].name, p->manifest->personas[peer].name, VEIL_NAME_BYTES);
	}
	frame.length = (uint16_t)(count * sizeof(infos[0]));
	console_of(p)->is_told = frame_put(p, frame, infos) != CONSOLE_FULL;
}

bool virtio_console_is_told(struct persona *p)
{
	struct virtual_console *c = console_of(p);

	policy_notice(p);
	if (!c->is_told && c->is_open[PORT_FRAMES])
		channels_put(p);
	return c->is_told;
}

void virtio_console_greet(struct persona *p)
{
	console_of(p)->is_told = false;
	virtio_console_is_told(p);
}

/* What comes over a channel comes after the news of it. */
enum console_put virtio_console_put(struct persona *p, struct veil_frame frame, const void *payload)
{
	if (!console_of(p)->is_open[PORT_FRAMES])
		return CONSOLE_CLOSED;
	return virtio_console_is_told(p) ? frame_put(p, frame, payload) : CONSOLE_FULL;
}

/* Whatever is in it, it only ever speaks of this persona. One that is no frame counts as one of an unknown kind. */
bool virtio_console_first(struct persona *p, struct veil_frame *frame, const uint8_t **payload)
{
	struct virtual_console *c = console_of(p);
	struct virtio_buffer *buffer = &c->frame;

	if (!c->is_open[PORT_FRAMES] || !virtio_take(p, &c->virtio, FRAMES_OUT, buffer))
		return false;
	*frame = (struct veil_frame){0};
	*payload = NULL;
	if (buffer->is_writable || buffer->size < sizeof(*frame) || buffer->size > VEIL_FRAME_MAX ||
	    !virtio_copy(p, buffer->address, frame, sizeof(*frame)))
		return true;
	if (frame->length == buffer->size - sizeof(*frame))
		*payload = frame->length ? persona_memory(p, ipaddr(buffer->address.value + sizeof(*frame)), frame->length) : NULL;
	if (frame->length && !*payload)
		frame->op = 0;
	return true;
}

void virtio_console_done(struct persona *p, bool is_done)
{
	struct virtual_console *c = console_of(p);

	if (!is_done) {
		virtio_put_back(&c->virtio, FRAMES_OUT);
		return;
	}
	virtio_give(p, &c->virtio, FRAMES_OUT, &c->frame, 0);
	if (virtio_take(p, &c->virtio, FRAMES_OUT, &c->frame)) {
		virtio_put_back(&c->virtio, FRAMES_OUT);
		mux_flush_soon();
	}
}

/* ---- Control ---- */

/* Sends the events that wait. As many as there can be at once, so it ends. */
static void control_send(struct persona *p)
{
	struct virtual_console *c = console_of(p);

	for (uint32_t port = 0; port < CONSOLE_PORTS; port++)
		for (uint16_t event = 0; c->news[port] >> event; event++) {
			struct control control = {.port = port, .event = event, .value = event != PORT_OPEN || port || owner_may(p)};
			uint32_t size = sizeof(control) + (event == PORT_NAME ? NAME_BYTES : 0);
			struct virtio_buffer buffer;
			uint8_t *place;

			if (!(c->news[port] >> event & 1))
				continue;
			if (!virtio_take(p, &c->virtio, CONTROL_IN, &buffer))
				return;
			c->news[port] &= (uint8_t) ~(1U << event);
			place = place_of(p, &buffer, size);
			if (place) {
				memcpy(place, &control, sizeof(control));
				memcpy(place + sizeof(control), port_names[port], size - sizeof(control));
			}
			virtio_give(p, &c->virtio, CONTROL_IN, &buffer, place ? (uint32_t)size : 0);
		}
}

static void control_take(struct persona *p, struct control control)
{
	struct virtual_console *c = console_of(p);

	if (control.event == DEVICE_READY && control.value) {
		c->news[PORT_OWNER] = c->news[PORT_FRAMES] = BIT(DEVICE_ADD);
	} else if (control.port < CONSOLE_PORTS && control.event == PORT_READY && control.value) {
		c->news[control.port] |= (uint8_t)(BIT(PORT_NAME) | BIT(PORT_OPEN));
	} else if (control.port < CONSOLE_PORTS && control.event == PORT_OPEN) {
		if (control.port == PORT_OWNER)
			owner_open(p, control.value != 0);
		else
			c->is_open[PORT_FRAMES] = control.value != 0;
	}
}

static void control_receive_all(struct persona *p)
{
	struct virtual_console *c = console_of(p);
	struct virtio_buffer buffer;

	for (uint32_t i = 0; i < CONTROL_BATCH && virtio_take(p, &c->virtio, CONTROL_OUT, &buffer); i++) {
		struct control control;

		if (buffer.size >= sizeof(control) && virtio_copy(p, buffer.address, &control, sizeof(control)))
			control_take(p, control);
		virtio_give(p, &c->virtio, CONTROL_OUT, &buffer, 0);
	}
}

/* ---- Both ports ---- */

void virtio_console_go_on(struct persona *p)
{
	if (!(p->config->devices & VEIL_DEVICE_AGENT) || !persona_hold(p))
		return;
	lock_take(&p->lock);
	policy_notice(p);
	control_send(p);
	owner_receive(p);
	owner_send(p);
	lock_release(&p->lock);
	channel_go_on(p);
	persona_release(p);
}

/* ---- Registers ---- */

static void queue_notified(struct persona *p, uintptr_t queue)
{
	switch (queue) {
	case OWNER_IN:
		owner_receive(p);
		break;
	case OWNER_OUT:
		owner_send(p);
		break;
	case CONTROL_OUT:
		control_receive_all(p);
		control_send(p);
		break;
	case CONTROL_IN:
		control_send(p);
		break;
	default:
		break;
	}
}

struct mmio_result virtio_console_access(struct persona *p, address_t offset, uint32_t size, bool is_write, uintptr_t value)
{
	static const uint8_t config[CONFIG_BYTES] IN_GAP(6) = {[CONFIG_PORTS] = CONSOLE_PORTS};
	struct virtual_console *c = console_of(p);
	struct mmio_result result;

	if (offset >= VIRTIO_CONFIG) /* emergency writes are not offered */
		return is_write ? mmio_value(0) : virtio_config_read(config, sizeof(config), offset, size);
	result = virtio_access(p, &c->virtio, offset, size, is_write, value);
	if (!result.found || !is_write)
		return result;
	if (offset == VIRTIO_NOTIFY) {
		queue_notified(p, value);
	} else if (offset == VIRTIO_STATUS) {
		if (!c->virtio.status)
			forget(p);
		else if ((value & STATUS_DRIVER_OK) && !(c->virtio.accepted & FEATURE_MULTIPORT))
			owner_open(p, true); /* such a driver has one port, always open */
	}
	return result;
}

void virtio_console_notified(struct persona *p, uintptr_t queue)
{
	if (queue == FRAMES_OUT)
		channel_go_on(p);
	else if (queue == FRAMES_IN)
		channel_has_room(p);
}

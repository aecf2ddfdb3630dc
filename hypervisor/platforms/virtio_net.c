/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual network cards. A frame is copied out of the guest before it is looked at, so that the guest cannot change it between check and use,
 * and the switch decides. No offload is offered: what the guest says of a frame beside its bytes means nothing. */
#include "virtio_net.h"

#include <veil/arch.h>
#include <veil/network_source.h>

#include "core/lib.h"
#include "core/mux.h"
#include "core/persona.h"
#include "core/sched.h"
#include "core/switch.h"
#include "virtio_mmio.h"

#define DEVICE_NETWORK 1
#define QUEUE_IN 0
#define QUEUE_OUT 1
#define FEATURE_MAC BIT(5)
#define HEADER 12 /* struct virtio_net_hdr (5.1.6) */
#define FRAMES_AT_ONCE 4 /* handled in one stretch, below 1,200 instructions each */
#define QUEUE_SIZE 256 /* room for a whole TCP window while the guest has not refilled: what is lost costs it a second */
#define PARTS_MAX 8 /* descriptors of a frame */

_Static_assert(NETWORK_FRAME == FRAME_MAX, "a buffer holds a frame");

bool virtio_net_init(const struct manifest *m)
{
	bool wanted = false;

	for (uint32_t i = 0; i < m->persona_count; i++)
		wanted |= (m->personas[i].devices & VEIL_DEVICE_NETWORK) != 0;
	return switch_init(m) && (!wanted || network_source_init());
}

void virtio_net_reset(struct persona *p)
{
	struct virtual_network *n = &p->platform.network;

	n->virtio.id = DEVICE_NETWORK;
	n->virtio.irq = GUEST_IRQ_VIRTIO + VIRTIO_NETWORK_SLOT;
	n->virtio.features = (uint32_t)(FEATURE_MAC | VIRTIO_EVENT_INDEX); /* else every frame sent interrupts its sender */
	n->virtio.queue_size_max = QUEUE_SIZE;
	n->waits = false;
	virtio_reset(&n->virtio);
	switch_reset(p);
}

/* ---- Out ---- */

enum gathered {
	GATHERED,
	GATHERED_NOT, /* no frame at all */
	GATHERED_LATER /* an interrupt waits, and its memory is not all built */
};

/* Copies a frame without its header; at most FRAME_MAX bytes of at most PARTS_MAX parts, whatever the guest says. */
static enum gathered gather(struct persona *p, struct virtio_buffer *b, uint8_t *frame, uint32_t *size)
{
	struct virtio_device *d = &p->platform.network.virtio;
	uint32_t skip = HEADER;

	*size = 0;
	for (uint32_t parts = 0; parts < PARTS_MAX; parts++) {
		uint32_t cut = b->size < skip ? b->size : skip;
		uint32_t part = b->size - cut;
		paddr_t host;

		skip -= cut;
		if (b->is_writable || part > FRAME_MAX - *size)
			return GATHERED_NOT;
		if (part) {
			switch (persona_pin(p, ipaddr(b->address.value + cut), part, &host)) {
			case PIN_OK:
				arch_copy_bytes(frame + *size, arch_pointer(host), part);
				*size += part;
				break;
			case PIN_AGAIN:
				return GATHERED_LATER;
			case PIN_REFUSED:
				return GATHERED_NOT;
			}
		}
		if (!virtio_next(p, d, QUEUE_OUT, b))
			return GATHERED;
	}
	return GATHERED_NOT;
}

/* False: there is nothing more to do now. */
static bool send_one(struct persona *p)
{
	struct virtual_network *n = &p->platform.network;
	struct network_buffer *buffer = network_source_take();
	enum veil_refusal refusal = VEIL_REFUSED_KIND;
	struct virtio_buffer b;
	enum gathered gathered;
	uint32_t size;

	n->waits = !buffer;
	if (!buffer)
		return false;
	if (!virtio_take(p, &n->virtio, QUEUE_OUT, &b)) {
		network_source_give_back(buffer);
		return false;
	}
	gathered = gather(p, &b, buffer->frame, &size);
	if (gathered == GATHERED_LATER) {
		virtio_put_back(&n->virtio, QUEUE_OUT);
		network_source_give_back(buffer);
		return true;
	}
	if (gathered == GATHERED)
		refusal = switch_outgoing(p, buffer->frame, &size);
	switch_count(p, true, refusal, size);
	if (refusal == VEIL_REFUSED_NOT)
		network_source_send(buffer, size);
	else
		network_source_give_back(buffer);
	virtio_give(p, &n->virtio, QUEUE_OUT, &b, 0);
	return true;
}

/* True: there may be more. */
static bool send_some(struct persona *p)
{
	bool more = true;

	switch_begin();
	for (uint32_t i = 0; i < FRAMES_AT_ONCE && more; i++)
		more = send_one(p);
	network_source_start();
	return more;
}

/* Those that wait take turns. Who has more than one stretch's worth goes on at once, after whatever else there is to do; who waits
 * for the card again will be called by it. */
void network_room(void)
{
	static uint32_t turn;

	for (uint32_t i = 0; i < persona_count; i++) {
		struct persona *p = &personas[__atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % persona_count];
		bool more, waits;

		if (!p->platform.network.waits || !persona_hold(p))
			continue;
		lock_take(&p->lock);
		more = send_some(p);
		waits = p->platform.network.waits;
		p->platform.network.waits |= more;
		lock_release(&p->lock);
		persona_release(p);
		if (more || !waits) /* somebody else may wait, too */
			mux_flush_by(arch_time());
		break;
	}
}

/* ---- In ---- */

/* False: the guest has no room for it. */
static bool put(struct persona *p, const uint8_t *frame, uint32_t size)
{
	static const uint8_t header[HEADER] IN_GAP(7) = {[10] = 1}; /* num_buffers */
	struct virtio_device *d = &p->platform.network.virtio;
	uint32_t done = 0, all = HEADER + size;
	struct virtio_buffer b;

	if (!virtio_take(p, d, QUEUE_IN, &b))
		return false;
	for (uint32_t parts = 0; parts < PARTS_MAX && done < all; parts++) {
		uint32_t part = b.size < all - done ? b.size : all - done;
		uint32_t of_header = done >= HEADER ? 0 : part < HEADER - done ? part : HEADER - done;
		uint8_t *to;
		paddr_t host;

		if (!b.is_writable || persona_pin(p, b.address, part, &host) != PIN_OK)
			break;
		to = arch_pointer(host);
		arch_copy_bytes(to, header + done, of_header);
		arch_copy_bytes(to + of_header, frame + (done + of_header - HEADER), part - of_header);
		done += part;
		if (done < all && !virtio_next(p, d, QUEUE_IN, &b))
			break;
	}
	virtio_give(p, d, QUEUE_IN, &b, done == all ? all : 0);
	return done == all;
}

static void deliver(struct persona *p, const uint8_t *frame, uint32_t size)
{
	struct cpu *cpu = arch_this_cpu();
	struct vcpu *charged = cpu->charged;
	enum veil_refusal refusal;

	if (!persona_hold(p))
		return;
	if (p->vcpus[0]->cpu == cpu)
		sched_charge_from_here(cpu, p->vcpus[0]); /* the work is its own, whoever runs */
	lock_take(&p->lock);
	refusal = switch_incoming(p, frame, size);
	if (refusal == VEIL_REFUSED_NOT && !put(p, frame, size))
		refusal = VEIL_REFUSED_ROOM;
	if (refusal != VEIL_REFUSED_KIND || !(frame[0] & 1)) /* of what is for many, most is not for this one */
		switch_count(p, false, refusal, size);
	lock_release(&p->lock);
	sched_charge_from_here(cpu, charged);
	persona_release(p);
}

void network_begin(void)
{
	switch_begin();
}

void network_received(const uint8_t *frame, uint32_t size)
{
	uint32_t receivers = switch_receivers(frame, size);

	for (uint32_t i = 0; receivers >> i; i++)
		if (receivers >> i & 1)
			deliver(&personas[i], frame, size);
}

/* ---- Registers ---- */

static struct mmio_result config_access(const struct persona *p, address_t offset, uint32_t size, bool is_write)
{
	uint8_t config[8] = {0}; /* the address, then a status that is not offered */

	if (is_write)
		return mmio_value(0);
	switch_mac(p, config);
	return virtio_config_read(config, sizeof(config), offset, size);
}

struct mmio_result virtio_net_access(struct persona *p, address_t offset, uint32_t size, bool is_write, uintptr_t value)
{
	struct mmio_result result;

	if (offset >= VIRTIO_CONFIG)
		return config_access(p, offset, size, is_write);
	result = virtio_access(p, &p->platform.network.virtio, offset, size, is_write, value);
	/* More than one stretch's worth: the guest notifies again, and others get their turn in between. */
	if (result.found && is_write && offset == VIRTIO_NOTIFY && value == QUEUE_OUT && send_some(p))
		arch_access_again();
	return result;
}

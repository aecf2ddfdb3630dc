/* SPDX-License-Identifier: Apache-2.0 */
/* The board's virtio-net card (OASIS virtio 1.2, 5.1): no offloads, one buffer a frame. It receives whatever comes, as nothing tells it
 * the MAC addresses of the personas; the switch sorts. */
#include <veil/arch.h>
#include <veil/lock.h>
#include <veil/network_source.h>

#include "core/lib.h"
#include "core/memory.h"
#include "virtio_driver.h"

#define DEVICE_NETWORK 1
#define QUEUE_IN 0
#define QUEUE_OUT 1
#define BUFFERS_IN 64
#define BUFFERS_OUT 64 /* a whole TCP window: a card that works late works on all of it */
#define FRAMES_AT_ONCE 4 /* handled in one interrupt: the line stays high when there are more */
#define NO_INTERRUPT 1 /* flag of a queue's driver side */
#define NO_NOTIFY 1 /* and of its device side */

static struct {
	struct virtio_driver driver;
	struct virtio_driver_queue in, out;
	struct network_buffer *buffers_in, *buffers_out;
	struct lock lock; /* of `out` and what follows; after a persona's */
	uint64_t free; /* bit n: buffers_out[n] */
	bool room_wanted;
} card;

bool network_source_init(void)
{
	card.driver.base = 0;
	card.buffers_in = memory_take((BUFFERS_IN + BUFFERS_OUT) * sizeof(struct network_buffer), 64); /* zero, as headers sent stay */
	if (!card.buffers_in)
		return false;
	card.buffers_out = card.buffers_in + BUFFERS_IN;
	card.free = UINT64_MAX;
	card.room_wanted = false;
	card.out.driver.flags = NO_INTERRUPT;
	if (!virtio_driver_open(&card.driver, DEVICE_NETWORK, 0, 0) || !virtio_driver_queue(&card.driver, QUEUE_IN, BUFFERS_IN, &card.in) ||
	    !virtio_driver_queue(&card.driver, QUEUE_OUT, BUFFERS_OUT, &card.out))
		return true;
	virtio_driver_ready(&card.driver, true);
	for (uint16_t i = 0; i < BUFFERS_IN; i++)
		virtio_driver_put_new(&card.in, i, &card.buffers_in[i], sizeof(struct network_buffer), VIRTIO_DRIVER_WRITE);
	virtio_driver_notify(&card.driver, &card.in);
	return true;
}

/* ---- Out ---- */

static void out_reclaim(void)
{
	uint32_t length;
	uint16_t head;

	while (virtio_driver_take(&card.out, &head, &length))
		card.free |= UINT64_C(1) << head % BUFFERS_OUT;
}

static void out_interrupt(bool wanted)
{
	card.room_wanted = wanted;
	__atomic_store_n(&card.out.driver.flags, wanted ? 0 : NO_INTERRUPT, __ATOMIC_SEQ_CST);
	arch_device_barrier();
}

struct network_buffer *network_source_take(void)
{
	struct network_buffer *buffer = NULL;

	lock_take(&card.lock);
	if (!card.free && card.driver.base) {
		out_reclaim();
		if (!card.free) {
			out_interrupt(true);
			out_reclaim(); /* what came just before that interrupts nobody */
		}
	}
	if (card.free) {
		buffer = &card.buffers_out[__builtin_ctzll(card.free)];
		card.free &= card.free - 1;
	}
	lock_release(&card.lock);
	return buffer;
}

void network_source_give_back(struct network_buffer *buffer)
{
	lock_take(&card.lock);
	card.free |= UINT64_C(1) << (buffer - card.buffers_out);
	lock_release(&card.lock);
}

void network_source_send(struct network_buffer *buffer, uint32_t size)
{
	if (!card.driver.base) { /* nobody hears it */
		network_source_give_back(buffer);
		return;
	}
	lock_take(&card.lock);
	virtio_driver_put_new(&card.out, (uint16_t)(buffer - card.buffers_out), buffer, NETWORK_HEADER + size, 0);
	lock_release(&card.lock);
}

void network_source_start(void)
{
	if (!card.driver.base)
		return;
	arch_device_barrier();
	if (!(__atomic_load_n(&card.out.device.flags, __ATOMIC_RELAXED) & NO_NOTIFY))
		virtio_driver_notify(&card.driver, &card.out);
}

/* ---- In ---- */

/* Was somebody waiting for room that there is now? */
static bool room_is_made(void)
{
	bool is_made = false;

	lock_take(&card.lock);
	if (card.room_wanted && virtio_driver_has_used(&card.out)) {
		out_interrupt(false);
		is_made = true;
	}
	lock_release(&card.lock);
	return is_made;
}

bool network_source_interrupt(uint32_t irq)
{
	if (!card.driver.base || irq != card.driver.irq)
		return false;
	network_begin();
	for (uint32_t i = 0; i < FRAMES_AT_ONCE; i++) {
		uint32_t length;
		uint16_t head;

		if (!virtio_driver_next(&card.driver, &card.in, &head, &length))
			break;
		head %= BUFFERS_IN;
		if (length >= NETWORK_HEADER && length <= NETWORK_HEADER + NETWORK_FRAME)
			network_received(card.buffers_in[head].frame, length - NETWORK_HEADER);
		virtio_driver_put(&card.in, head);
	}
	virtio_driver_look_again(&card.driver, &card.in);
	arch_device_barrier();
	if (!(__atomic_load_n(&card.in.device.flags, __ATOMIC_RELAXED) & NO_NOTIFY))
		virtio_driver_notify(&card.driver, &card.in);
	if (room_is_made())
		network_room();
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A persona's agent ports: virtio-console (OASIS virtio 1.2, 5.3); what they are for: abi.h, "Agent ports". */
#ifndef VEIL_VIRTIO_CONSOLE_H
#define VEIL_VIRTIO_CONSOLE_H

#include <veil/abi.h>
#include <veil/platform.h>

struct persona;

void virtio_console_reset(struct persona *persona);
struct mmio_result virtio_console_access(struct persona *persona, address_t offset, uint32_t size, bool is_write,
					 uintptr_t value); /* with the persona's lock held */

/* What of a notification needs other personas' locks: to be called after it, with none held. */
void virtio_console_notified(struct persona *persona, uintptr_t queue);

/* Moves what waits on both ports as far as credit and buffers go. Takes locks. */
void virtio_console_go_on(struct persona *persona);

/* ---- Frames, with the persona's lock held ---- */
enum console_put {
	CONSOLE_TAKEN = 0,
	CONSOLE_FULL = 1, /* the agent has given no buffer */
	CONSOLE_CLOSED = 2 /* it does not listen, or its buffers are too small */
};

/* A frame for the agent; `payload` of frame.length bytes, with `payload` NULL and the length 0 where there is none. */
enum console_put virtio_console_put(struct persona *persona, struct veil_frame frame, const void *payload);

/* Its agent has said hello: it is told what channels there are, before anything else. */
void virtio_console_greet(struct persona *persona);

/* Does the agent know the channels of the policy in force? They are told where they are not and there is room. */
bool virtio_console_is_told(struct persona *persona);

/* The next frame from the agent, with its payload where the agent wrote it. To be followed by virtio_console_done(), which takes it off
 * the queue, or leaves it there for another time. */
bool virtio_console_first(struct persona *persona, struct veil_frame *frame, const uint8_t **payload);
void virtio_console_done(struct persona *persona, bool is_done);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A persona's keyboard and tablet: virtio-input (OASIS virtio 1.2, 5.8). */
#ifndef VEIL_VIRTIO_INPUT_H
#define VEIL_VIRTIO_INPUT_H

#include <veil/platform.h>

#include "core/input.h"

struct persona;

void virtio_input_reset(struct persona *persona);
struct mmio_result virtio_input_access(struct persona *persona, uint32_t source, address_t offset, uint32_t size, bool is_write,
				       uintptr_t value); /* with the persona's lock held */

/* An event for the guest; dropped when it has no device, has not set it up, or gave no buffer for it. Takes the persona's locks. */
void virtio_input_send(struct persona *persona, uint32_t source, struct input_event event);

/* The persona is no longer in front: what it holds for pressed is released and, if `locks`, its system is told to lock its screen. What its
 * buffers do not take now, it gets when it gives more. */
void virtio_input_leave(struct persona *persona, bool locks);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A persona's agent ports: virtio-console (OASIS virtio 1.2, 5.3); what they are for: abi.h, "Agent ports". */
#ifndef VEIL_VIRTIO_CONSOLE_H
#define VEIL_VIRTIO_CONSOLE_H

#include <veil/abi.h>
#include <veil/platform.h>

struct persona;

void virtio_console_reset(struct persona *persona);
struct mmio_result virtio_console_access(struct persona *persona, uint64_t offset, uint32_t size, bool is_write, uint64_t value);

/* Moves what waits on the owner port, both ways, as far as credit and the guest's buffers go. Takes the persona's lock. */
void virtio_console_go_on(struct persona *persona);

/* A frame for the agent, `payload` of frame.length bytes. False: the agent does not listen, or gave no buffer. Takes the persona's lock. */
bool virtio_console_frame(struct persona *persona, struct veil_frame frame, const void *payload);

#endif

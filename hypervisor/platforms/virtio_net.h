/* SPDX-License-Identifier: Apache-2.0 */
/* A persona's network card: virtio-net (OASIS virtio 1.2, 5.1), a port of the switch. */
#ifndef VEIL_VIRTIO_NET_H
#define VEIL_VIRTIO_NET_H

#include <veil/platform.h>

struct manifest;
struct persona;

/* The switch, and the board's card if a persona needs it. False: too little work memory. */
bool virtio_net_init(const struct manifest *manifest);

void virtio_net_reset(struct persona *persona);
struct mmio_result virtio_net_access(struct persona *persona, address_t offset, uint32_t size, bool is_write,
				     uintptr_t value); /* with the persona's lock held */

#endif

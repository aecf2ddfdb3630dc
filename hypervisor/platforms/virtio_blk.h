/* SPDX-License-Identifier: Apache-2.0 */
/* A persona's volumes: virtio-blk (OASIS virtio 1.2, 5.2), one device a volume. */
#ifndef VEIL_VIRTIO_BLK_H
#define VEIL_VIRTIO_BLK_H

#include <veil/platform.h>

#include "core/manifest.h"

void virtio_blk_init(const struct manifest *manifest); /* before the personas */
void virtio_blk_reset(struct persona *persona);

/* Volume `nth` of a persona, counted from 0. Takes the lock itself. */
struct mmio_result virtio_blk_access(struct persona *persona, uint32_t nth, address_t offset, uint32_t size, bool is_write,
				     uintptr_t value);

/* No request of this persona is under way: the disk does not touch its memory. */
bool virtio_blk_is_quiet(struct persona *persona);

#endif

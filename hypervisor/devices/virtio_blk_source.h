/* SPDX-License-Identifier: Apache-2.0 */
/* A request of Veil's own to the board's disk, beside those that have tags. One at a time. */
#ifndef VEIL_VIRTIO_BLK_SOURCE_H
#define VEIL_VIRTIO_BLK_SOURCE_H

#include <veil/block_source.h>

/* Of one sector; a flush has none. After block_source_init(). False: there is no disk, or no room in its queue. */
bool virtio_blk_source_start(enum block_operation operation, uint64_t sector, void *bytes);

#define VIRTIO_BLK_UNDER_WAY 255
uint32_t virtio_blk_source_status(void); /* 0: done; VIRTIO_BLK_UNDER_WAY; any other: the disk has refused it */

#endif

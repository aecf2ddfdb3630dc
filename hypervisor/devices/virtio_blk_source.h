/* SPDX-License-Identifier: Apache-2.0 */
/* A request of Veil's own to the board's disk, beside those of guests. block_done() is not called for it. */
#ifndef VEIL_VIRTIO_BLK_SOURCE_H
#define VEIL_VIRTIO_BLK_SOURCE_H

#include <veil/block_source.h>

#define VIRTIO_BLK_OWN_TAG BLOCK_TAGS /* with one piece of memory, or none */

/* After block_source_init(): there is a disk, and room for this request in its queue. */
bool virtio_blk_source_has_own(void);

#define VIRTIO_BLK_UNDER_WAY 255
uint32_t virtio_blk_source_status(void); /* of it. 0: done; VIRTIO_BLK_UNDER_WAY; any other: the disk has refused it */

#endif

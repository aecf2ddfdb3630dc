/* SPDX-License-Identifier: Apache-2.0 */
/* virtio over MMIO, the device's side (OASIS virtio 1.2, 2.7 and 4.2.2): what all virtual virtio devices share. The persona's lock
 * is held by the caller of each function. */
#ifndef VEIL_VIRTIO_MMIO_H
#define VEIL_VIRTIO_MMIO_H

#include <veil/platform.h>

struct persona;

#define VIRTIO_CONFIG 0x100 /* device-specific registers from here on: not handled here */

void virtio_reset(struct virtio_device *device);

/* The registers below VIRTIO_CONFIG, and a read of the device's own, which are these bytes. */
struct mmio_result virtio_access(struct persona *persona, struct virtio_device *device, address_t offset, uint32_t size, bool is_write,
				 uintptr_t value);
struct mmio_result virtio_config_read(const void *config, uint32_t config_size, address_t offset, uint32_t size);

/* False: nothing is there, or the queue is broken (the device then asks to be reset). */
wide_bool virtio_take(struct persona *persona, struct virtio_device *device, uint32_t queue, struct virtio_buffer *buffer);

/* The next descriptor of the chain into the same `buffer`; false at its end, or where it is broken. At most as many as its table has. */
wide_bool virtio_next(struct persona *persona, struct virtio_device *device, uint32_t queue, struct virtio_buffer *buffer);

/* The request taken last will be taken again: nothing has been done for it. */
void virtio_put_back(struct virtio_device *device, uint32_t queue);

/* The guest broke the rules: the device asks to be reset and does nothing until then. */
void virtio_break(struct persona *persona, struct virtio_device *device);

/* Copies what a guest wrote, so that it cannot change between check and use. False: not its RAM. */
wide_bool virtio_copy(struct persona *persona, ipaddr_t from, void *to, uint32_t size);

/* Gives a buffer back with so many bytes written, and interrupts the guest. */
void virtio_give(struct persona *persona, struct virtio_device *device, uint32_t queue, const struct virtio_buffer *buffer,
		 uint32_t written);

#endif

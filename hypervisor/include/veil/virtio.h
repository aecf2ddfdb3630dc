/* SPDX-License-Identifier: Apache-2.0 */
/* State of a virtual virtio device, as it is kept in its persona. */
#ifndef VEIL_VIRTIO_H
#define VEIL_VIRTIO_H

#include <veil/types.h>

#define VIRTIO_QUEUES 6 /* of one device, at most: a console with two ports and their control */
#define VIRTIO_QUEUE_SIZE_MAX 64
#define VIRTIO_CHAIN_MAX 256 /* descriptors of one request, where they lie in a table of its own */
#define VIRTIO_INDIRECT BIT(28) /* feature: they may */
#define VIRTIO_EVENT_INDEX BIT(29) /* feature: each side says which buffer it wants to hear of next (2.7.7.2, 2.7.10) */
#define VIRTIO_STATUS 0x070 /* register: 0 written resets the device */
#define VIRTIO_NETWORK_SLOT 2 /* of virtio-mmio; before it the keyboard and the tablet */
#define VIRTIO_CONSOLE_SLOT 3
#define VIRTIO_NOTIFY 0x050 /* register: the driver has made buffers available in the queue whose number it writes */

struct virtio_queue {
	uint64_t descriptors, driver, device; /* guest-physical, as the guest gave them: unchecked */
	uint16_t size; /* 0, or a power of two up to VIRTIO_QUEUE_SIZE_MAX */
	uint16_t taken, given; /* running totals */
	bool is_ready;
};

struct virtio_device {
	uint32_t id;
	uint32_t irq;
	uint32_t features; /* bits 0..31 of those offered, by kind of device; bit 32, VERSION_1, is always offered */
	uint32_t needed; /* of them: a driver that does not accept these is refused */
	uint32_t queue_size_max; /* 0: VIRTIO_QUEUE_SIZE_MAX */
	/* What a reset clears: */
	uint32_t accepted; /* of the features, by the driver */
	uint32_t status;
	uint32_t interrupt_status;
	uint32_t device_features_select, driver_features_select;
	uint32_t queue_select;
	bool has_version_1;
	struct virtio_queue queues[VIRTIO_QUEUES];
};

/* A request taken from a queue: one descriptor of its chain, read once. */
struct virtio_buffer {
	uint16_t head;
	uint16_t next;
	uint16_t length; /* descriptors of the chain read so far */
	bool has_next;
	bool is_writable; /* by the device */
	uint32_t size;
	ipaddr_t address;
	ipaddr_t table; /* guest-physical: where its descriptors are, unchecked as all of this */
	uint32_t table_size;
};

#endif

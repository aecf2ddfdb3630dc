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

/* OASIS virtio 1.2, 2.7.5, 2.7.6 and 2.7.8. Behind each ring, where VIRTIO_EVENT_INDEX was agreed on, lies the number of the buffer its writer
 * wants to hear of. */
struct virtio_descriptor {
	uint64_t address;
	uint32_t size;
	uint16_t flags;
	uint16_t next;
};

struct virtio_driver_ring {
	uint16_t flags, index;
	uint16_t heads[];
};

struct virtio_device_ring {
	uint16_t flags, index;
	struct {
		uint32_t head;
		uint32_t written;
	} used[];
};

struct virtio_queue {
	uint64_t descriptors, driver, device; /* guest-physical, as the guest gave them: unchecked */
	/* Where these are, once each was found to lie in RAM the guest has built. Forgotten whenever a driver makes the queue ready or not, and when
	 * the device is reset, so at the start of every life: until its end no page goes away. */
	paddr_t table, driver_ring, device_ring;
	uint16_t size; /* 0, or a power of two up to the device's largest */
	uint16_t taken, given; /* running totals */
	bool is_ready;
	bool is_found; /* and where, see above */
	bool has_events; /* behind the rings, and found with them: features may be written at any time */
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
	ipaddr_t address; /* unchecked, as the size is */
	paddr_t table; /* where its descriptors are: in the persona's RAM */
	uint32_t table_size;
};

#endif

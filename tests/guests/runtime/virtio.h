/* SPDX-License-Identifier: Apache-2.0 */
/* virtio over MMIO as a driver sees it (OASIS virtio 1.2, 2.7 and 4.2.2), for guests of either machine that use or misuse devices: polled, one queue in use
 * at a time. Where the slots are is in the machine's runtime.h. */
#ifndef GUEST_VIRTIO_H
#define GUEST_VIRTIO_H

#include <runtime.h> /* the machine's */

#define VIRTIO_STRIDE 0x200u
#define VIRTIO_MAGIC 0x74726976u
#define VIRTIO_NEEDS_RESET 64u
#define RING_SIZE 16u

enum {
	VIRTIO_DEVICE_ID = 0x008,
	VIRTIO_DEVICE_FEATURES = 0x010,
	VIRTIO_DEVICE_FEATURES_SELECT = 0x014,
	VIRTIO_DRIVER_FEATURES = 0x020,
	VIRTIO_DRIVER_FEATURES_SELECT = 0x024,
	VIRTIO_QUEUE_SELECT = 0x030,
	VIRTIO_QUEUE_SIZE_MAX = 0x034,
	VIRTIO_QUEUE_SIZE = 0x038,
	VIRTIO_QUEUE_READY = 0x044,
	VIRTIO_NOTIFY = 0x050,
	VIRTIO_INTERRUPT_STATUS = 0x060,
	VIRTIO_INTERRUPT_ACKNOWLEDGE = 0x064,
	VIRTIO_STATUS = 0x070,
	VIRTIO_DESCRIPTORS = 0x080,
	VIRTIO_DRIVER = 0x090,
	VIRTIO_DEVICE = 0x0a0,
	VIRTIO_CONFIG = 0x100
};

enum {
	DESCRIPTOR_NEXT = 1,
	DESCRIPTOR_WRITE = 2,
	DESCRIPTOR_INDIRECT = 4
};

struct descriptor {
	uint64_t address;
	uint32_t size;
	uint16_t flags, next;
};

struct ring {
	struct descriptor descriptors[RING_SIZE];
	struct {
		uint16_t flags, index, ring[RING_SIZE], event;
	} available;
	uint16_t padding[13];
	struct {
		uint16_t flags, index;
		struct {
			uint32_t id, written;
		} ring[RING_SIZE];
		uint16_t event;
	} used;
} __attribute__((aligned(4096)));

static inline uintptr_t virtio_slot(unsigned slot)
{
	return VIRTIO_BASE + slot * VIRTIO_STRIDE;
}

/* The kind of device in a slot; 0: none. */
static inline uint32_t virtio_kind(unsigned slot)
{
	uint32_t magic = 0;

	if (!mmio_peek(virtio_slot(slot), &magic) || magic != VIRTIO_MAGIC)
		return 0;
	return mmio_read(virtio_slot(slot) + VIRTIO_DEVICE_ID);
}

static inline void virtio_place(uintptr_t base, uintptr_t reg, uint64_t address)
{
	mmio_write(base + reg, (uint32_t)address);
	mmio_write(base + reg + 4, (uint32_t)(address >> 32));
}

/* Resets a device and gives it one queue, accepting these features and VIRTIO_F_VERSION_1. */
static inline void virtio_start(uintptr_t base, uint32_t queue, struct ring *ring, uint32_t features)
{
	mmio_write(base + VIRTIO_STATUS, 0);
	memset(ring, 0, sizeof(*ring)); /* now that nobody writes there */
	mmio_write(base + VIRTIO_STATUS, 3);
	mmio_write(base + VIRTIO_DRIVER_FEATURES_SELECT, 0);
	mmio_write(base + VIRTIO_DRIVER_FEATURES, features);
	mmio_write(base + VIRTIO_DRIVER_FEATURES_SELECT, 1);
	mmio_write(base + VIRTIO_DRIVER_FEATURES, 1);
	mmio_write(base + VIRTIO_STATUS, 11);
	mmio_write(base + VIRTIO_QUEUE_SELECT, queue);
	mmio_write(base + VIRTIO_QUEUE_SIZE, RING_SIZE);
	virtio_place(base, VIRTIO_DESCRIPTORS, (uintptr_t)ring->descriptors);
	virtio_place(base, VIRTIO_DRIVER, (uintptr_t)&ring->available);
	virtio_place(base, VIRTIO_DEVICE, (uintptr_t)&ring->used);
	mmio_write(base + VIRTIO_QUEUE_READY, 1);
	mmio_write(base + VIRTIO_STATUS, 15);
}

/* Makes a chain available to the device. */
static inline void virtio_add(struct ring *ring, uint16_t head)
{
	ring->available.ring[ring->available.index % RING_SIZE] = head;
	__atomic_store_n(&ring->available.index, (uint16_t)(ring->available.index + 1), __ATOMIC_RELEASE);
	device_barrier();
}

/* ... and tells it. */
static inline void virtio_offer(uintptr_t base, uint32_t queue, struct ring *ring, uint16_t head)
{
	virtio_add(ring, head);
	mmio_write(base + VIRTIO_NOTIFY, queue);
}

static inline uint16_t virtio_used(const struct ring *ring)
{
	return __atomic_load_n(&ring->used.index, __ATOMIC_ACQUIRE);
}

#endif

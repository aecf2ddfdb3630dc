/* SPDX-License-Identifier: Apache-2.0 */
/* virtio over virtio-mmio, the driver's side (OASIS virtio 1.2, 2.7 and 4.2): what Veil's drivers share. */
#ifndef VEIL_VIRTIO_DRIVER_H
#define VEIL_VIRTIO_DRIVER_H

#include <veil/types.h>

#define VIRTIO_DRIVER_BUFFERS 32
#define VIRTIO_DRIVER_WRITE 2 /* flag of a descriptor: the device writes the buffer */

/* A split queue. */
struct virtio_driver_queue {
	struct {
		uint64_t address;
		uint32_t length;
		uint16_t flags;
		uint16_t next;
	} descriptors[VIRTIO_DRIVER_BUFFERS];
	struct {
		uint16_t flags;
		uint16_t index;
		uint16_t ring[VIRTIO_DRIVER_BUFFERS];
	} driver;
	struct {
		uint16_t flags;
		uint16_t index;
		struct {
			uint32_t id;
			uint32_t length;
		} ring[VIRTIO_DRIVER_BUFFERS];
	} device __attribute__((aligned(4)));
} __attribute__((aligned(64)));

/* Slot number of the board's nth device of that kind; BOARD_VIRTIO_COUNT if there are not so many. */
uint32_t virtio_driver_find(uint32_t device_id, uint32_t nth);
uint64_t virtio_driver_base(uint32_t slot);

/* Resets the device and gives it one queue, number 0. False if it does not take that. */
bool virtio_driver_start(uint32_t slot, struct virtio_driver_queue *queue);
void virtio_driver_stop(uint32_t slot); /* the device forgets all buffers */

/* Makes a buffer available that descriptor `index` describes. */
void virtio_driver_give(uint32_t slot, struct virtio_driver_queue *queue, uint16_t index);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* virtio over virtio-mmio, the driver's side (OASIS virtio 1.2, 2.7 and 4.2): what Veil's drivers share.
 *
 * To start: virtio_driver_open(), virtio_driver_queue() for each queue, virtio_driver_ready(). Then any number of buffers may be in
 * flight: the driver describes one in descriptors of its own choice, puts the first into the queue and notifies the device; when the
 * interrupt comes it acknowledges it and takes what the device has used. A queue has no lock: its driver holds one if several CPUs use it. */
#ifndef VEIL_VIRTIO_DRIVER_H
#define VEIL_VIRTIO_DRIVER_H

#include <veil/types.h>
#include <veil/virtio.h>

#define VIRTIO_DRIVER_QUEUE_MAX 128 /* a power of two */

/* Flags of a descriptor */
#define VIRTIO_DRIVER_NEXT 1 /* goes on in descriptor `next` */
#define VIRTIO_DRIVER_WRITE 2 /* the device writes the buffer */
#define VIRTIO_DRIVER_INDIRECT 4 /* the buffer is a table of descriptors */

/* Features of the transport; those below bit 24 belong to the kind of device. VERSION_1 is always asked for. */
#define VIRTIO_FEATURE_INDIRECT BIT(28)
#define VIRTIO_FEATURE_VERSION_1 BIT(32)

struct virtio_driver {
	uint64_t base; /* 0: the board has no such device */
	uint64_t features; /* agreed on */
	uint32_t irq;
};

/* A split queue. */
struct virtio_driver_queue {
	struct virtio_descriptor descriptors[VIRTIO_DRIVER_QUEUE_MAX];
	struct {
		uint16_t flags;
		uint16_t index;
		uint16_t ring[VIRTIO_DRIVER_QUEUE_MAX];
	} driver;
	struct {
		uint16_t flags;
		uint16_t index;
		struct {
			uint32_t id;
			uint32_t length;
		} ring[VIRTIO_DRIVER_QUEUE_MAX];
	} device __attribute__((aligned(4)));
	uint16_t number;
	uint16_t size; /* descriptors that may be used: what the device takes, a power of two up to VIRTIO_DRIVER_QUEUE_MAX */
	uint16_t seen; /* running total of used buffers taken */
} __attribute__((aligned(64)));

/* Finds the board's nth device of that kind and resets it; of the wanted features those it has are agreed on. False: there are not
 * so many, or it refuses. */
wide_bool virtio_driver_open(struct virtio_driver *driver, uint32_t device_id, uint32_t nth, uint64_t features);

/* Gives the device a queue of at least so many descriptors, between open and ready. False, and the device closed: it has none such. */
wide_bool virtio_driver_queue(struct virtio_driver *driver, uint32_t number, uint32_t least, struct virtio_driver_queue *queue);

/* The device works from here on, and interrupts if `interrupts`. */
void virtio_driver_ready(const struct virtio_driver *driver, bool interrupts);
void virtio_driver_close(struct virtio_driver *driver); /* the device forgets all buffers */

/* Makes available the buffer that begins with descriptor `head`; notify once after the last of several. */
void virtio_driver_put(struct virtio_driver_queue *queue, uint16_t head);

/* The same for one of a single descriptor, which is described first. */
void virtio_driver_put_new(struct virtio_driver_queue *queue, uint16_t head, const void *buffer, uint32_t size, uint16_t flags);
void virtio_driver_notify(const struct virtio_driver *driver, const struct virtio_driver_queue *queue);

/* A buffer the device is done with: its head (always below the queue's size) and how many bytes it wrote. False: there is none. */
bool virtio_driver_take(struct virtio_driver_queue *queue, uint16_t *head, uint32_t *length);

/* Is there one? */
static inline bool virtio_driver_has_used(const struct virtio_driver_queue *queue)
{
	return __atomic_load_n(&queue->device.index, __ATOMIC_ACQUIRE) != queue->seen;
}

/* The same while the device's interrupt is handled: lowers its line when there seems to be none. What is used from then on raises it again, so
 * the queue is looked at after it: one may have come before. */
wide_bool virtio_driver_next(const struct virtio_driver *driver, struct virtio_driver_queue *queue, uint16_t *head, uint32_t *length);

/* At the end of a look that is bounded: the interrupt comes again if there is more, whose interrupt an acknowledgement may have taken. */
void virtio_driver_look_again(const struct virtio_driver *driver, const struct virtio_driver_queue *queue);

/* Registers of the kind of device. */
uint32_t virtio_driver_config(const struct virtio_driver *driver, uint32_t offset);
uint8_t virtio_driver_config_byte(const struct virtio_driver *driver, uint32_t offset);
void virtio_driver_config_byte_set(const struct virtio_driver *driver, uint32_t offset, uint8_t value);

#endif

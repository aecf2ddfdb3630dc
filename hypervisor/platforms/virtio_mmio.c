/* SPDX-License-Identifier: Apache-2.0 */
/* Queues lie in the guest's memory and change while they are read: every field is read once into a variable, checked, and only then
 * used. Tables and rings are where persona_touched() found them, looked for in their whole size, which is nowhere but in the persona's own
 * RAM; indices are below that size or taken modulo it. Whatever is wrong breaks this device of this guest, until it resets it. */
#include "virtio_mmio.h"

#include <veil/arch.h>

#include "core/lib.h"
#include "core/persona.h"

enum {
	MAGIC = 0x000,
	VERSION = 0x004,
	DEVICE_ID = 0x008,
	VENDOR_ID = 0x00c,
	DEVICE_FEATURES = 0x010,
	DEVICE_FEATURES_SELECT = 0x014,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SELECT = 0x024,
	QUEUE_SELECT = 0x030,
	QUEUE_SIZE_MAX = 0x034,
	QUEUE_SIZE = 0x038,
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	INTERRUPT_STATUS = 0x060,
	INTERRUPT_ACKNOWLEDGE = 0x064,
	STATUS = 0x070,
	QUEUE_DESCRIPTORS = 0x080,
	QUEUE_DRIVER = 0x090,
	QUEUE_DEVICE = 0x0a0,
	CONFIG_GENERATION = 0x0fc
};

#define MAGIC_VALUE 0x74726976
#define VENDOR 0x4c494556 /* "VEIL" */
#define FEATURES_HIGH 1 /* VIRTIO_F_VERSION_1, bit 32 */
#define STATUS_FEATURES_OK 8
#define STATUS_NEEDS_RESET 64
#define INTERRUPT_USED 1
#define INTERRUPT_CONFIG 2
#define DESCRIPTOR_NEXT 1
#define DESCRIPTOR_WRITE 2
#define DESCRIPTOR_INDIRECT 4
#define DRIVER_NO_INTERRUPT 1

void virtio_reset(struct virtio_device *d)
{
	*d = (struct virtio_device){
		.id = d->id, .irq = d->irq, .features = d->features, .needed = d->needed, .queue_size_max = d->queue_size_max};
}

static void interrupt(struct persona *p, struct virtio_device *d, uint32_t cause)
{
	d->interrupt_status |= cause;
	irq_line(p->vcpus[0], d->irq, d->interrupt_status != 0);
}

void virtio_break(struct persona *p, struct virtio_device *d)
{
	d->status |= STATUS_NEEDS_RESET;
	interrupt(p, d, INTERRUPT_CONFIG);
}

static uint32_t queue_size_max(const struct virtio_device *d)
{
	return d->queue_size_max ? d->queue_size_max : VIRTIO_QUEUE_SIZE_MAX;
}

static struct virtio_queue *selected(struct virtio_device *d)
{
	return d->queue_select < VIRTIO_QUEUES ? &d->queues[d->queue_select] : NULL;
}

static void set_half(uint64_t *address, bool is_high, uint32_t value)
{
	*address = is_high ? (*address & UINT32_MAX) | (uint64_t)value << 32 : (*address & ~(uint64_t)UINT32_MAX) | value;
}

static uint32_t register_read(struct virtio_device *d, address_t offset)
{
	const struct virtio_queue *queue = selected(d);

	switch (offset) {
	case MAGIC:
		return MAGIC_VALUE;
	case VERSION:
		return 2;
	case DEVICE_ID:
		return d->id;
	case VENDOR_ID:
		return VENDOR;
	case DEVICE_FEATURES:
		return d->device_features_select == 0 ? d->features : d->device_features_select == 1 ? FEATURES_HIGH : 0;
	case QUEUE_SIZE_MAX:
		return queue ? queue_size_max(d) : 0;
	case QUEUE_READY:
		return queue && queue->is_ready;
	case INTERRUPT_STATUS:
		return d->interrupt_status;
	case STATUS:
		return d->status;
	default: /* CONFIG_GENERATION: configurations never change */
		return 0;
	}
}

static void queue_write(struct virtio_queue *queue, uint32_t size_max, address_t offset, uint32_t value)
{
	if (queue->is_ready && offset != QUEUE_READY)
		return; /* fixed while it is in use */
	switch (offset) {
	case QUEUE_SIZE:
		queue->size = value <= size_max && (value & (value - 1)) == 0 ? (uint16_t)value : 0;
		break;
	case QUEUE_READY:
		queue->is_ready = (value & 1) && queue->size;
		queue->taken = queue->given = 0;
		queue->is_found = false;
		break;
	case QUEUE_DESCRIPTORS:
	case QUEUE_DESCRIPTORS + 4:
		set_half(&queue->descriptors, offset & 4, value);
		break;
	case QUEUE_DRIVER:
	case QUEUE_DRIVER + 4:
		set_half(&queue->driver, offset & 4, value);
		break;
	case QUEUE_DEVICE:
	case QUEUE_DEVICE + 4:
		set_half(&queue->device, offset & 4, value);
		break;
	default:
		break;
	}
}

static void register_write(struct persona *p, struct virtio_device *d, address_t offset, uint32_t value)
{
	struct virtio_queue *queue = selected(d);

	switch (offset) {
	case DEVICE_FEATURES_SELECT:
		d->device_features_select = value;
		break;
	case DRIVER_FEATURES_SELECT:
		d->driver_features_select = value;
		break;
	case DRIVER_FEATURES:
		if (d->driver_features_select == 1)
			d->has_version_1 = value & FEATURES_HIGH;
		else if (d->driver_features_select == 0)
			d->accepted = value & d->features;
		break;
	case QUEUE_SELECT:
		d->queue_select = value;
		break;
	case INTERRUPT_ACKNOWLEDGE:
		d->interrupt_status &= ~value;
		interrupt(p, d, 0);
		break;
	case STATUS:
		if (value == 0) {
			virtio_reset(d);
			interrupt(p, d, 0);
			break;
		}
		if (!d->has_version_1 || (d->needed & ~d->accepted))
			value &= ~(uint32_t)STATUS_FEATURES_OK;
		d->status = (value & 0x8f) | (d->status & STATUS_NEEDS_RESET);
		break;
	default:
		if (queue)
			queue_write(queue, queue_size_max(d), offset, value);
		break;
	}
}

struct mmio_result virtio_access(struct persona *p, struct virtio_device *d, address_t offset, uint32_t size, bool is_write,
				 uintptr_t value)
{
	if (size != 4 || offset % 4)
		return mmio_none();
	if (!is_write)
		return mmio_value(register_read(d, offset));
	register_write(p, d, offset, (uint32_t)value);
	return mmio_value(0);
}

struct mmio_result virtio_config_read(const void *config, uint32_t config_size, address_t offset, uint32_t size)
{
	struct mmio_result result = mmio_none();

	if (range_within(offset, size, VIRTIO_CONFIG, config_size)) {
		result = mmio_value(0);
		memcpy(&result.value, (const uint8_t *)config + (offset - VIRTIO_CONFIG), size);
	}
	return result;
}

/* ---- Queues (2.7) ---- */

/* On each use anew: not every port has RAM in view all the time. */
static const struct virtio_driver_ring *driver_ring(const struct virtio_queue *queue)
{
	return arch_pointer(queue->driver_ring);
}

static struct virtio_device_ring *device_ring(const struct virtio_queue *queue)
{
	return arch_pointer(queue->device_ring);
}

/* What lies behind the entries of the device's ring. */
static uint16_t *device_event(const struct virtio_queue *queue)
{
	return (void *)&device_ring(queue)->used[queue->size];
}

/* False: it does not lie in the persona's RAM as a whole, or its driver never cleared it. */
static wide_bool place(struct persona *p, uint64_t address, uint32_t alignment, uint32_t size, paddr_t *found)
{
	const void *pointer = address % alignment ? NULL : persona_touched(p, ipaddr_wide(address), size);

	*found = arch_physical(pointer);
	return pointer != NULL;
}

/* Where table and rings are. False, and the device broken: one is nowhere. */
static NOINLINE bool queue_find(struct persona *p, struct virtio_device *d, struct virtio_queue *queue)
{
	bool has_events = d->accepted & VIRTIO_EVENT_INDEX;
	uint32_t around = sizeof(struct virtio_driver_ring) + (has_events ? sizeof(uint16_t) : 0);

	queue->has_events = has_events;
	queue->is_found = place(p, queue->driver, 2, around + 2U * queue->size, &queue->driver_ring) &&
			  place(p, queue->device, 4, around + 8U * queue->size, &queue->device_ring) &&
			  place(p, queue->descriptors, 8, 16U * queue->size, &queue->table);
	if (!queue->is_found)
		virtio_break(p, d);
	return queue->is_found;
}

static inline bool queue_is_found(struct persona *p, struct virtio_device *d, struct virtio_queue *queue)
{
	return likely(queue->is_found) || queue_find(p, d, queue);
}

/* Reads a descriptor of the buffer's table once; an index that is not sound breaks the device. The head may name a table of the
 * request's own instead, whose first descriptor it then is. */
static bool descriptor_read(struct persona *p, struct virtio_device *d, uint16_t index, struct virtio_buffer *buffer, bool is_head)
{
	const struct virtio_descriptor *descriptor;
	uint16_t flags;

	if (index >= buffer->table_size) {
		virtio_break(p, d);
		return false;
	}
	descriptor = (const struct virtio_descriptor *)arch_pointer(buffer->table) + index;
	flags = __atomic_load_n(&descriptor->flags, __ATOMIC_RELAXED);
	buffer->address = ipaddr_wide(__atomic_load_n(&descriptor->address, __ATOMIC_RELAXED));
	buffer->size = __atomic_load_n(&descriptor->size, __ATOMIC_RELAXED);
	buffer->is_writable = flags & DESCRIPTOR_WRITE;
	buffer->has_next = flags & DESCRIPTOR_NEXT;
	buffer->next = __atomic_load_n(&descriptor->next, __ATOMIC_RELAXED);
	if (!(flags & DESCRIPTOR_INDIRECT))
		return true;
	buffer->table_size = buffer->size / 16 < VIRTIO_CHAIN_MAX ? buffer->size / 16 : VIRTIO_CHAIN_MAX;
	if (is_head && !buffer->has_next && (d->accepted & VIRTIO_INDIRECT) &&
	    place(p, buffer->address.value, 8, 16U * buffer->table_size, &buffer->table))
		return descriptor_read(p, d, 0, buffer, false);
	virtio_break(p, d);
	return false;
}

/* Nothing is there: asks to be notified of the next buffer, and looks again for one that came before the driver could know. */
static bool queue_is_empty(const struct virtio_queue *queue)
{
	if (!queue->has_events)
		return true;
	__atomic_store_n(device_event(queue), queue->taken, __ATOMIC_SEQ_CST);
	return __atomic_load_n(&driver_ring(queue)->index, __ATOMIC_SEQ_CST) == queue->taken;
}

wide_bool virtio_take(struct persona *p, struct virtio_device *d, uint32_t number, struct virtio_buffer *buffer)
{
	struct virtio_queue *queue = &d->queues[number];

	if (!queue->is_ready || (d->status & STATUS_NEEDS_RESET) || !queue_is_found(p, d, queue))
		return false;
	if (__atomic_load_n(&driver_ring(queue)->index, __ATOMIC_ACQUIRE) == queue->taken && queue_is_empty(queue))
		return false;
	buffer->head = __atomic_load_n(&driver_ring(queue)->heads[queue->taken % queue->size], __ATOMIC_RELAXED);
	buffer->length = 1;
	buffer->table = queue->table;
	buffer->table_size = queue->size;
	if (!descriptor_read(p, d, buffer->head, buffer, true))
		return false;
	queue->taken++;
	return true;
}

wide_bool virtio_next(struct persona *p, struct virtio_device *d, uint32_t number, struct virtio_buffer *buffer)
{
	(void)number;
	if (!buffer->has_next)
		return false;
	if (buffer->length++ >= buffer->table_size) { /* more parts than there are descriptors: a loop */
		virtio_break(p, d);
		return false;
	}
	return descriptor_read(p, d, buffer->next, buffer, false);
}

void virtio_put_back(struct virtio_device *d, uint32_t number)
{
	d->queues[number].taken--;
}

wide_bool virtio_copy(struct persona *p, ipaddr_t from, void *to, uint32_t size)
{
	const void *place = persona_touched(p, from, size);

	if (!place)
		return false;
	memcpy(to, place, size);
	__asm__ volatile("" ::: "memory"); /* the copy is what is looked at from here on */
	return true;
}

void virtio_give(struct persona *p, struct virtio_device *d, uint32_t number, const struct virtio_buffer *buffer, uint32_t written)
{
	struct virtio_queue *queue = &d->queues[number];
	struct virtio_device_ring *ring;
	uint16_t at, event;

	if (!queue->is_ready || !queue_is_found(p, d, queue)) /* not ready: taken away while the request was under way */
		return;
	at = queue->given++;
	ring = device_ring(queue);
	ring->used[at % queue->size].head = buffer->head;
	ring->used[at % queue->size].written = written;
	__atomic_store_n(&ring->index, queue->given, __ATOMIC_RELEASE);
	event = __atomic_load_n(queue->has_events ? &driver_ring(queue)->heads[queue->size] : &driver_ring(queue)->flags, __ATOMIC_SEQ_CST);
	if (queue->has_events ? event == at : !(event & DRIVER_NO_INTERRUPT))
		interrupt(p, d, INTERRUPT_USED);
}

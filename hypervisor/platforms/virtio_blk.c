/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual disks. A guest's request is copied and checked, then the board's disk does it right in the guest's pages.
 *
 * Why a guest can do no harm here: the disk is given a header of Veil's, whose sectors lie within the volume's range, and pieces of memory that
 * are all the persona's RAM, which has no other owner while Veil runs. The pages are built before the disk sees them, and
 * none is forgotten, cleared or given to a new life while a request is under way (virtio_blk_is_quiet). Each volume has tags of
 * its own, as many as its queue has places, so nobody can take another's, and nothing ever waits in Veil. A disk that does nothing by itself is
 * worked by who asked, within the access that asks and in the guest's own time: a step, then a look for an interrupt. */
#include "virtio_blk.h"

#include <veil/arch.h>
#include <veil/block_source.h>

#include "core/lib.h"
#include "core/log.h"
#include "core/persona.h"
#include "core/sched.h"
#include "verify/verify.h"
#include "virtio_mmio.h"

#define DEVICE_BLOCK 2
#define QUEUE 0
#define ID_BYTES 20
#define LOOK_SEGMENTS 32 /* pieces of a request between two looks for an interrupt */

#define FEATURE_SEGMENTS BIT(2)
#define FEATURE_BLOCK_SIZE BIT(6)
#define FEATURE_FLUSH BIT(9)

enum {
	TYPE_READ = 0,
	TYPE_WRITE = 1,
	TYPE_FLUSH = 4,
	TYPE_ID = 8
};

enum {
	STATUS_GOOD = 0,
	STATUS_ERROR = 1,
	STATUS_UNSUPPORTED = 2
};

struct volume {
	struct virtio_device virtio;
	const struct veil_storage_range *range;
	struct persona *persona;
	uint64_t busy; /* bit n: its tag n is under way */
} ARRAY_ELEMENT(512);

/* What is done when the disk has done its part. */
struct answer {
	uint16_t head;
	uint32_t written;
	paddr_t status;
};

static struct {
	uint32_t depth; /* tags a volume, a power of two; those of volume n begin at n * depth */
	uint32_t first[VEIL_MAX_PERSONAS + 1]; /* the volumes of persona n are first[n] to first[n + 1] - 1 */
	struct volume volumes[VEIL_MAX_STORAGE_RANGES];
	struct answer answers[BLOCK_TAGS];
} storage;

/* True if [first, first + count) ends at `end` or before, whatever the three numbers are. */
static bool sectors_below(uint64_t first, uint64_t count, uint64_t end)
{
	return count <= end && first <= end - count;
}

void virtio_blk_init(const struct manifest *m)
{
	uint32_t count = m->storage_range_count;
	uint64_t sectors = 0;
	uint32_t tags = count || verify_needs_disk() ? block_source_init(&sectors) : 0;

	memset(&storage, 0, sizeof(storage));
	storage.depth = VIRTIO_QUEUE_SIZE_MAX;
	while (storage.depth > 1 && storage.depth * count > tags)
		storage.depth /= 2;
	for (uint32_t i = 0; i < count; i++) {
		const struct veil_storage_range *range = &m->storage_ranges[i];
		struct volume *v = &storage.volumes[i];

		v->range = range;
		v->persona = &personas[range->persona];
		for (uint32_t p = range->persona + 1; p <= VEIL_MAX_PERSONAS; p++)
			storage.first[p]++;
		v->virtio.irq = GUEST_IRQ_VIRTIO + GUEST_SLOT_VOLUMES + i - storage.first[range->persona];
		v->virtio.features = FEATURE_SEGMENTS | FEATURE_BLOCK_SIZE | FEATURE_FLUSH | VIRTIO_INDIRECT;
		v->virtio.needed = FEATURE_FLUSH; /* who never flushes would lose what it takes for written */
		v->virtio.queue_size_max = storage.depth;
		if (storage.depth * count <= tags && sectors_below(range->first_sector, range->sector_count, sectors))
			v->virtio.id = DEVICE_BLOCK; /* otherwise an empty slot */
		else
			log_number(range->persona, "not on the disk: volume", i - storage.first[range->persona]);
	}
}

void virtio_blk_reset(struct persona *p)
{
	for (uint32_t i = storage.first[p->index]; i < storage.first[p->index + 1]; i++)
		virtio_reset(&storage.volumes[i].virtio);
}

/* False: there is more to do, but an interrupt waits, or the disk makes us wait. */
static bool work_off(const struct volume *v)
{
	uint32_t first_tag = (uint32_t)(v - storage.volumes) * storage.depth;

	for (;;) {
		enum block_step step = block_source_step(first_tag, storage.depth);

		if (step == BLOCK_IDLE)
			return true;
		if (step == BLOCK_WAITS || arch_interrupt_pending())
			return false;
	}
}

bool virtio_blk_is_quiet(struct persona *p)
{
	for (uint32_t i = storage.first[p->index]; i < storage.first[p->index + 1]; i++)
		if (!work_off(&storage.volumes[i]) || __atomic_load_n(&storage.volumes[i].busy, __ATOMIC_ACQUIRE))
			return false;
	return true;
}

static void answer(struct volume *v, const struct answer *a, uint8_t status)
{
	*(uint8_t *)arch_pointer(a->status) = status;
	virtio_give(v->persona, &v->virtio, QUEUE, &(struct virtio_buffer){.head = a->head}, a->written + 1);
}

void block_done(uint32_t tag, bool is_good)
{
	struct volume *v = &storage.volumes[tag / storage.depth];
	struct persona *p = v->persona;
	struct cpu *cpu = arch_this_cpu();
	struct vcpu *charged = cpu->charged;

	if (p->vcpus[0]->cpu == cpu)
		sched_charge_from_here(cpu, p->vcpus[0]); /* the work is its own, whoever runs */
	lock_take(&p->lock);
	answer(v, &storage.answers[tag], is_good ? STATUS_GOOD : STATUS_ERROR);
	__atomic_and_fetch(&v->busy, ~BIT(tag % storage.depth), __ATOMIC_RELEASE);
	lock_release(&p->lock);
	sched_charge_from_here(cpu, charged);
}

/* ---- Requests ---- */

enum outcome {
	STARTED, /* the disk has it */
	ANSWERED, /* it needed no disk, or the ring is broken */
	AGAIN /* an interrupt waits: from the start, later */
};

static enum outcome broken(struct volume *v)
{
	virtio_break(v->persona, &v->virtio);
	return ANSWERED;
}

static enum outcome answered(struct volume *v, const struct answer *a, uint8_t status)
{
	answer(v, a, status);
	return ANSWERED;
}

/* The header was copied, each descriptor is read once; `b` is at the head. */
static enum outcome request(struct volume *v, uint32_t slot, struct virtio_buffer *b)
{
	struct persona *p = v->persona;
	uint32_t tag = (uint32_t)(v - storage.volumes) * storage.depth + slot;
	struct answer *a = &storage.answers[tag];
	struct {
		uint32_t type;
		uint32_t reserved;
		uint64_t sector;
	} header;
	bool is_read, is_wrong = false;
	uint64_t size = 0;
	uint32_t count = 0;
	ipaddr_t data = ipaddr(0);
	void *place;

	if (b->is_writable || b->size != sizeof(header) || !virtio_copy(p, b->address, &header, sizeof(header)))
		return broken(v);
	is_read = header.type != TYPE_WRITE;
	for (;;) {
		paddr_t host;

		if (!virtio_next(p, &v->virtio, QUEUE, b))
			return broken(v); /* a request without a status */
		if (!b->has_next)
			break;
		if (count == 0)
			data = b->address;
		if (count == BLOCK_SEGMENTS)
			return broken(v);
		if (count % LOOK_SEGMENTS == LOOK_SEGMENTS - 1 && arch_interrupt_pending())
			return AGAIN;
		switch (persona_pin(p, b->address, b->size, &host)) {
		case PIN_OK:
			block_source_segment(tag, count++, host, b->size, is_read ? BLOCK_READ : BLOCK_WRITE);
			break;
		case PIN_AGAIN:
			return AGAIN;
		case PIN_REFUSED:
			return broken(v);
		}
		is_wrong |= b->is_writable != is_read;
		size += b->size;
	}
	place = b->size == 1 && b->is_writable ? persona_memory(p, b->address, 1) : NULL;
	if (!place)
		return broken(v);
	*a = (struct answer){.head = b->head, .status = arch_physical(place)};
	switch (header.type) {
	case TYPE_READ:
	case TYPE_WRITE:
		if (is_wrong || size == 0 || size % BLOCK_SECTOR ||
		    !sectors_below(header.sector, size / BLOCK_SECTOR, v->range->sector_count)) {
			p->vcpus[0]->statistics.refused_storage++;
			return answered(v, a, STATUS_ERROR);
		}
		a->written = is_read ? (uint32_t)size : 0;
		block_source_submit(tag, is_read ? BLOCK_READ : BLOCK_WRITE, v->range->first_sector + header.sector, count);
		return STARTED;
	case TYPE_FLUSH:
		block_source_submit(tag, BLOCK_FLUSH, 0, 0);
		return STARTED;
	case TYPE_ID:
		place = is_wrong || size < ID_BYTES ? NULL : persona_memory(p, data, ID_BYTES);
		if (!place)
			return answered(v, a, STATUS_ERROR);
		memcpy(place, v->range->name, ID_BYTES);
		a->written = ID_BYTES;
		return answered(v, a, STATUS_GOOD);
	default:
		return answered(v, a, STATUS_UNSUPPORTED);
	}
}

/* Takes what the queue holds and the volume has tags for; a driver that keeps to its queue's size never has more under way. Stops when an interrupt
 * waits: true, the guest's notification is then to be made again. */
static bool requests_take(struct volume *v)
{
	uint64_t all = UINT64_MAX >> (64 - storage.depth);
	struct virtio_buffer buffer;
	bool starts = false;
	bool again = false;

	while (v->busy != all && !again && virtio_take(v->persona, &v->virtio, QUEUE, &buffer)) {
		uint32_t slot = (uint32_t)__builtin_ctzll(~v->busy);

		switch (request(v, slot, &buffer)) {
		case STARTED:
			__atomic_or_fetch(&v->busy, BIT(slot), __ATOMIC_RELAXED);
			starts = true;
			/* fall through */
		case ANSWERED:
			again = arch_interrupt_pending();
			break;
		case AGAIN:
			virtio_put_back(&v->virtio, QUEUE);
			again = true;
			break;
		}
	}
	if (starts)
		block_source_start();
	return again;
}

static struct mmio_result config_read(const struct volume *v, address_t offset, uint32_t size)
{
	const struct {
		uint64_t capacity;
		uint32_t size_max; /* unused */
		uint32_t segments_max;
		uint32_t geometry; /* unused */
		uint32_t block_size;
	} config = {.capacity = v->range->sector_count, .segments_max = BLOCK_SEGMENTS, .block_size = BLOCK_SECTOR};

	return mmio_value(virtio_config_read(&config, sizeof(config), offset, size).value); /* the rest, of features not offered, is zero */
}

/* A reset is done when no more is written to the driver's memory (virtio 1.2, 2.4.2). */
static NOINLINE bool reset(struct volume *v)
{
	struct persona *p = v->persona;
	bool is_quiet;

	work_off(v);
	lock_take(&p->lock);
	is_quiet = !v->busy;
	if (is_quiet)
		virtio_access(p, &v->virtio, VIRTIO_STATUS, 4, true, 0);
	lock_release(&p->lock);
	return is_quiet;
}

static NOINLINE bool notified(struct volume *v)
{
	bool is_done;

	lock_take(&v->persona->lock);
	is_done = !requests_take(v);
	lock_release(&v->persona->lock);
	return is_done && work_off(v);
}

/* `nth` and `offset` come from the address the guest chose: only volumes of its own are counted. What is not done is asked for again. */
struct mmio_result virtio_blk_access(struct persona *p, uint32_t nth, address_t offset, uint32_t size, bool is_write, uintptr_t value)
{
	uint32_t index = storage.first[p->index] + nth;
	struct volume *v = &storage.volumes[index];
	struct mmio_result result = mmio_value(0);

	if (index >= storage.first[p->index + 1])
		return mmio_none();
	if (offset >= VIRTIO_CONFIG)
		return is_write ? result : config_read(v, offset, size);
	if (size != 4)
		return mmio_none();
	if (is_write && offset == VIRTIO_NOTIFY) {
		if (value == QUEUE && !notified(v))
			arch_access_again();
	} else if (is_write && offset == VIRTIO_STATUS && value == 0) {
		if (!reset(v))
			arch_access_again();
	} else {
		lock_take(&p->lock);
		result = virtio_access(p, &v->virtio, offset, size, is_write, value);
		lock_release(&p->lock);
	}
	return result;
}

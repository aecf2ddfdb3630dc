/* SPDX-License-Identifier: Apache-2.0 */
/* Every virtio device it finds, fed with random register writes, rings anywhere, descriptors that loop, point outside RAM or are 4 GiB long, and, on a
 * second CPU, rings and descriptors that change all the time while the device reads them. Devices may write where a descriptor says, which is the
 * arena at the end of RAM or nowhere; all other memory must keep its pattern. Boot arguments: seed=1, count=10000. */
#include "virtio.h"

#define ARENA_SIZE (1ul << 20)
#define PATTERN 0x5aa5c33c0ff01221ul

static uint64_t arena, pattern_start;
static volatile bool stop;
static volatile uint64_t changes;

static uint64_t place(uint64_t *state)
{
	static const uint64_t nowhere[] = {0, ~0ul, 1ul << 63, 0x08000000, 0x09000000, 0x0a000000, 1ul << 36, 1ul << 40, 0x3ffffff0};
	uint64_t r = random_next(state);

	switch (r & 7) {
	case 0:
		return nowhere[(r >> 8) % (sizeof nowhere / sizeof *nowhere)];
	case 1:
		return memory_end() - (r >> 8 & 0x1f); /* over the end of all it owns */
	case 2:
		return memory_end() + (r >> 8 & 0xffffffff);
	case 3:
		return arena + (r >> 8) % ARENA_SIZE; /* not aligned */
	default:
		return arena + ((r >> 8) % ARENA_SIZE & ~4095ul);
	}
}

static uint32_t length(uint64_t r)
{
	static const uint32_t lengths[] = {0, 1, 8, 16, 512, 4096, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0};

	return lengths[r % (sizeof lengths / sizeof *lengths)];
}

/* A descriptor whose memory is the arena to its end at most, or not RAM at all. */
static void describe(struct descriptor *d, uint64_t *state)
{
	uint64_t r = random_next(state), address = place(state);
	uint32_t size = length(r);

	if (address >= arena && address < memory_end() && r >> 40 & 3 && size > memory_end() - address)
		size = (uint32_t)(memory_end() - address);
	d->address = address;
	d->size = size;
	d->flags = (uint16_t)(r >> 16 & 7);
	d->next = (uint16_t)(r >> 24 & (r >> 48 & 7 ? RING_SIZE - 1 : 0xffff));
}

/* The second CPU: what the device is reading is different the next moment. */
static void change(uint64_t seed)
{
	uint64_t state = seed;

	while (!stop) {
		uint64_t r = random_next(&state);
		struct ring *ring = (struct ring *)(arena + (r % ARENA_SIZE & ~4095ul));

		if (r >> 32 & 1)
			describe(&ring->descriptors[r >> 33 & (RING_SIZE - 1)], &state);
		else if (r >> 37 & 1)
			ring->available.ring[r >> 38 & (RING_SIZE - 1)] = (uint16_t)(r >> 48);
		else
			ring->available.index = (uint16_t)(ring->available.index + (r >> 38 & 0x1f));
		changes++;
	}
	stop = false;
	hvc_call(PSCI_CPU_OFF, 0, 0, 0);
}

static void queue_up(uint64_t base, uint64_t *state)
{
	uint64_t r = random_next(state);
	struct ring *ring = (struct ring *)(arena + (r % (ARENA_SIZE - 8192) & ~4095ul));

	virtio_start(base, r >> 32 & 3, ring, (uint32_t)random_next(state));
	for (unsigned i = 0; i < RING_SIZE; i++) {
		describe(&ring->descriptors[i], state);
		ring->available.ring[i] = (uint16_t)(r >> 34 & 7 ? i : random_next(state));
	}
	if (r >> 37 & 1) /* a loop of good descriptors */
		for (unsigned i = 0; i < RING_SIZE; i++)
			ring->descriptors[i] = (struct descriptor){arena, 16, DESCRIPTOR_NEXT | (i ? DESCRIPTOR_WRITE : 0),
								   (uint16_t)((i + 1) % RING_SIZE)};
	if (r >> 38 & 1) { /* tables of their own, some in a circle */
		ring->descriptors[0].flags = DESCRIPTOR_INDIRECT;
		ring->descriptors[0].address = r >> 39 & 1 ? (uint64_t)ring->descriptors : place(state);
		ring->descriptors[0].size = length(random_next(state));
	}
	ring->available.index = (uint16_t)(r >> 40 & 0x1f);
	__asm__ volatile("dsb sy" ::: "memory");
	mmio_write(base + VIRTIO_NOTIFY, r >> 32 & 3);
}

static void step(uint64_t base, uint64_t *state)
{
	uint64_t r = random_next(state);

	switch (r & 7) {
	case 0:
	case 1:
		queue_up(base, state);
		break;
	case 2:
		attempt_write32(base + (r >> 8 & 0x1fc), (uint32_t)(r >> 24 & 1 ? random_next(state) : r >> 25 & 0xff));
		break;
	case 3:
		virtio_place(base, VIRTIO_DESCRIPTORS + (r >> 8 & 3) * 16, place(state));
		break;
	case 4:
		mmio_write(base + VIRTIO_QUEUE_SELECT, r >> 8 & 7);
		mmio_write(base + VIRTIO_QUEUE_SIZE, r >> 16 & 1 ? (uint32_t)(r >> 20) : 1u << (r >> 20 & 15));
		mmio_write(base + VIRTIO_QUEUE_READY, r >> 17 & 1);
		break;
	case 5: { /* odd places and sizes */
		uint64_t value;
		attempt_read64(base + (r >> 8 & 0x1ff), &value);
		attempt_write8(base + (r >> 20 & 0x1ff), r >> 32);
		attempt_write16(base + (r >> 29 & 0x1fe), r >> 40);
		break;
	}
	default:
		mmio_write(base + VIRTIO_NOTIFY, r >> 8 & 1 ? (uint32_t)(r >> 9 & 7) : (uint32_t)(r >> 9));
		mmio_write(base + VIRTIO_INTERRUPT_ACKNOWLEDGE, (uint32_t)(r >> 40));
		break;
	}
}

void test(void)
{
	uint64_t state = argument("seed", 1), count = argument("count", 10000), kinds = 0, changed = 0;
	unsigned slots[VIRTIO_SLOTS];

	arena = RAM_BASE + ram_size - ARENA_SIZE;
	pattern_start = ((uint64_t)bss_end + 0x4ffff) & ~0xfffful; /* behind the stacks */
	for (uint64_t address = pattern_start; address < arena; address += 8)
		if (address + 8 <= device_tree || address >= device_tree + device_tree_size)
			*(volatile uint64_t *)address = address ^ PATTERN;
	for (unsigned slot = 0; slot < VIRTIO_SLOTS; slot++)
		if (virtio_kind(slot))
			slots[kinds++] = slot;
	report(kinds > 0, "%u devices found", kinds);
	if (cpu_count > 1)
		report(cpu_on(1, change, state + 1) == 0, "a second CPU changes what is read");
	ready();
	for (uint64_t i = 0; kinds && i < count; i++)
		step(virtio_slot(slots[random_next(&state) % kinds]), &state);
	if (cpu_count > 1)
		for (stop = true; stop;)
			;
	for (uint64_t i = 0; i < kinds; i++)
		mmio_write(virtio_slot(slots[i]) + VIRTIO_STATUS, 0);
	wait_ms(100); /* what was under way has ended */
	for (uint64_t address = pattern_start; address < arena; address += 8)
		if (address + 8 <= device_tree || address >= device_tree + device_tree_size)
			changed += *(volatile uint64_t *)address != (address ^ PATTERN);
	report(changed == 0, "%u steps, %u changes meanwhile; %u words changed where no descriptor pointed", count, changes, changed);
	for (uint64_t i = 0; i < kinds; i++)
		report(virtio_kind(slots[i]) != 0 && mmio_read(virtio_slot(slots[i]) + VIRTIO_STATUS) == 0,
		       "the device in slot %u is there after all that", (uint64_t)slots[i]);
}

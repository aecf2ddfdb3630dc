/* SPDX-License-Identifier: Apache-2.0 */
/* Asks its volume for what is not on it: sectors behind its end and around the end of 64 bits, sizes that are no sectors, memory that is not
 * its own, directions and kinds that do not fit. Each is refused; what is its own works before and after. */
#include "virtio.h"

#define SLOT 8u
#define DEVICE_BLOCK 2u
#define FEATURE_FLUSH (1u << 9)
#define SECTOR 512u

enum {
	TYPE_READ,
	TYPE_WRITE,
	TYPE_FLUSH = 4,
	TYPE_ID = 8
};
enum {
	GOOD,
	ERROR,
	UNSUPPORTED,
	BROKEN = 0x100,
	LOST = 0x101
};

static struct ring ring;
static struct {
	uint32_t type, reserved;
	uint64_t sector;
} header;
static uint8_t data[16 * SECTOR] __attribute__((aligned(64))), status;
static uint64_t base;

static void start(void)
{
	virtio_start(base, 0, &ring, FEATURE_FLUSH);
}

/* One request; BROKEN: the device wants to be reset, and was. */
static uint32_t ask(uint32_t type, uint64_t sector, uint64_t address, uint32_t size, bool by_device)
{
	uint16_t before = virtio_used(&ring);
	uint64_t limit = ticks() + 10 * ticks_per_second();

	header.type = type;
	header.sector = sector;
	status = 0xee;
	ring.descriptors[0] = (struct descriptor){(uint64_t)&header, sizeof(header), DESCRIPTOR_NEXT, 1};
	ring.descriptors[1] = (struct descriptor){address, size, (uint16_t)(DESCRIPTOR_NEXT | (by_device ? DESCRIPTOR_WRITE : 0)), 2};
	ring.descriptors[2] = (struct descriptor){(uint64_t)&status, 1, DESCRIPTOR_WRITE, 0};
	virtio_offer(base, 0, &ring, 0);
	while (virtio_used(&ring) == before && ticks() < limit) {
		if (mmio_read(base + VIRTIO_STATUS) & VIRTIO_NEEDS_RESET) {
			start();
			return BROKEN;
		}
	}
	return virtio_used(&ring) == before ? LOST : *(volatile uint8_t *)&status;
}

static uint64_t is_accepted(uint32_t answer)
{
	return answer != ERROR && answer != UNSUPPORTED && answer != BROKEN;
}

static bool works(uint64_t sector)
{
	for (uint32_t i = 0; i < SECTOR; i++)
		data[i] = (uint8_t)(i * 7 + sector);
	if (ask(TYPE_WRITE, sector, (uint64_t)data, SECTOR, false) != GOOD)
		return false;
	memset(data, 0, SECTOR);
	if (ask(TYPE_READ, sector, (uint64_t)data, SECTOR, true) != GOOD)
		return false;
	for (uint32_t i = 0; i < SECTOR; i++)
		if (data[i] != (uint8_t)(i * 7 + sector))
			return false;
	return true;
}

static uint64_t capacity(void)
{
	return mmio_read(base + VIRTIO_CONFIG) | (uint64_t)mmio_read(base + VIRTIO_CONFIG + 4) << 32;
}

void test(void)
{
	uint64_t state = argument("seed", 1), count = argument("count", 1000), wrong = 0, sectors;

	base = virtio_slot(SLOT);
	if (virtio_kind(SLOT) != DEVICE_BLOCK) {
		report(false, "there is no volume");
		return;
	}
	start();
	sectors = capacity();
	report(works(0) && works(sectors - 1), "the first and the last of %u sectors work", sectors);
	const uint64_t outside[] = {sectors,   sectors + 1, ~0ul,	~0ul - 1,      1ul << 63,
				    1ul << 55, 0ul - 2048,  0ul - 2049, 0ul - sectors, sectors * 2};
	for (unsigned i = 0; i < sizeof outside / sizeof *outside; i++) {
		wrong += is_accepted(ask(TYPE_READ, outside[i], (uint64_t)data, SECTOR, true));
		wrong += is_accepted(ask(TYPE_WRITE, outside[i], (uint64_t)data, SECTOR, false));
	}
	report(wrong == 0, "sectors that are not on the volume: %u not refused", wrong);
	wrong = is_accepted(ask(TYPE_READ, sectors - 1, (uint64_t)data, 2 * SECTOR, true)) +
		is_accepted(ask(TYPE_WRITE, sectors - 1, (uint64_t)data, 16 * SECTOR, false));
	report(wrong == 0, "over the end: %u not refused", wrong);
	wrong = 0;
	for (uint32_t size = 0; size < SECTOR; size += 73)
		wrong += is_accepted(ask(TYPE_READ, 0, (uint64_t)data, size, true));
	wrong += is_accepted(ask(TYPE_WRITE, 0, (uint64_t)data, ~0u, false)) +
		 is_accepted(ask(TYPE_READ, 0, (uint64_t)data, 0x80000000u, true));
	report(wrong == 0, "sizes that are no sectors, or more than there is memory: %u not refused", wrong);
	const uint64_t foreign[] = {memory_end(), memory_end() - 256, 0,	  GICD_BASE, UART_BASE,
				    base,	  0x40000000ul - 512, ~0ul - 255, 1ul << 40};
	wrong = 0;
	for (unsigned i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		wrong += is_accepted(ask(TYPE_READ, 0, foreign[i], SECTOR, true));
		wrong += is_accepted(ask(TYPE_WRITE, 0, foreign[i], SECTOR, false));
	}
	report(wrong == 0, "memory that is not this guest's: %u not refused", wrong);
	wrong = is_accepted(ask(TYPE_READ, 0, (uint64_t)data, SECTOR, false)) +
		is_accepted(ask(TYPE_WRITE, 0, (uint64_t)data, SECTOR, true));
	report(wrong == 0, "the wrong direction: %u not refused", wrong);
	wrong = 0;
	for (uint32_t type = 2; type < 64; type++)
		if (type != TYPE_FLUSH && type != TYPE_ID)
			wrong += is_accepted(ask(type, 0, (uint64_t)data, SECTOR, true));
	report(wrong == 0, "kinds of requests there are not (discard, secure erase, zones): %u not refused", wrong);
	wrong = 0;
	for (unsigned slot = SLOT + 1; slot < VIRTIO_SLOTS; slot++)
		wrong += virtio_kind(slot) != 0;
	report(wrong == 0, "other personas' volumes are in no slot of this one");
	/* Random sectors and sizes: good within the volume, refused outside. */
	wrong = 0;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t r = random_next(&state), sector = r & 1 ? random_next(&state) : r >> 8 & 0x3ffff;
		uint32_t size = (uint32_t)(1 + (r >> 32) % 16) * SECTOR;
		bool inside = sector < sectors && size / SECTOR <= sectors - sector, is_read = r >> 2 & 1;
		uint32_t answer = ask(is_read ? TYPE_READ : TYPE_WRITE, sector, (uint64_t)data, size, is_read);
		wrong += inside ? answer != GOOD : is_accepted(answer) != 0;
	}
	report(wrong == 0, "%u random requests: %u answered wrongly", count, wrong);
	report(works(1), "and the volume works after all that");
}

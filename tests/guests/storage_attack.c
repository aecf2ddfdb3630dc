/* SPDX-License-Identifier: Apache-2.0 */
/* Asks its volume for what is not on it: sectors behind its end and around the end of 64 bits, sizes that are no sectors, memory that is not
 * its own, directions and kinds that do not fit, chains that do not end. Each is refused; what is its own works before and after, many requests at
 * once too, and after it has reset the device in the midst of them. Boot arguments: seed=1, count=1000; dies=1: nothing of that, it restarts itself
 * with requests under way. */
#include "virtio.h"

#define DEVICE_BLOCK 2u
#define FEATURE_FLUSH (1u << 9)
#define FEATURE_INDIRECT (1u << 28)
#define SECTOR 512u
#define PATIENCE_US 30000000u

#define CHAIN 3u /* descriptors of a request */
#define MANY (RING_SIZE / CHAIN) /* requests at once */
#define MANY_SECTORS 16u /* of each of them */
#define BARELY_US 200u /* enough for a device to begin */

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
static struct request {
	struct {
		uint32_t type, reserved;
		uint64_t sector;
	} header;
	uint8_t status;
} requests[MANY];
static uint8_t data[16 * SECTOR] __attribute__((aligned(64))), many[MANY][MANY_SECTORS * SECTOR] __attribute__((aligned(64)));
static uintptr_t base;
static uint64_t sectors, state;

static void start(void)
{
	virtio_start(base, 0, &ring, FEATURE_FLUSH | FEATURE_INDIRECT);
}

/* Waits for so many answers; BROKEN: the device wants to be reset, and was. */
static uint32_t wait(uint16_t before, uint32_t count)
{
	uint32_t since = now_us();

	while ((uint16_t)(virtio_used(&ring) - before) < count) {
		if (mmio_read(base + VIRTIO_STATUS) & VIRTIO_NEEDS_RESET) {
			start();
			return BROKEN;
		}
		if (now_us() - since > PATIENCE_US)
			return LOST;
	}
	return GOOD;
}

/* Describes a request, in the descriptors of its number. */
static void describe(uint32_t number, uint32_t type, uint64_t sector, uint64_t address, uint32_t size, bool by_device)
{
	struct request *r = &requests[number];
	uint16_t head = (uint16_t)(number * CHAIN);

	r->header.type = type;
	r->header.sector = sector;
	r->status = 0xee;
	ring.descriptors[head] = (struct descriptor){(uintptr_t)&r->header, sizeof(r->header), DESCRIPTOR_NEXT, (uint16_t)(head + 1)};
	ring.descriptors[head + 1] =
		(struct descriptor){address, size, (uint16_t)(DESCRIPTOR_NEXT | (by_device ? DESCRIPTOR_WRITE : 0)), (uint16_t)(head + 2)};
	ring.descriptors[head + 2] = (struct descriptor){(uintptr_t)&r->status, 1, DESCRIPTOR_WRITE, 0};
}

static uint32_t ask_from(uint16_t head)
{
	uint16_t before = virtio_used(&ring);
	uint32_t answer;

	virtio_offer(base, 0, &ring, head);
	answer = wait(before, 1);
	return answer == GOOD ? *(volatile uint8_t *)&requests[0].status : answer;
}

static uint32_t ask(uint32_t type, uint64_t sector, uint64_t address, uint32_t size, bool by_device)
{
	describe(0, type, sector, address, size, by_device);
	return ask_from(0);
}

static uint64_t is_accepted(uint32_t answer)
{
	return answer != ERROR && answer != UNSUPPORTED && answer != BROKEN;
}

static bool works(uint64_t sector)
{
	for (uint32_t i = 0; i < SECTOR; i++)
		data[i] = (uint8_t)(i * 7 + sector);
	if (ask(TYPE_WRITE, sector, (uintptr_t)data, SECTOR, false) != GOOD)
		return false;
	memset(data, 0, SECTOR);
	if (ask(TYPE_READ, sector, (uintptr_t)data, SECTOR, true) != GOOD)
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

static bool is_own_memory(uint64_t address)
{
	return address - RAM_BASE <= memory_end() - RAM_BASE - SECTOR;
}

static void attack_sectors(void)
{
	/* Around the ends of the volume, of 64 bits, and of what is left of those where somebody counts in bytes or in 32 bits. */
	const uint64_t outside[] = {sectors,
				    sectors + 1,
				    sectors * 2,
				    ~UINT64_C(0),
				    ~UINT64_C(0) - 1,
				    0 - UINT64_C(2048),
				    0 - UINT64_C(2049),
				    0 - sectors,
				    UINT64_C(1) << 32,
				    (UINT64_C(1) << 32) + 1,
				    UINT64_C(1) << 55,
				    UINT64_C(1) << 63};
	uint64_t wrong = 0;

	for (unsigned i = 0; i < sizeof outside / sizeof *outside; i++) {
		wrong += is_accepted(ask(TYPE_READ, outside[i], (uintptr_t)data, SECTOR, true));
		wrong += is_accepted(ask(TYPE_WRITE, outside[i], (uintptr_t)data, SECTOR, false));
	}
	report(wrong == 0, "sectors that are not on the volume: %u not refused", wrong);
	wrong = is_accepted(ask(TYPE_READ, sectors - 1, (uintptr_t)data, 2 * SECTOR, true)) +
		is_accepted(ask(TYPE_WRITE, sectors - 1, (uintptr_t)data, 16 * SECTOR, false));
	report(wrong == 0, "over the end: %u not refused", wrong);
}

static void attack_memory(void)
{
	const uint64_t foreign[] = {memory_end(), memory_end() - 256, 0,	  UART_BASE,
				    base,	  RAM_BASE - 512ul,   0x80010000, 0x87ffff00,
				    0xfff00000,	  ~UINT64_C(255),     1ull << 40, UINT64_C(1) << 32 | (uintptr_t)data};
	uint64_t wrong = 0;

	for (uint32_t size = 0; size < SECTOR; size += 73)
		wrong += is_accepted(ask(TYPE_READ, 0, (uintptr_t)data, size, true));
	wrong += is_accepted(ask(TYPE_WRITE, 0, (uintptr_t)data, ~0u, false)) +
		 is_accepted(ask(TYPE_READ, 0, (uintptr_t)data, 0x80000000u, true)) +
		 is_accepted(ask(TYPE_READ, 0, (uintptr_t)data, 0u - SECTOR, true));
	report(wrong == 0, "sizes that are no sectors, or more than there is memory: %u not refused", wrong);
	wrong = 0;
	for (unsigned i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		if (is_own_memory(foreign[i]))
			continue;
		wrong += is_accepted(ask(TYPE_READ, 0, foreign[i], SECTOR, true));
		wrong += is_accepted(ask(TYPE_WRITE, 0, foreign[i], SECTOR, false));
	}
	report(wrong == 0, "memory that is not this guest's: %u not refused", wrong);
}

static void attack_kinds(void)
{
	uint64_t wrong = is_accepted(ask(TYPE_READ, 0, (uintptr_t)data, SECTOR, false)) +
			 is_accepted(ask(TYPE_WRITE, 0, (uintptr_t)data, SECTOR, true));

	report(wrong == 0, "the wrong direction: %u not refused", wrong);
	wrong = 0;
	for (uint32_t type = 2; type < 64; type++)
		if (type != TYPE_FLUSH && type != TYPE_ID)
			wrong += is_accepted(ask(type, 0, (uintptr_t)data, SECTOR, true));
	report(wrong == 0, "kinds of requests there are not (discard, secure erase, zones): %u not refused", wrong);
	wrong = 0;
	for (unsigned slot = VIRTIO_VOLUMES + 1; slot < VIRTIO_SLOTS; slot++)
		wrong += virtio_kind(slot) != 0;
	report(wrong == 0, "other personas' volumes are in no slot of this one");
}

/* A good read but for what one of its descriptors says comes next, or for being in a table that one of them is. */
static void attack_chains(void)
{
	static struct descriptor table[4];
	static const uint16_t nexts[][2] = {{0, 0}, {0, RING_SIZE}, {0, 0xffff}, {1, 0}, {1, 1}, {1, RING_SIZE}, {1, 0xffff}};
	static const uint32_t sizes[] = {0, 15, 17, 16, 0xfffffff0, 0xffffffff};
	uint64_t wrong = 0;

	for (unsigned i = 0; i < sizeof nexts / sizeof *nexts; i++) {
		describe(0, TYPE_READ, 0, (uintptr_t)data, SECTOR, true);
		ring.descriptors[nexts[i][0]].next = nexts[i][1];
		wrong += is_accepted(ask_from(0));
	}
	for (uint32_t last = 0; last < CHAIN - 1; last++) {
		describe(0, TYPE_READ, 0, (uintptr_t)data, SECTOR, true);
		ring.descriptors[last].flags &= (uint16_t)~DESCRIPTOR_NEXT;
		wrong += is_accepted(ask_from(0));
	}
	describe(0, TYPE_READ, 0, (uintptr_t)data, SECTOR, true);
	wrong += is_accepted(ask_from(RING_SIZE)) + is_accepted(ask_from(0xffff));
	ring.available.index = (uint16_t)(ring.available.index + 0x7fff); /* many more than there is room for */
	wrong += is_accepted(ask_from(0));
	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		ring.descriptors[0] = (struct descriptor){(uintptr_t)table, sizes[i], DESCRIPTOR_INDIRECT, 0};
		table[0] = (struct descriptor){(uintptr_t)&requests[0].header, 16, DESCRIPTOR_NEXT, 0}; /* is its own next */
		wrong += is_accepted(ask_from(0));
	}
	table[0] = (struct descriptor){(uintptr_t)table, sizeof(table), DESCRIPTOR_INDIRECT, 0};
	ring.descriptors[0] = (struct descriptor){(uintptr_t)table, sizeof(table), DESCRIPTOR_INDIRECT, 0};
	wrong += is_accepted(ask_from(0));
	ring.descriptors[0].address = memory_end() - 16;
	wrong += is_accepted(ask_from(0));
	report(wrong == 0, "chains that loop, lead out of the ring or do not end: %u not refused", wrong);
}

/* Random sectors and sizes: good within the volume, refused outside. */
static void attack_random(uint64_t count)
{
	uint64_t wrong = 0;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t r = random_next(&state), sector = r & 1 ? random_next(&state) : r >> 8 & 0x3ffff;
		uint32_t size = (uint32_t)(1 + (r >> 32) % 16) * SECTOR;
		bool inside = sector < sectors && size / SECTOR <= sectors - sector, is_read = r >> 2 & 1;
		uint32_t answer = ask(is_read ? TYPE_READ : TYPE_WRITE, sector, (uintptr_t)data, size, is_read);
		wrong += inside ? answer != GOOD : is_accepted(answer) != 0;
	}
	report(wrong == 0, "%u random requests: %u answered wrongly", count, wrong);
}

/* ---- Many at once ---- */

static uint64_t many_place(uint32_t number)
{
	return sectors / MANY * number;
}

static void many_fill(uint32_t round)
{
	for (uint32_t n = 0; n < MANY; n++)
		for (uint32_t i = 0; i < sizeof(many[n]); i++)
			many[n][i] = (uint8_t)(i / SECTOR + i * 3 + n * 11 + round);
}

static uint64_t many_wrong(uint32_t round)
{
	uint64_t wrong = 0;

	for (uint32_t n = 0; n < MANY; n++)
		for (uint32_t i = 0; i < sizeof(many[n]); i++)
			wrong += many[n][i] != (uint8_t)(i / SECTOR + i * 3 + n * 11 + round);
	return wrong;
}

/* Offers all of them, each while those before it are under way; where a device works while it is told, it is interrupted. */
static void many_offer(uint32_t type)
{
	for (uint32_t n = 0; n < MANY; n++) {
		describe(n, type, many_place(n), (uintptr_t)many[n], sizeof(many[n]), type == TYPE_READ);
		virtio_add(&ring, (uint16_t)(n * CHAIN));
		mmio_write_within(base + VIRTIO_NOTIFY, 0, 1 + (uint32_t)random_next(&state) % BARELY_US);
	}
}

static bool many_done(uint32_t type)
{
	uint16_t before = virtio_used(&ring);
	bool good;

	many_offer(type);
	mmio_write(base + VIRTIO_NOTIFY, 0);
	good = wait(before, MANY) == GOOD && virtio_used(&ring) == (uint16_t)(before + MANY);
	for (uint32_t n = 0; n < MANY; n++)
		good &= *(volatile uint8_t *)&requests[n].status == GOOD;
	return good;
}

static void attack_at_once(void)
{
	uint64_t wrong = 0;

	for (uint32_t round = 0; round < 16; round++) {
		many_fill(round);
		wrong += !many_done(TYPE_WRITE);
		memset(many, 0, sizeof(many));
		wrong += !many_done(TYPE_READ);
		wrong += many_wrong(round);
	}
	report(wrong == 0, "requests while others are under way: %u wrong answers or bytes", wrong);
}

static void attack_by_reset(void)
{
	uint64_t midway = 0, wrong = 0;

	for (uint32_t round = 0; round < 64; round++) {
		many_offer(round % 2 ? TYPE_READ : TYPE_WRITE);
		midway += virtio_used(&ring) != ring.available.index;
		start();
		many_fill(round);
		/* Nobody waits for those from before: an answer is that of what was asked since, and nothing more is written. */
		wrong += virtio_used(&ring) != 0 || !works(round) || virtio_used(&ring) != 2;
		wrong += many_wrong(round);
	}
	report(midway > 0 && wrong == 0, "resets with requests under way, %u of 64: %u wrong answers or bytes", midway, wrong);
}

void test(void)
{
	state = argument("seed", 1);
	base = virtio_slot(VIRTIO_VOLUMES);
	if (virtio_kind(VIRTIO_VOLUMES) != DEVICE_BLOCK) {
		report(false, "there is no volume");
		return;
	}
	start();
	sectors = capacity();
	if (argument("dies", 0)) {
		ready();
		many_offer(TYPE_WRITE);
		restart();
		return;
	}
	report(works(0) && works(sectors - 1), "the first and the last of %u sectors work", sectors);
	attack_sectors();
	attack_memory();
	attack_kinds();
	attack_chains();
	attack_random(argument("count", 1000));
	attack_at_once();
	attack_by_reset();
	report(works(1), "and the volume works after all that");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes: what a guest reads and writes, that it stays within its own, and what hostile requests come to. */
#include "bridge.h"
#include "core/lib.h"
#include "image.h"
#include "machine.h"
#include "platforms/virtio_blk.h"

#include <veil/block_source.h>
#include "test.h"

#define DISK 0x0a001000 /* the first volume's registers */
#define DISK_IRQ 56
#define VOLUME_SECTORS 1024
#define FIRST_SECTOR 2048 /* of volume 0; the others follow */
#define QUEUE_SIZE 16

#define RINGS (IMAGE_RAM_BASE + 0x180000)
#define DESCRIPTORS RINGS
#define DRIVER (RINGS + 0x1000)
#define DEVICE (RINGS + 0x2000)
#define TABLE (RINGS + 0x3000)
#define HEADERS (RINGS + 0x4000)
#define STATUSES (RINGS + 0x5000)
#define DATA (RINGS + 0x10000)

#define NEXT 1
#define WRITE 2
#define INDIRECT 4

enum {
	IN = 0,
	OUT = 1,
	FLUSH = 4,
	ID = 8
};

static struct image image;
static uint16_t made; /* requests, running total */

static void boot_storage(uint32_t personas_wanted, uint32_t volumes_each)
{
	uint32_t count = 0;

	machine_init();
	machine_disk.sector_count = MACHINE_DISK_SECTORS;
	machine_disk.tags = BLOCK_TAGS;
	for (size_t i = 0; i < sizeof(machine_disk.bytes); i++)
		machine_disk.bytes[i] = (uint8_t)(i / 512 + 1);
	image_declare(&image, personas_wanted, 1);
	for (uint32_t p = 0; p < personas_wanted; p++)
		for (uint32_t i = 0; i < volumes_each; i++)
			image_declare_volume(&image, p, FIRST_SECTOR + VOLUME_SECTORS * (uint64_t)count++, VOLUME_SECTORS);
	image_boot(&image);
	bridge_connect();
	machine_run_ms(200);
	made = 0;
}

static struct vcpu *vcpu_of(uint32_t persona)
{
	return personas[persona].vcpus[0];
}

static struct vcpu *inside(uint32_t persona)
{
	for (uint32_t i = 0; i < 100 && !guest_is_in(vcpu_of(persona)); i++)
		machine_run_ms(1);
	return vcpu_of(persona);
}

static void put16(struct vcpu *v, uint64_t address, uint16_t value)
{
	memcpy(guest_memory(v, address), &value, 2);
}

static void put64(struct vcpu *v, uint64_t address, uint64_t value)
{
	memcpy(guest_memory(v, address), &value, 8);
}

static uint64_t get(struct vcpu *v, uint64_t address, uint32_t size)
{
	uint64_t value = 0;

	memcpy(&value, guest_memory(v, address), size);
	return value;
}

/* What a driver does. `features`: the low half. */
static void disk_start(struct vcpu *v, uint64_t base, uint32_t features)
{
	guest_write(v, base + 0x70, 4, 0);
	guest_write(v, base + 0x70, 4, 3);
	guest_write(v, base + 0x24, 4, 0);
	guest_write(v, base + 0x20, 4, features);
	guest_write(v, base + 0x24, 4, 1);
	guest_write(v, base + 0x20, 4, 1);
	guest_write(v, base + 0x70, 4, 11);
	guest_write(v, base + 0x30, 4, 0);
	guest_write(v, base + 0x38, 4, QUEUE_SIZE);
	guest_write(v, base + 0x80, 4, DESCRIPTORS);
	guest_write(v, base + 0x90, 4, DRIVER);
	guest_write(v, base + 0xa0, 4, DEVICE);
	put64(v, DRIVER, 0);
	put64(v, DEVICE, 0);
	guest_write(v, base + 0x44, 4, 1);
	guest_write(v, base + 0x70, 4, 15);
	made = 0;
}

static void describe(struct vcpu *v, uint64_t table, uint32_t index, uint64_t address, uint32_t size, uint32_t flags)
{
	put64(v, table + 16 * index, address);
	put64(v, table + 16 * index + 8, size | (uint64_t)flags << 32 | (uint64_t)(index + 1) << 48);
}

static void offer(struct vcpu *v, uint16_t head)
{
	put16(v, DRIVER + 4 + 2 * (uint64_t)(made % QUEUE_SIZE), head);
	put16(v, DRIVER + 2, ++made);
}

static uint64_t header(struct vcpu *v, uint32_t type, uint64_t sector)
{
	uint64_t place = HEADERS + 16 * (uint64_t)(made % QUEUE_SIZE);

	put64(v, place, type);
	put64(v, place + 8, sector);
	*guest_memory(v, STATUSES) = 0xee;
	return place;
}

/* One request with one piece of data, in a table of its own. */
static void ask(struct vcpu *v, uint64_t base, uint32_t type, uint64_t sector, uint64_t address, uint32_t size)
{
	uint32_t next = 1;

	describe(v, TABLE, 0, header(v, type, sector), 16, NEXT);
	if (size)
		describe(v, TABLE, next++, address, size, NEXT | (type == OUT ? 0 : WRITE));
	describe(v, TABLE, next++, STATUSES, 1, WRITE);
	describe(v, DESCRIPTORS, 0, TABLE, 16 * next, INDIRECT);
	offer(v, 0);
	guest_write(v, base + 0x50, 4, 0);
}

/* Writes a register once. False: the guest would have to make the access again. */
static bool guest_tries(struct vcpu *v, uint64_t address, uint32_t value)
{
	machine.access_again = false;
	platform_mmio(v, ipaddr(address), 4, true, value);
	return !machine.access_again;
}

static uint8_t status(struct vcpu *v)
{
	return *guest_memory(v, STATUSES);
}

#define FEATURES (1U << 28 | 1U << 9)

static struct vcpu *boot_driver(void)
{
	struct vcpu *v;

	boot_storage(2, 1);
	v = inside(0);
	disk_start(v, DISK, FEATURES);
	return v;
}

/* ---- What it is for ---- */

static void given_a_volume_then_the_guest_finds_a_disk_of_its_size(void)
{
	struct vcpu *v = boot_driver();

	report_equal(guest_read(v, DISK, 4), 0x74726976, "magic");
	report_equal(guest_read(v, DISK + 8, 4), 2, "virtio-blk");
	report_equal(guest_read(v, DISK + 0x100, 4), VOLUME_SECTORS, "its size");
	report_equal(guest_read(v, DISK + 0x70, 4), 15, "the driver is taken");
	report_equal(guest_read(v, DISK + 0x200, 4), UINT64_MAX, "there is no second volume");
}

static void when_a_guest_writes_and_reads_then_it_is_its_own_part_of_the_disk(void)
{
	struct vcpu *v = boot_driver();

	memset(guest_memory(v, DATA), 0x77, 1024);
	ask(v, DISK, OUT, 3, DATA, 1024);
	report_equal(status(v), 0xee, "the disk has not done it yet");
	report_equal(machine_disk_finish(), 1, "one request");
	report_equal(status(v), 0, "good");
	report_equal(get(v, DEVICE + 2, 2), 1, "given back");
	report_equal(guest_read(v, DISK + 0x60, 4), 1, "with an interrupt");
	report_equal(machine_disk.bytes[(FIRST_SECTOR + 3) * 512], 0x77, "where the volume is");
	report_equal(machine_disk.bytes[(FIRST_SECTOR + 5) * 512], (FIRST_SECTOR + 6) & 0xff, "and not behind it");
	ask(v, DISK, IN, 2, DATA, 512);
	machine_disk_finish();
	report_equal(*guest_memory(v, DATA), (FIRST_SECTOR + 3) & 0xff, "what is on the disk");
	report_equal(get(v, DEVICE + 4 + 8 + 4, 4), 513, "data and status were written");
	report_equal(machine_disk.outside, 0, "all within the disk");
}

static void when_a_guest_flushes_then_the_disk_does(void)
{
	struct vcpu *v = boot_driver();

	ask(v, DISK, FLUSH, 0, 0, 0);
	report_equal(machine_disk.flushed, 0, "not answered before");
	report_equal(get(v, DEVICE + 2, 2), 0, "the guest waits");
	machine_disk_finish();
	report_equal(machine_disk.flushed, 1, "flushed");
	report_equal(status(v), 0, "and said so");
	machine_disk.fails = true;
	ask(v, DISK, FLUSH, 0, 0, 0);
	machine_disk_finish();
	report_equal(status(v), 1, "a failure reaches the guest");
}

static void given_a_driver_that_never_flushes_then_it_is_refused(void)
{
	struct vcpu *v;

	boot_storage(1, 1);
	v = inside(0);
	disk_start(v, DISK, 1U << 28);
	report(!(guest_read(v, DISK + 0x70, 4) & 8), "its features are not accepted");
}

static void when_a_guest_asks_for_the_name_then_it_gets_it(void)
{
	struct vcpu *v = boot_driver();

	ask(v, DISK, ID, 0, DATA, 20);
	report_equal(status(v), 0, "at once");
	report(memcmp(guest_memory(v, DATA), "volume-0", 9) == 0, "its volume's name");
	report_equal(machine_disk.submitted, 0, "the disk was not needed");
	ask(v, DISK, 11, 0, DATA, 512);
	report_equal(status(v), 2, "what is not offered is unsupported");
}

static void given_many_requests_then_all_are_under_way_at_once(void)
{
	struct vcpu *v = boot_driver();

	for (uint32_t i = 0; i < QUEUE_SIZE / 3; i++) { /* chains in the queue itself */
		describe(v, DESCRIPTORS, 3 * i, header(v, IN, i), 16, NEXT);
		describe(v, DESCRIPTORS, 3 * i + 1, DATA + 512 * (uint64_t)i, 512, NEXT | WRITE);
		describe(v, DESCRIPTORS, 3 * i + 2, STATUSES + 1 + i, 1, WRITE);
		offer(v, (uint16_t)(3 * i));
	}
	guest_write(v, DISK + 0x50, 4, 0);
	report_equal(machine_disk.waiting_count, QUEUE_SIZE / 3, "all of them");
	report_equal(machine_disk.started, 1, "the disk was told once");
	machine_disk_finish();
	for (uint32_t i = 0; i < QUEUE_SIZE / 3; i++)
		report_equal(*guest_memory(v, DATA + 512 * (uint64_t)i), (FIRST_SECTOR + i + 1) & 0xff, "each its own sector");
}

static void given_interrupts_all_the_time_then_a_request_is_done_in_parts(void)
{
	struct vcpu *v = boot_driver();
	uint64_t size = 0x40000;

	machine.interrupting = true;
	ask(v, DISK, IN, 0, IMAGE_RAM_BASE + 0x100000, (uint32_t)size); /* pages nobody has touched */
	report(machine.accesses_again >= 16, "the guest's notification was made again and again");
	report_equal(machine_disk_finish(), 1, "one request in the end");
	report_equal(status(v), 0, "good");
	machine.interrupting = false;
	for (uint64_t at = 0; at < size; at += 512)
		if (!report_equal(*guest_memory(v, IMAGE_RAM_BASE + 0x100000 + at), (FIRST_SECTOR + at / 512 + 1) & 0xff, "all data"))
			break;
}

/* ---- Life and death ---- */

static void when_a_persona_restarts_then_its_memory_is_not_forgotten_before_the_disk_is_done(void)
{
	struct vcpu *v = boot_driver();

	ask(v, DISK, IN, 0, DATA, 512);
	report_equal(bridge_command(VEIL_OP_RESTART, 0), VEIL_RESULT_OK, "accepted");
	machine_run_ms(500);
	report_equal(bridge_status(0).state, VEIL_STATE_STARTING, "it waits for the disk");
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "the other does not");
	report_equal(machine_disk_finish(), 1, "the disk is done");
	machine_run_ms(500);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "and it starts");
	report_equal(bridge_status(0).starts, 2, "for the second time");
	report_equal(*guest_memory(inside(0), DATA), 0, "with fresh memory");
}

static void when_the_driver_resets_the_device_then_what_is_under_way_is_done_first(void)
{
	struct vcpu *v = boot_driver();

	ask(v, DISK, IN, 0, DATA, 512);
	report(!guest_tries(v, DISK + 0x70, 0), "a reset waits");
	report_equal(machine_disk_finish(), 1, "done by the disk");
	report_equal(status(v), 0, "the status is where the guest wanted it");
	disk_start(v, DISK, FEATURES);
	report_equal(get(v, DEVICE + 2, 2), 0, "nothing in the new queue");
	report_equal(guest_read(v, DISK + 0x60, 4), 0, "and no interrupt");
	ask(v, DISK, IN, 0, DATA, 512);
	machine_disk_finish();
	report_equal(get(v, DEVICE + 2, 2), 1, "new requests are answered");
}

static void when_the_queue_goes_while_a_request_is_under_way_then_nothing_breaks(void)
{
	struct vcpu *v = boot_driver();

	ask(v, DISK, IN, 0, DATA, 512);
	guest_write(v, DISK + 0x44, 4, 0);
	guest_write(v, DISK + 0x38, 4, 0);
	report_equal(machine_disk_finish(), 1, "done by the disk");
	report_equal(status(v), 0, "the status is where the guest wanted it");
	report_equal(get(v, DEVICE + 2, 2), 0, "no queue, no answer in it");
}

/* ---- A disk that does nothing by itself ---- */

static struct vcpu *boot_stepped(void)
{
	struct vcpu *v = boot_driver();

	machine_disk.by_steps = true;
	return v;
}

/* Requests for sectors 0 to 4, the answers to their own status bytes; not notified of. */
static void ask_five(struct vcpu *v)
{
	for (uint32_t i = 0; i < 5; i++) {
		describe(v, DESCRIPTORS, 3 * i, header(v, IN, i), 16, NEXT);
		describe(v, DESCRIPTORS, 3 * i + 1, DATA + 512 * (uint64_t)i, 512, NEXT | WRITE);
		describe(v, DESCRIPTORS, 3 * i + 2, STATUSES + 1 + i, 1, WRITE);
		offer(v, (uint16_t)(3 * i));
	}
}

static void given_a_disk_worked_by_steps_then_requests_are_done_when_the_notification_is(void)
{
	struct vcpu *v = boot_stepped();

	ask_five(v);
	guest_write(v, DISK + 0x50, 4, 0);
	report_equal(machine_disk.steps, 5, "all of them");
	report_equal(get(v, DEVICE + 2, 2), 5, "answered");
	for (uint32_t i = 0; i < 5; i++)
		report_equal(*guest_memory(v, DATA + 512 * (uint64_t)i), (FIRST_SECTOR + i + 1) & 0xff, "each its own sector");
}

static void given_interrupts_all_the_time_then_a_step_is_done_between_two(void)
{
	struct vcpu *v = boot_stepped();

	machine.interrupting = true;
	ask_five(v);
	guest_write(v, DISK + 0x50, 4, 0);
	report(machine.accesses_again >= 5, "the guest's notification was made again after each");
	report_equal(machine_disk.steps, 5, "it gets on all the same");
	machine.interrupting = false;
}

static void given_a_disk_that_makes_one_wait_then_nobody_else_waits(void)
{
	struct vcpu *v = boot_stepped();

	machine_disk.busy = true;
	ask_five(v);
	report(!guest_tries(v, DISK + 0x50, 0), "the notification is to be made again");
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "Veil answers");
	machine_disk.busy = false;
	guest_write(v, DISK + 0x50, 4, 0);
	report_equal(machine_disk.steps, 5, "once the disk is ready, all of them");
}

static void when_one_has_work_for_the_disk_then_the_other_does_none_of_it(void)
{
	struct vcpu *v = boot_stepped(), *other;

	machine_disk.busy = true;
	ask_five(v);
	guest_tries(v, DISK + 0x50, 0);
	machine_disk.busy = false;
	other = inside(1);
	disk_start(other, DISK, FEATURES);
	ask(other, DISK, IN, 0, DATA, 512);
	report_equal(machine_disk.steps, 1, "its own step");
	report_equal(status(other), 0, "and it has its answer");
}

static void when_a_persona_restarts_or_resets_its_disk_then_what_is_under_way_is_done_first(void)
{
	struct vcpu *v = boot_stepped();

	machine_disk.busy = true;
	ask_five(v);
	guest_tries(v, DISK + 0x50, 0);
	report(!guest_tries(v, DISK + 0x70, 0), "a reset waits");
	machine_disk.busy = false;
	guest_write(v, DISK + 0x70, 4, 0);
	report_equal(machine_disk.steps, 5, "for the requests");
	disk_start(v, DISK, FEATURES);
	machine_disk.busy = true;
	ask_five(v);
	guest_tries(v, DISK + 0x50, 0);
	report_equal(bridge_command(VEIL_OP_RESTART, 0), VEIL_RESULT_OK, "accepted");
	machine_run_ms(100);
	report_equal(bridge_status(0).state, VEIL_STATE_STARTING, "it waits for the disk");
	machine_disk.busy = false;
	machine_run_ms(500);
	report_equal(machine_disk.steps, 10, "the others as well");
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "and it starts");
}

/* ---- Hostile guests ---- */

static void given_sectors_outside_the_volume_then_they_are_refused(void)
{
	static const struct {
		uint64_t sector;
		uint32_t size;
	} wrong[] = {{VOLUME_SECTORS, 512},	{VOLUME_SECTORS - 1, 1024},  {UINT64_MAX, 512}, {UINT64_MAX - FIRST_SECTOR + 1, 512},
		     {UINT64_MAX / 512, 512},	{UINT64_MAX / 512 + 1, 512}, {0, 513},		{0, 511},
		     {1, VOLUME_SECTORS * 512}, {(uint64_t)1 << 55, 512}};
	struct vcpu *v = boot_driver();

	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
		for (uint32_t type = IN; type <= OUT; type++) {
			ask(v, DISK, type, wrong[i].sector, IMAGE_RAM_BASE + 0x80000, wrong[i].size);
			report_equal(status(v), 1, "an error");
			report_equal(machine_disk.submitted, 0, "the disk has not heard of it");
		}
	}
	report_equal(vcpu_of(0)->statistics.refused_storage, 2 * ARRAY_COUNT(wrong), "each is counted");
	ask(v, DISK, OUT, VOLUME_SECTORS - 1, DATA, 512);
	machine_disk_finish();
	report_equal(status(v), 0, "the last sector is its own");
}

static void given_memory_that_is_not_its_own_then_the_device_breaks(void)
{
	static const uint64_t places[] = {0,	      0x09000000, IMAGE_RAM_BASE - 512, IMAGE_RAM_BASE + IMAGE_PERSONA_RAM,
					  UINT64_MAX, 1,	  UINT64_MAX - 511,	IMAGE_RAM_BASE + IMAGE_PERSONA_RAM - 511};
	struct vcpu *v = boot_driver();

	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		for (uint32_t part = 0; part < 4; part++) { /* header, data, status, table */
			disk_start(v, DISK, FEATURES);
			describe(v, TABLE, 0, part == 0 ? places[i] : header(v, IN, 0), 16, NEXT);
			describe(v, TABLE, 1, part == 1 ? places[i] : DATA, 512, NEXT | WRITE);
			describe(v, TABLE, 2, part == 2 ? places[i] : STATUSES, 1, WRITE);
			describe(v, DESCRIPTORS, 0, part == 3 ? places[i] : TABLE, 48, INDIRECT);
			if (part % 2 == 0 && places[i] == IMAGE_RAM_BASE + IMAGE_PERSONA_RAM - 511)
				continue; /* header and status fit there */
			offer(v, 0);
			guest_write(v, DISK + 0x50, 4, 0);
			report(guest_read(v, DISK + 0x70, 4) & 64, "it wants to be reset");
		}
	}
	report_equal(machine_disk.submitted, 0, "the disk has not heard of any of it");
}

static void given_chains_that_do_not_end_then_the_device_breaks(void)
{
	struct vcpu *v = boot_driver();

	describe(v, TABLE, 0, header(v, IN, 0), 16, NEXT);
	describe(v, TABLE, 1, DATA, 512, NEXT | WRITE);
	put16(v, TABLE + 16 + 14, 1); /* its own successor */
	describe(v, DESCRIPTORS, 0, TABLE, 4096, INDIRECT);
	offer(v, 0);
	guest_write(v, DISK + 0x50, 4, 0);
	report(guest_read(v, DISK + 0x70, 4) & 64, "a circle");
	disk_start(v, DISK, FEATURES);
	describe(v, TABLE, 0, TABLE, 16, INDIRECT); /* a table in a table */
	describe(v, DESCRIPTORS, 0, TABLE, 16, INDIRECT);
	offer(v, 0);
	guest_write(v, DISK + 0x50, 4, 0);
	report(guest_read(v, DISK + 0x70, 4) & 64, "a table that names itself");
	disk_start(v, DISK, 1U << 9);
	ask(v, DISK, IN, 0, DATA, 512);
	report(guest_read(v, DISK + 0x70, 4) & 64, "a table from a driver that did not say it makes any");
	report_equal(machine_disk.submitted, 0, "the disk has not heard of any of it");
}

/* Every flood is cut at the tags the volume has, and other volumes have theirs. */
static void given_a_flood_then_the_other_persona_is_served(void)
{
	struct vcpu *v = boot_driver();

	describe(v, TABLE, 0, header(v, IN, 0), 16, NEXT);
	describe(v, TABLE, 1, DATA, 512, NEXT | WRITE);
	describe(v, TABLE, 2, STATUSES, 1, WRITE);
	describe(v, DESCRIPTORS, 0, TABLE, 48, INDIRECT);
	for (uint32_t i = 0; i < QUEUE_SIZE; i++)
		put16(v, DRIVER + 4 + 2 * (uint64_t)i, 0);
	put16(v, DRIVER + 2, 60000);
	for (uint32_t i = 0; i < 10; i++)
		guest_write(v, DISK + 0x50, 4, 0);
	report_equal(machine_disk.waiting_count, 32, "as many as the volume has tags");
	v = inside(1);
	disk_start(v, DISK, FEATURES);
	ask(v, DISK, IN, 0, DATA, 512);
	report_equal(machine_disk.waiting_count, 33, "the other's is under way beside them");
	machine_disk_finish();
	report_equal(*guest_memory(inside(1), DATA), (FIRST_SECTOR + VOLUME_SECTORS + 1) & 0xff, "its own volume");
}

static void given_random_rings_then_only_its_own_volume_changes(void)
{
	static uint8_t before[sizeof(machine_disk.bytes)];
	uint64_t state = test_seed();
	struct vcpu *v;

	boot_storage(2, 2);
	memcpy(before, machine_disk.bytes, sizeof(before));
	for (uint32_t round = 0; round < 2000; round++) {
		uint64_t base = DISK + 0x200 * (test_random(&state) % 2);

		v = inside(0);
		if (round % 8 == 0) {
			machine_disk_finish(); /* a reset waits for what is under way */
			disk_start(v, base, FEATURES);
		}
		for (uint32_t i = 0; i < 16; i++)
			put64(v, RINGS + test_random(&state) % 0x6000 / 8 * 8,
			      test_random(&state) % 2 ? RINGS + test_random(&state) % 0x8000 : test_random(&state));
		for (uint32_t i = 0; i < 6; i++) {
			uint64_t flags = test_random(&state) % 8 | test_random(&state) % 8 << 16;

			put64(v, TABLE + 16 * i, RINGS + test_random(&state) % 0x10000);
			put64(v, TABLE + 16 * i + 8, (test_random(&state) % 2 ? 16 : test_random(&state) % 4 * 512) | flags << 32);
		}
		describe(v, DESCRIPTORS, 0, TABLE, 96, INDIRECT);
		if (test_random(&state) % 2)
			ask(v, base, (uint32_t)(test_random(&state) % 9), test_random(&state) % (2 * VOLUME_SECTORS),
			    RINGS + test_random(&state) % 0x90000, (uint32_t)(test_random(&state) % 64 * 512));
		guest_mmio(v, base + test_random(&state) % 0x200 / 4 * 4, 4, true, &(uint64_t){test_random(&state)});
		guest_write(inside(0), base + 0x50, 4, test_random(&state) % 2);
		if (round % 3 == 0)
			machine_disk_finish();
	}
	machine_disk_finish();
	report(machine_disk.submitted > 100, "some requests were sound");
	report_equal(machine_disk.outside, 0, "none left the disk or the RAM");
	report(memcmp(before, machine_disk.bytes, FIRST_SECTOR * 512) == 0, "what is before its volumes is as it was");
	report(memcmp(before + (FIRST_SECTOR + 2 * VOLUME_SECTORS) * 512, machine_disk.bytes + (FIRST_SECTOR + 2 * VOLUME_SECTORS) * 512,
		      sizeof(before) - (FIRST_SECTOR + 2 * VOLUME_SECTORS) * 512) == 0,
	       "so is what is behind them, the other's volumes among it");
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "the other persona runs");
}

/* ---- Manifests and disks that do not fit ---- */

static enum manifest_error read_back(void)
{
	static uint8_t bytes[IMAGE_MANIFEST_MAX];
	struct manifest m;

	return manifest_read(&m, bytes, image_manifest(&image, bytes), BOARD_NAME, image.place);
}

static void given_a_manifest_whose_volumes_meet_then_it_is_refused(void)
{
	struct veil_storage_range good[4];

	boot_storage(2, 2);
	memcpy(good, image.storage_ranges, sizeof(good));
	report_equal(read_back(), MANIFEST_OK, "as declared");
#define WRONG(change, name)                                            \
	do {                                                           \
		change;                                                \
		report_equal(read_back(), MANIFEST_BAD_STORAGE, name); \
		memcpy(image.storage_ranges, good, sizeof(good));      \
	} while (0)
	WRONG(image.storage_ranges[1].first_sector--, "it begins in the one before");
	WRONG(image.storage_ranges[3].first_sector = FIRST_SECTOR, "the same place as another persona's");
	WRONG(image.storage_ranges[0].sector_count++, "it ends in the next");
	WRONG(image.storage_ranges[0].first_sector = 2047, "it reaches into the partition table");
	WRONG(image.storage_ranges[0].sector_count = 0, "empty");
	WRONG(image.storage_ranges[3].sector_count = UINT64_MAX, "beyond all numbers");
	WRONG(image.storage_ranges[3].persona = 2, "nobody's");
	WRONG(image.storage_ranges[1].persona = 1; image.storage_ranges[2].persona = 0, "out of order");
	WRONG(image.storage_ranges[0].name[31] = 'x', "a name without end");
	WRONG(image.storage_ranges[0].reserved = 1, "reserved");
	report_equal(read_back(), MANIFEST_OK, "as declared again");
}

static void given_a_disk_that_is_too_small_then_the_slot_is_empty(void)
{
	machine_init();
	machine_disk.sector_count = FIRST_SECTOR + VOLUME_SECTORS;
	machine_disk.tags = BLOCK_TAGS;
	image_declare(&image, 1, 1);
	image_declare_volume(&image, 0, FIRST_SECTOR, VOLUME_SECTORS);
	image_declare_volume(&image, 0, FIRST_SECTOR + VOLUME_SECTORS, 1);
	image_boot(&image);
	bridge_connect();
	machine_run_ms(200);
	report_equal(guest_read(inside(0), DISK + 8, 4), 2, "the volume that is there");
	report_equal(guest_read(inside(0), DISK + 0x208, 4), 0, "no device for the other");
}

static const struct test tests[] = {
	{"found", given_a_volume_then_the_guest_finds_a_disk_of_its_size},
	{"read-write", when_a_guest_writes_and_reads_then_it_is_its_own_part_of_the_disk},
	{"flush", when_a_guest_flushes_then_the_disk_does},
	{"no-flush", given_a_driver_that_never_flushes_then_it_is_refused},
	{"name", when_a_guest_asks_for_the_name_then_it_gets_it},
	{"many", given_many_requests_then_all_are_under_way_at_once},
	{"parts", given_interrupts_all_the_time_then_a_request_is_done_in_parts},
	{"restart", when_a_persona_restarts_then_its_memory_is_not_forgotten_before_the_disk_is_done},
	{"reset", when_the_driver_resets_the_device_then_what_is_under_way_is_done_first},
	{"queue-gone", when_the_queue_goes_while_a_request_is_under_way_then_nothing_breaks},
	{"steps", given_a_disk_worked_by_steps_then_requests_are_done_when_the_notification_is},
	{"steps-parts", given_interrupts_all_the_time_then_a_step_is_done_between_two},
	{"steps-busy", given_a_disk_that_makes_one_wait_then_nobody_else_waits},
	{"steps-other", when_one_has_work_for_the_disk_then_the_other_does_none_of_it},
	{"steps-restart", when_a_persona_restarts_or_resets_its_disk_then_what_is_under_way_is_done_first},
	{"sectors", given_sectors_outside_the_volume_then_they_are_refused},
	{"memory", given_memory_that_is_not_its_own_then_the_device_breaks},
	{"chains", given_chains_that_do_not_end_then_the_device_breaks},
	{"flood", given_a_flood_then_the_other_persona_is_served},
	{"random", given_random_rings_then_only_its_own_volume_changes},
	{"manifest", given_a_manifest_whose_volumes_meet_then_it_is_refused},
	{"small-disk", given_a_disk_that_is_too_small_then_the_slot_is_empty},
};

TEST_MAIN(tests)

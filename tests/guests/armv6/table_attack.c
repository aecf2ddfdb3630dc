/* SPDX-License-Identifier: Apache-2.0 */
/* Tables that point anywhere: at its own memory, at Veil's and the other persona's, at devices, at nothing, at themselves; random accesses go
 * through them, with and without TLB operations. Where an access succeeds, it was in memory of its own: each word of that knows its place.
 * Boot arguments: seed=1, count=10000. */
#include "runtime.h"

#define FIRST_MIB 0x400u /* entries of the attack: FIRST_MIB..0xffe, of the upper three quarters of the table */
#define MIBS 0xbffu
#define FIELD_START SCRATCH /* memory with a pattern */
#define FIELD_END 0x00600000u
#define SECONDS 0x00600000u /* second-level tables of the attack, and what they are made of is random */
#define SECOND_COUNT 64u

static uint64_t state;
static uint64_t reads, writes, aborts, wrong;

/* A word of the field: its place, and undefined when it is executed (an instruction of coprocessor 4). */
static uint32_t word_of(uint32_t place)
{
	return 0xee000400 | (place / 4 % 0x100000 >> 8) << 12 | (place / 4 & 0xff);
}

static bool is_of_field(uint32_t word, uint32_t *place)
{
	*place = FIELD_START + (((word >> 12 & 0xfff) << 8 | (word & 0xff)) - FIELD_START / 4) % 0x100000 * 4;
	return (word & 0xff000f00) == 0xee000400;
}

/* Somewhere that is anybody's. */
static uint32_t anywhere(void)
{
	switch (random_word(&state) % 10) {
	case 0:
		return 0x80000000 | random_word(&state) % 0x08000000; /* the board's RAM */
	case 1:
		return 0xfff00000 | random_word(&state) % 0x100000; /* Veil's window */
	case 2:
		return 0x48000000 | random_word(&state) % 0x100000; /* the board's devices */
	case 3:
		return TABLES;
	case 4:
		return SECONDS + random_word(&state) % (SECOND_COUNT * 0x400);
	case 5:
		return random_word(&state);
	case 6:
		return (uint32_t)ram_size + random_word(&state) % 0x200000;
	default:
		return FIELD_START + random_word(&state) % (FIELD_END - FIELD_START);
	}
}

static uint32_t first_entry(void)
{
	uint32_t attributes = random_word(&state) & 0x3ffec;

	switch (random_word(&state) % 4) {
	case 0:
		return (anywhere() & 0xfff00000) | attributes | 2;
	case 1:
		return (anywhere() & 0xff000000) | attributes | 0x40002;
	case 2:
		return (anywhere() & ~0x3ffu) | 1;
	default:
		return (SECONDS + random_word(&state) % SECOND_COUNT * 0x400) | 1;
	}
}

static uint32_t second_entry(void)
{
	return (anywhere() & 0xfffff000) | (random_word(&state) & 0xfff);
}

static void fill(void)
{
	for (uint32_t at = FIELD_START; at < FIELD_END; at += 4)
		mmio_write(at, word_of(at));
}

static void change_tables(void)
{
	volatile uint32_t *first = (volatile uint32_t *)TABLES, *second = (volatile uint32_t *)SECONDS;

	for (uint32_t i = 0; i < 64; i++)
		first[FIRST_MIB + random_word(&state) % MIBS] = first_entry();
	for (uint32_t i = 0; i < 64; i++)
		second[random_word(&state) % (SECOND_COUNT * 256)] = second_entry();
	P15_WRITE(3, 0, 0, (random_word(&state) & ~3u) | 1); /* domain 0 is what the program itself is in */
	P15_WRITE(13, 0, 1, random_word(&state) & 0xff);
	/* TTBR1 has the upper half, or less, and may be anywhere at all. */
	P15_WRITE(2, 0, 1, random_word(&state) % 4 ? TABLES : anywhere());
	P15_WRITE(2, 0, 2, random_word(&state) % 4 ? 0 : 1);
	if (random_word(&state) % 4)
		tlb_forget();
	else
		P15_WRITE(8, 7, 1, (FIRST_MIB + random_word(&state) % MIBS) << 20);
}

/* A word of memory of its own: of the field with its place in it; of tables, or code, whatever it is. */
static bool may_be_read(uint32_t address, uint32_t value)
{
	uint32_t place;

	if (is_of_field(value, &place))
		return (place & 0xfff) == (address & 0xffc);
	for (uint32_t at = 0; at < TABLES + 0x5000; at += 0x1000)
		if (mmio_read(at | (address & 0xffc)) == value)
			return true;
	for (uint32_t at = SECONDS; at < SECONDS + SECOND_COUNT * 0x400; at += 0x1000)
		if (mmio_read(at | (address & 0xffc)) == value)
			return true;
	return value == 0; /* of what was never written, or a device's */
}

static void access(void)
{
	uint32_t address = (FIRST_MIB + random_word(&state) % MIBS) << 20 | (random_word(&state) & 0xffffc), value = 0, place;
	struct fault fault;
	bool is_read;

	is_read = attempt_read(address, 4, &value, NULL);
	switch (random_word(&state) % 4) {
	case 0: /* what is written keeps the field as it is, wherever in it the page is */
		if (is_read && is_of_field(value, &place))
			writes += attempt_write(address, 4, value, NULL);
		break;
	case 1: /* not where its own code or tables may be: they would be executed */
		if (is_read && !is_of_field(value, &place))
			break;
		if (attempt_execute(address, &fault) && fault.kind != FAULT_UNDEFINED) {
			wrong++;
			print("%x is executed\n", (uint64_t)address);
		}
		break;
	default:
		break;
	}
	if (is_read) {
		reads++;
		if (!may_be_read(address, value)) {
			wrong++;
			print("%x reads as %x\n", (uint64_t)address, (uint64_t)value);
		}
		return;
	}
	aborts++;
}

void test(void)
{
	uint64_t count = argument("count", 10000);
	uint32_t changed = 0;

	state = argument("seed", 1);
	ready();
	fill();
	for (uint32_t i = 0; i < SECOND_COUNT * 256; i++)
		((volatile uint32_t *)SECONDS)[i] = second_entry();
	identity_map();
	for (uint64_t i = 0; i < count; i++) {
		if (i % 16 == 0)
			change_tables();
		access();
	}
	P15_WRITE(2, 0, 2, 0);
	P15_WRITE(3, 0, 0, 1);
	mmu_off();
	report_on_veil(!wrong, "%u accesses through tables that point anywhere: %u reads, %u writes in its own memory, %u aborts", count,
		       reads, writes, aborts);
	for (uint32_t at = FIELD_START; at < FIELD_END; at += 4)
		changed += mmio_read(at) != word_of(at);
	report(!changed, "its memory is as it was");
}

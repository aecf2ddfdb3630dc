/* SPDX-License-Identifier: Apache-2.0 */
/* Requests for a memory card: pieces of memory, order, cards that make one wait or fail. The card is one that keeps what it is given. */
#include <string.h>

#include <veil/abi.h>
#include <veil/arch.h>
#include <veil/block_source.h>

#include "core/memory.h"
#include "devices/card.h"
#include "tests/test.h"

#define SECTORS 64
#define MEMORY 16384
#define DEPTH 16 /* tags of a volume */

static uint8_t medium[SECTORS][BLOCK_SECTOR];
static uint8_t *memory; /* the guests' */
static uint64_t waits; /* calls until the card is ready */
static bool fails;
static bool is_under_way;
static uint32_t sector_under_way, changed_hands, calls;
static uint32_t done[BLOCK_TAGS * 2], done_count, bad_count;

/* ---- What the source asks of others ---- */

uint64_t card_init(void)
{
	return SECTORS;
}

enum card_result card_move(uint32_t sector, bool is_write, uint32_t *data)
{
	calls++;
	changed_hands += is_under_way && sector != sector_under_way;
	is_under_way = true;
	sector_under_way = sector;
	if (waits) {
		waits--;
		return CARD_WAITS;
	}
	is_under_way = false;
	if (fails || sector >= SECTORS)
		return CARD_FAILED;
	if (is_write)
		memcpy(medium[sector], data, BLOCK_SECTOR);
	else
		memcpy(data, medium[sector], BLOCK_SECTOR);
	return CARD_DONE;
}

void block_done(uint32_t tag, bool is_good)
{
	done[done_count++] = tag;
	bad_count += !is_good;
}

void *memory_take(size_t size, size_t alignment)
{
	(void)alignment;
	return calloc(1, size);
}

void *arch_pointer(paddr_t address)
{
	return (void *)(uintptr_t)address.value;
}

void arch_copy_bytes(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
}

/* ---- Helpers ---- */

static void start(void)
{
	uint64_t count = 0;

	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	for (uint32_t i = 0; i < SECTORS; i++)
		memset(medium[i], (int)i + 1, BLOCK_SECTOR);
	report_equal(block_source_init(&count), BLOCK_TAGS, "tags");
	report_equal(count, SECTORS, "sectors");
}

static void piece(uint32_t tag, uint32_t index, uint32_t offset, uint32_t size, enum block_operation operation)
{
	block_source_segment(tag, index, paddr((address_t)(uintptr_t)memory + offset), size, operation);
}

static void ask(uint32_t tag, enum block_operation operation, uint32_t sector, uint32_t offset, uint32_t size)
{
	piece(tag, 0, offset, size, operation);
	block_source_submit(tag, operation, sector, 1);
}

static uint32_t steps(uint32_t first_tag)
{
	uint32_t count = 0;

	while (block_source_step(first_tag, DEPTH) == BLOCK_MOVED)
		count++;
	return count;
}

/* ---- Tests ---- */

static void given_a_request_then_a_step_is_one_sector(void)
{
	start();
	ask(0, BLOCK_READ, 5, 0, 4 * BLOCK_SECTOR);
	report_equal(steps(0), 4, "steps");
	report_equal(done_count, 1, "one answer");
	report_equal(bad_count, 0, "good");
	for (uint32_t i = 0; i < 4; i++)
		report(!memcmp(memory + i * BLOCK_SECTOR, medium[5 + i], BLOCK_SECTOR), "the sector");
	report_equal(memory[4 * BLOCK_SECTOR], 0, "and nothing behind it");
	report_equal(block_source_step(0, DEPTH), BLOCK_IDLE, "nothing is left");
}

static void given_memory_in_pieces_then_sectors_reach_over_them(void)
{
	static const uint32_t sizes[] = {1, 511, 3, 700, 321};
	uint32_t offset = 7, at = 0;

	start();
	for (uint32_t i = 0; i < 5; i++) {
		memset(memory + offset, (int)(0xa0 + i), sizes[i]);
		piece(3, i, offset, sizes[i], BLOCK_WRITE);
		offset += sizes[i] + 100;
	}
	block_source_submit(3, BLOCK_WRITE, 9, 5);
	report_equal(steps(0), 3, "three sectors");
	for (uint32_t i = 0; i < 5; i++)
		for (uint32_t n = 0; n < sizes[i]; n++, at++)
			if (!report_equal(medium[9 + at / BLOCK_SECTOR][at % BLOCK_SECTOR], 0xa0 + i, "each byte in its place"))
				return;
	report_equal(medium[12][0], 13, "and no sector more");
}

static void given_pieces_of_a_byte_then_a_step_copies_some_of_them(void)
{
	for (uint32_t is_write = 0; is_write < 2; is_write++) {
		enum block_operation operation = is_write ? BLOCK_WRITE : BLOCK_READ;

		start();
		for (uint32_t i = 0; i < 125; i++) {
			memory[2 * i] = (uint8_t)(i + 100);
			piece(2, i, 2 * i, 1, operation);
		}
		piece(2, 125, 1000, BLOCK_SECTOR - 125, operation);
		block_source_submit(2, operation, 9, 126);
		report_equal(steps(0), 4, "steps");
		report_equal(calls, is_write + 1, "the card is asked once");
		report_equal(done_count, is_write + 1, "done");
		for (uint32_t i = 0; i < 125; i++)
			report_equal(is_write ? medium[9][i] : memory[2 * i], is_write ? i + 100 : 10, "each byte");
		report_equal(memory[1], 0, "and none between");
	}
}

static void given_several_requests_then_they_are_done_in_the_order_they_came(void)
{
	static const uint32_t order[] = {5, 2, 15, 0, 7};

	start();
	for (uint32_t i = 0; i < 5; i++)
		ask(order[i], i == 3 ? BLOCK_WRITE : BLOCK_READ, 4, 0, BLOCK_SECTOR);
	block_source_submit(1, BLOCK_FLUSH, 0, 0);
	report_equal(steps(0), 6, "steps");
	for (uint32_t i = 0; i < 5; i++)
		report_equal(done[i], order[i], "in its turn");
	report_equal(done[5], 1, "the flush after what came before it");
}

static void given_another_volume_then_its_requests_are_left_alone(void)
{
	start();
	ask(DEPTH, BLOCK_READ, 0, 0, BLOCK_SECTOR);
	report_equal(block_source_step(0, DEPTH), BLOCK_IDLE, "nothing of ours");
	report_equal(calls, 0, "the card has not heard of it");
	report_equal(steps(DEPTH), 1, "theirs");
}

static void given_a_card_that_waits_then_whoever_comes_ends_the_sector_and_no_more(void)
{
	start();
	waits = 3;
	ask(0, BLOCK_WRITE, 1, 0, 2 * BLOCK_SECTOR);
	ask(DEPTH, BLOCK_READ, 7, 4096, BLOCK_SECTOR);
	report_equal(block_source_step(0, DEPTH), BLOCK_WAITS, "the card waits");
	report_equal(block_source_step(DEPTH, DEPTH), BLOCK_WAITS, "for the other as well");
	report_equal(block_source_step(DEPTH, DEPTH), BLOCK_WAITS, "and again");
	report_equal(steps(DEPTH), 2, "the sector under way, then its own");
	report_equal(changed_hands, 0, "the card is asked for one sector at a time");
	report_equal(done_count, 1, "one is done");
	report_equal(done[0], DEPTH, "its own");
	report_equal(steps(0), 1, "the rest of the first");
	report_equal(done_count, 2, "is done as well");
}

static void given_a_card_that_fails_then_the_request_does_and_the_next_may_not(void)
{
	start();
	fails = true;
	ask(0, BLOCK_READ, 1, 0, 8 * BLOCK_SECTOR);
	ask(1, BLOCK_READ, 2, 0, BLOCK_SECTOR);
	report_equal(block_source_step(0, DEPTH), BLOCK_MOVED, "a step");
	report_equal(bad_count, 1, "failed at once");
	report_equal(memory[0], 0, "nothing arrived");
	fails = false;
	report_equal(steps(0), 1, "the next one");
	report_equal(bad_count, 1, "is good");
	report_equal(memory[0], 3, "and arrived");
}

static const struct test tests[] = {
	{"sector", given_a_request_then_a_step_is_one_sector},
	{"pieces", given_memory_in_pieces_then_sectors_reach_over_them},
	{"bytes", given_pieces_of_a_byte_then_a_step_copies_some_of_them},
	{"order", given_several_requests_then_they_are_done_in_the_order_they_came},
	{"other", given_another_volume_then_its_requests_are_left_alone},
	{"waits", given_a_card_that_waits_then_whoever_comes_ends_the_sector_and_no_more},
	{"fails", given_a_card_that_fails_then_the_request_does_and_the_next_may_not},
};

TEST_MAIN(tests)

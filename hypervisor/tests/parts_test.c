/* SPDX-License-Identifier: Apache-2.0 */
/* The small parts of the core: log, entropy, work memory, units, and the little library. */
#include "arch/host/machine.h"
#include "core/entropy.h"
#include "core/lib.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/units.h"
#include "test.h"

static bool text_is(const struct log_record *record, const char *text)
{
	size_t size = 0;

	while (text[size])
		size++;
	return record->length == size && memcmp(record->text, text, size) == 0;
}

/* ---- Log ---- */

static void given_records_then_each_is_read_with_its_facts(void)
{
	struct log_record record;

	machine_init();
	report(!log_read(0, &record), "empty at first");
	machine.time = 2 * MACHINE_HZ;
	log_text(VEIL_NO_PERSONA, "first");
	log_number(1, "second", 0);
	log_number(2, "third", UINT64_C(0xdeadbeef));
	log_number(2, "fourth", UINT64_MAX);
	report(log_read(0, &record) && text_is(&record, "first"), "a text");
	report_equal(record.header.persona, VEIL_NO_PERSONA, "of Veil itself");
	report_equal(record.header.time_ns, 2 * NS_PER_SECOND, "at its time");
	report(log_read(1, &record) && text_is(&record, "second 0x0"), "zero");
	report(log_read(2, &record) && text_is(&record, "third 0xdeadbeef"), "a number");
	report(log_read(3, &record) && text_is(&record, "fourth 0xffffffffffffffff"), "the greatest");
	report(!log_read(4, &record), "no more");
	report_equal(log_next(), 4, "the next number");
}

static void given_more_records_than_room_then_the_oldest_go(void)
{
	struct log_record record;

	machine_init();
	for (uint32_t i = 0; i < 3 * LOG_RECORD_COUNT; i++)
		log_number(0, "n", i);
	report(log_read(0, &record), "the oldest there is");
	report_equal(record.header.sequence, 2 * LOG_RECORD_COUNT, "is that");
	report(log_read(3 * LOG_RECORD_COUNT - 1, &record), "the newest");
	report(text_is(&record, "n 0xbf"), "is the newest");
}

static void given_a_long_text_then_it_is_cut(void)
{
	static const char text[] = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";
	struct log_record record;

	machine_init();
	log_number(0, text, UINT64_MAX);
	report(log_read(0, &record), "there");
	report_equal(record.length, LOG_TEXT_BYTES, "cut");
	report(memcmp(record.text, text, LOG_TEXT_BYTES) == 0, "its beginning");
}

static void panics(void)
{
	panic("the reason", 0x2a);
}

static void given_a_panic_then_its_words_are_on_the_line_unframed(void)
{
	static const char words[] = "\r\nVeil stopped: the reason 0x2a\r\n";

	machine_init();
	report(!machine_try(panics), "the handset is off");
	report_equal(machine.output_size, sizeof(words) - 1, "so many bytes");
	report(memcmp(machine.output, words, sizeof(words) - 1) == 0, "the words");
}

/* ---- Entropy ---- */

static void given_no_seed_then_no_bytes(void)
{
	uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t before[8] = {1, 2, 3, 4, 5, 6, 7, 8};

	machine_init();
	report(!entropy_get(bytes, sizeof(bytes)), "refused");
	report(memcmp(bytes, before, sizeof(bytes)) == 0, "and nothing written");
	entropy_add(before, 8);
	report(!entropy_get(bytes, sizeof(bytes)), "8 bytes are too few");
	for (uint32_t i = 0; i < 3; i++)
		entropy_add(before, 8);
	report(entropy_get(bytes, sizeof(bytes)), "32 will do");
}

static void given_a_seed_then_outputs_never_repeat(void)
{
	static const uint8_t seed[32] = {1};
	static uint8_t outputs[200][40];
	uint32_t same = 0, ones = 0;

	machine_init();
	entropy_add(seed, sizeof(seed));
	for (uint32_t i = 0; i < 200; i++) {
		report(entropy_get(outputs[i], 37), "there is some");
		report(bytes_are_zero(outputs[i] + 37, 3), "not a byte too many");
		for (uint32_t j = 0; j < i; j++)
			same += memcmp(outputs[i], outputs[j], 16) == 0;
		for (uint32_t j = 0; j < 37; j++)
			ones += (uint32_t)__builtin_popcount(outputs[i][j]);
	}
	report_equal(same, 0, "all different");
	report(ones > 200 * 37 * 4 - 800 && ones < 200 * 37 * 4 + 800, "half of all bits are ones");
}

static void given_two_seeds_then_outputs_differ(void)
{
	uint8_t a[32], b[32];
	static const uint8_t one[32] = {1}, two[32] = {2};

	machine_init();
	entropy_add(one, sizeof(one));
	entropy_get(a, sizeof(a));
	entropy_add(two, sizeof(two));
	entropy_get(b, sizeof(b));
	report(memcmp(a, b, sizeof(a)) != 0, "what is added counts");
}

/* ---- Work memory, units, library ---- */

static void given_work_memory_then_it_is_given_out_once(void)
{
	static uint8_t memory[4096] __attribute__((aligned(4096)));
	uint8_t *a, *b;

	memset(memory, 0xff, sizeof(memory));
	machine_init();
	memory_init(paddr((uintptr_t)memory + 8), 2000);
	a = memory_take(10, 1);
	b = memory_take(100, 64);
	report(a == memory + 8, "the first at the start");
	report(b == memory + 64 && bytes_are_zero(b, 100), "aligned, and zero");
	report_equal(memory_taken(), 156, "counted with what alignment took");
	report(!memory_take(2000, 1), "not more than there is");
	report(!memory_take(SIZE_MAX, 1), "never");
	report(memory_take(2000 - 156, 1) != NULL, "but all there is");
	report(!memory_take(1, 1), "and then nothing");
	report_equal(memory[2008], 0xff, "nothing behind it was touched");
}

static void given_work_memory_then_pages_come_from_its_end(void)
{
	static uint8_t memory[4096] __attribute__((aligned(4096)));
	paddr_t page;

	memset(memory, 0xff, sizeof(memory));
	machine_init();
	memory_init(paddr((uintptr_t)memory + 64), 3000);
	report(memory_take(100, 1) != NULL, "something small before");
	report(memory_take_pages(1024, 1024, &page), "a page");
	report_equal(page.value, (uintptr_t)memory + 1024, "the last one that is aligned");
	report(bytes_are_zero(memory + 1024, 1024), "zero");
	report_equal(memory[1023], 0xff, "nothing before it was touched");
	report_equal(memory[2048], 0xff, "nothing behind it was touched");
	report_equal(memory_taken(), 100 + 3000 - (1024 - 64), "counted with what alignment took");
	report(!memory_take_pages(1024, 1024, &page), "not where small things lie");
	report(!memory_take_pages(UINT64_MAX - 63, 64, &page), "never");
	report(!memory_take((1024 - 64) - 100 + 1, 1), "small things end where pages begin");
	report(memory_take((1024 - 64) - 100, 1) != NULL, "and reach up to them");
}

static void given_work_memory_partly_in_view_then_small_things_stay_there(void)
{
	static uint8_t memory[4096] __attribute__((aligned(4096)));
	paddr_t page;

	machine_init();
	machine.window_size = 1000;
	memory_init(paddr((uintptr_t)memory), sizeof(memory));
	report(!memory_take(1001, 1), "not beyond what is in view");
	report(memory_take(1000, 1) != NULL, "but all of it");
	report(memory_take_pages(2048, 1024, &page), "pages lie beyond it");
	report_equal(page.value, (uintptr_t)memory + 2048, "at the end");
}

static void given_ticks_then_nanoseconds_do_not_overflow(void)
{
	report_equal(ticks_to_ns(0), 0, "0");
	report_equal(ticks_to_ns(MACHINE_HZ), NS_PER_SECOND, "a second");
	report_equal(ticks_to_ns(1), 16, "a tick");
	report_equal(ticks_to_ns(MACHINE_HZ * 3600 * 24 * 365 * 500), NS_PER_SECOND * 3600 * 24 * 365 * 500, "500 years");
	report_equal(us_to_ticks(1000000), MACHINE_HZ, "a million microseconds");
}

static void given_ranges_then_none_wraps(void)
{
	report(range_within(0, 0, 0, 0), "nothing in nothing");
	report(range_within(10, 5, 10, 5), "itself");
	report(!range_within(9, 2, 10, 5), "before");
	report(!range_within(14, 2, 10, 5), "over the end");
	report(!range_within(UINT64_MAX, 2, 0, UINT64_MAX), "round the end of numbers");
	report(!range_within(5, UINT64_MAX, 0, 100), "a huge one");
	report(range_within(UINT64_MAX, 0, UINT64_MAX, 0), "empty at the end");
}

static void given_names_then_only_printable_ones_pass(void)
{
	uint8_t name[VEIL_NAME_BYTES] = "work";

	report(name_is_valid(name), "a word");
	name[10] = 'x';
	report(!name_is_valid(name), "something behind its end");
	name[10] = 0;
	name[1] = 0x1b;
	report(!name_is_valid(name), "an escape character");
	name[1] = 0x80;
	report(!name_is_valid(name), "not ASCII");
	memset(name, 'a', sizeof(name));
	report(!name_is_valid(name), "without an end");
	name[VEIL_NAME_BYTES - 1] = 0;
	report(name_is_valid(name), "of 31 characters");
	memset(name, 0, sizeof(name));
	report(!name_is_valid(name), "empty");
}

static void given_any_place_and_size_then_memset_fills_that_and_no_more(void)
{
	uint8_t bytes[64];
	uint32_t wrong = 0;

	for (size_t start = 0; start < 16; start++) {
		for (size_t size = 0; size < sizeof(bytes) - 16; size++) {
			for (size_t i = 0; i < sizeof(bytes); i++)
				bytes[i] = 0x11;
			wrong += memset(bytes + start, 0x1a5, size) != bytes + start;
			for (size_t i = 0; i < sizeof(bytes); i++)
				wrong += bytes[i] != (i >= start && i < start + size ? 0xa5 : 0x11);
		}
	}
	report_equal(wrong, 0, "bytes that are not as they should be");
}

static const struct test tests[] = {
	{"log", given_records_then_each_is_read_with_its_facts},
	{"log-ring", given_more_records_than_room_then_the_oldest_go},
	{"log-cut", given_a_long_text_then_it_is_cut},
	{"panic", given_a_panic_then_its_words_are_on_the_line_unframed},
	{"no-seed", given_no_seed_then_no_bytes},
	{"seed", given_a_seed_then_outputs_never_repeat},
	{"seeds", given_two_seeds_then_outputs_differ},
	{"memory", given_work_memory_then_it_is_given_out_once},
	{"pages", given_work_memory_then_pages_come_from_its_end},
	{"view", given_work_memory_partly_in_view_then_small_things_stay_there},
	{"units", given_ticks_then_nanoseconds_do_not_overflow},
	{"ranges", given_ranges_then_none_wraps},
	{"memset", given_any_place_and_size_then_memset_fills_that_and_no_more},
	{"names", given_names_then_only_printable_ones_pass},
};

TEST_MAIN(tests)

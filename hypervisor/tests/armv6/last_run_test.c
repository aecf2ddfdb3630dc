/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of runs on a OneNAND, and the driver below it, on a chip that is a model of the data sheet's: it locks blocks, wears out, finds
 * wrong bits, loses its power in the middle of an operation, and counts whatever is done to it that must not be. */
#define VEIL_MMIO_H /* the registers are the model's */

#include <setjmp.h>
#include <string.h>

#include <veil/types.h>

static void mmio_write16(uint64_t address, uint16_t value);
static uint16_t mmio_read16(uint64_t address);
static void *mmio_memory(uint64_t address);

#include "devices/onenand.c"
/* after it */
#include "devices/last_run_flash.c"
#include "tests/test.h"

#define FIRST 2040 /* Veil's first block of the chip's */
#define BLOCKS 8
#define DELAY 3 /* looks at an operation before it is done */
#define LOG_MAX 64

static struct {
	/* What lasts */
	uint8_t main[BLOCKS][ONENAND_PAGES][ONENAND_PAGE];
	uint8_t spare[BLOCKS][ONENAND_PAGES][64];
	uint16_t ecc[BLOCKS][ONENAND_PAGES]; /* what loading it tells */
	uint32_t fails_erase, fails_program; /* bit n: block n */
	/* What a loss of power clears */
	uint16_t block, die, page, buffer_start, unlock, interrupt, status, command, ecc_status;
	uint32_t busy; /* looks until it is done */
	uint32_t unlocked; /* bit n */
	uint8_t buffer[ONENAND_PAGE] __attribute__((aligned(8)));
	uint8_t buffer_spare[64];
	/* What a test asks for */
	bool is_dead; /* it never ends an operation */
	uint32_t cut_at; /* power goes during that command; 0: it stays */
	bool is_torn; /* when half of it is done, not before it */
	jmp_buf cut;
	/* What happened */
	uint32_t commands, erased, programmed, resets;
	uint32_t wrong; /* things a chip must not be asked for */
	uint32_t outside; /* operations on blocks that are none of Veil's */
} chip;

/* ---- The chip ---- */

static void erase(uint32_t in_block, uint32_t pages)
{
	memset(chip.main[in_block], 0xff, pages * ONENAND_PAGE);
	memset(chip.spare[in_block], 0xff, pages * sizeof(chip.spare[0][0]));
	memset(chip.ecc[in_block], 0, pages * sizeof(chip.ecc[0][0]));
}

static void program(uint8_t *to, const uint8_t *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] &= from[i];
}

static bool is_blank(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0xff)
			return false;
	return true;
}

static void perform(uint32_t in_block, uint32_t in_page, bool half)
{
	bool is_locked = !(chip.unlocked & 1U << in_block);
	bool changes = chip.command != ONENAND_LOAD && chip.command != ONENAND_LOAD_SPARE && chip.command != ONENAND_UNLOCK;
	uint32_t bad = chip.command == ONENAND_ERASE ? chip.fails_erase : chip.fails_program;

	if (changes && (is_locked || bad & 1U << in_block)) {
		chip.status |= is_locked ? 0x4400 : 0x0400;
		return;
	}
	switch (chip.command) {
	case ONENAND_LOAD:
		memcpy(chip.buffer, chip.main[in_block][in_page], ONENAND_PAGE);
		memcpy(chip.buffer_spare, chip.spare[in_block][in_page], 64);
		chip.ecc_status = chip.ecc[in_block][in_page];
		break;
	case ONENAND_LOAD_SPARE:
		memcpy(chip.buffer_spare, chip.spare[in_block][in_page], 64);
		chip.ecc_status = 0;
		break;
	case ONENAND_PROGRAM:
		chip.wrong += !is_blank(chip.main[in_block][in_page], ONENAND_PAGE) || !is_blank(chip.buffer_spare, 64);
		for (uint32_t later = in_page + 1; later < ONENAND_PAGES; later++)
			chip.wrong += !is_blank(chip.main[in_block][later], ONENAND_PAGE);
		program(chip.main[in_block][in_page], chip.buffer, half ? ONENAND_PAGE / 2 : ONENAND_PAGE);
		chip.programmed++;
		break;
	case ONENAND_PROGRAM_SPARE:
		program(chip.spare[in_block][in_page], chip.buffer_spare, 64);
		break;
	case ONENAND_ERASE:
		erase(in_block, half ? 1 : ONENAND_PAGES);
		chip.erased++;
		break;
	case ONENAND_UNLOCK:
		chip.wrong += chip.unlock != FIRST + in_block;
		chip.unlocked |= 1U << in_block;
		break;
	default:
		chip.wrong++;
		break;
	}
}

static void obey(uint16_t command)
{
	uint32_t in_block = (chip.block & 0xfffU) + (chip.block & 0x8000 ? 1024 : 0) - FIRST, in_page = chip.page >> 2 & 0x3f;

	if (command == 0xf3) {
		chip.resets++;
		chip.busy = 0;
		chip.unlocked = 0;
		return;
	}
	chip.wrong +=
		chip.busy || chip.interrupt & 0x8000 || chip.die != (chip.block & 0x8000) || chip.buffer_start != 0x0800 || chip.page & 3;
	chip.command = command;
	chip.status = 0;
	chip.busy = DELAY;
	if (in_block >= BLOCKS) {
		chip.outside++;
		return;
	}
	if (++chip.commands == chip.cut_at) {
		if (chip.is_torn)
			perform(in_block, in_page, true);
		longjmp(chip.cut, 1);
	}
	perform(in_block, in_page, false);
}

static void mmio_write16(uint64_t address, uint16_t value)
{
	switch (address - WINDOW_ONENAND_REGISTERS) {
	case 0x200:
		chip.block = value;
		return;
	case 0x202:
		chip.die = value;
		return;
	case 0x20e:
		chip.page = value;
		return;
	case 0x400:
		chip.buffer_start = value;
		return;
	case 0x440:
		obey(value);
		return;
	case 0x482:
		chip.interrupt &= value;
		return;
	case 0x498:
		chip.unlock = value;
		return;
	default:
		break;
	}
	address -= WINDOW_ONENAND_SPARE + 0x20;
	if (address < sizeof(chip.buffer_spare) && !chip.busy && chip.die == 0x8000)
		memcpy(chip.buffer_spare + address, &value, sizeof(value));
	else
		chip.wrong++;
}

static uint16_t mmio_read16(uint64_t address)
{
	uint16_t value = 0;

	switch (address - WINDOW_ONENAND_REGISTERS) {
	case 0x480:
		return chip.status;
	case 0x482:
		if (chip.busy && !chip.is_dead && !--chip.busy)
			chip.interrupt |= 0x8000;
		return chip.interrupt;
	case 0x1e00:
		return chip.ecc_status;
	default:
		break;
	}
	address -= WINDOW_ONENAND_SPARE + 0x20;
	if (address < sizeof(chip.buffer_spare) && !chip.busy)
		memcpy(&value, chip.buffer_spare + address, sizeof(value));
	else
		chip.wrong++;
	return value;
}

static void *mmio_memory(uint64_t address)
{
	chip.wrong += address != WINDOW_ONENAND_DATA + 0x400 || chip.busy || chip.die != 0x8000;
	return chip.buffer;
}

/* ---- The log ---- */

static struct log_record said[LOG_MAX];
static uint32_t said_count;

static void say(uint32_t persona, const char *text, uint64_t number, bool has_number)
{
	struct log_record *record = &said[said_count % LOG_MAX];
	int length = has_number ? snprintf(record->text, LOG_TEXT_BYTES, "%s 0x%llx", text, (unsigned long long)number)
				: snprintf(record->text, LOG_TEXT_BYTES, "%s", text);

	record->header = (struct veil_log_header){.sequence = said_count++, .persona = persona};
	record->length = (uint32_t)length < LOG_TEXT_BYTES ? (uint32_t)length : LOG_TEXT_BYTES;
}

void log_text(uint32_t persona, const char *text)
{
	say(persona, text, 0, false);
}

void log_number(uint32_t persona, const char *text, uint64_t number)
{
	say(persona, text, number, true);
}

bool log_read(uint32_t from, struct log_record *record)
{
	if (from >= said_count)
		return false;
	*record = said[from % LOG_MAX];
	return true;
}

uint32_t log_next(void)
{
	return said_count;
}

static bool has_said(const char *text)
{
	for (uint32_t i = 0; i < said_count; i++)
		if (strcmp(said[i].text, text) == 0)
			return true;
	return false;
}

/* ---- Runs ---- */

/* What the chip and Veil know only while there is power. */
static void lose_power(void)
{
	chip.block = chip.die = chip.page = chip.buffer_start = chip.interrupt = chip.status = chip.ecc_status = 0;
	chip.busy = chip.unlocked = chip.commands = 0;
	memset(chip.buffer_spare, 0, sizeof(chip.buffer_spare)); /* whatever it happens to hold */
	memset(&page, 0, sizeof(page));
	run = block = looks = onenand_corrected = said_count = 0;
	is_accepting = false;
}

static void boot(void)
{
	lose_power();
	last_run_begin();
}

static void new_chip(void)
{
	memset(&chip, 0, sizeof(chip));
	for (uint32_t i = 0; i < BLOCKS; i++)
		erase(i, ONENAND_PAGES);
}

static void report_unharmed(void)
{
	report_equal(chip.wrong, 0, "nothing was asked for that must not be");
	report_equal(chip.outside, 0, "no other block was reached");
}

static void given_a_new_chip_then_runs_are_counted(void)
{
	new_chip();
	for (uint32_t i = 1; i <= 3 * BLOCKS; i++) {
		boot();
		report_equal(run, i, "its number");
		report_equal(has_said("no last words"), i > 1, "nothing is said of one before the first");
	}
	report_equal(chip.erased, 3 * BLOCKS, "one erasure a run");
	report_equal(chip.programmed, 3 * BLOCKS, "one page a run that does not end");
	report_unharmed();
}

static void given_an_end_by_command_then_the_next_run_says_so(void)
{
	new_chip();
	boot();
	last_run_off();
	boot();
	report(has_said("switched off"), "it was switched off");
	report(!has_said("no last words"), "and nothing else is claimed");
	boot();
	report(!has_said("switched off") && has_said("no last words"), "that holds for the run before alone");
	report_unharmed();
}

static void given_a_panic_then_the_next_run_tells_its_last_lines(void)
{
	new_chip();
	boot();
	for (uint32_t i = 0; i < 40; i++)
		log_number(VEIL_NO_PERSONA, "line", i);
	last_run_panic("manifest refused: error 0x7");
	last_run_panic("again, while it ends 0x8");
	last_run_off();
	report_equal(chip.programmed, 2, "it ends once");
	boot();
	report(has_said("manifest refused: error 0x7"), "why it ended");
	report(has_said("line 0x27") && has_said("line 0x19") && !has_said("line 0x18"), "and the 15 lines before");
	report(!has_said("again, while it ends 0x8"), "but not what came of it");
	report_unharmed();
}

static void given_a_panic_before_the_flash_was_looked_at_then_nothing_is_written(void)
{
	new_chip();
	lose_power();
	last_run_panic("unsupported CPU: MIDR 0x1");
	report_equal(chip.commands, 0, "no operation");
	report_unharmed();
}

/* False: something went wrong in Veil during that operation. It and the chip know what they knew. */
static NOINLINE bool boots(uint32_t operation)
{
	chip.cut_at = operation;
	if (setjmp(chip.cut))
		return false;
	boot();
	return true;
}

static void given_a_panic_while_the_flash_is_looked_at_then_nothing_is_written(void)
{
	for (uint32_t operation = 1; operation < 40; operation++) {
		new_chip();
		boot();
		last_run_panic("the last words 0x1");
		if (boots(operation))
			continue;
		chip.cut_at = 0;
		last_run_panic("exception in Veil 0x2");
		report_equal(chip.programmed, 2, "no page more than the last run's");
		boot();
		report(has_said("the last words 0x1"), "which is told");
		report_unharmed();
	}
}

static void given_a_line_of_full_length_then_it_fits(void)
{
	char text[LOG_TEXT_BYTES + 20];

	new_chip();
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	boot();
	last_run_panic(text);
	boot();
	report_equal(said[1].length, LOG_TEXT_BYTES - 1, "all but its last character");
	report_unharmed();
}

/* ---- Wear and damage ---- */

static void given_blocks_marked_by_their_maker_then_they_are_left_alone(void)
{
	new_chip();
	chip.spare[1][0][0] = 0;
	chip.spare[4][1][1] = 0;
	memset(chip.main[1], 0x5a, sizeof(chip.main[1]));
	memset(chip.main[4], 0x5a, sizeof(chip.main[4]));
	for (uint32_t i = 1; i <= 2 * BLOCKS; i++) {
		boot();
		report_equal(run, i, "its number");
	}
	report(chip.main[1][0][0] == 0x5a && chip.main[4][0][0] == 0x5a, "as they were");
	report_unharmed();
}

static void given_no_good_block_then_nothing_is_remembered_or_written(void)
{
	new_chip();
	for (uint32_t i = 0; i < BLOCKS; i++)
		chip.spare[i][i % 2][0] = 0;
	boot();
	report(has_said("run on record: 0x0"), "it says so");
	last_run_off();
	last_run_panic("the end");
	report_equal(chip.erased + chip.programmed, 0, "nothing was changed");
	report_unharmed();
}

static void given_an_erasure_that_fails_then_the_block_is_marked_and_the_next_one_taken(void)
{
	new_chip();
	boot();
	last_run_panic("the last words 0x1");
	chip.fails_erase = 1U << 2;
	boot();
	report(has_said("the last words 0x1"), "the run before is told");
	report_equal(block, 3, "the one behind the block that fails");
	report_equal(chip.spare[2][0][0] | chip.spare[2][0][1], 0, "which is marked");
	chip.fails_erase = 0;
	for (uint32_t i = 0; i < BLOCKS; i++) {
		boot();
		report(block != 2, "for good");
	}
	report_unharmed();
}

static void given_a_program_operation_that_fails_then_the_next_block_is_taken(void)
{
	new_chip();
	boot();
	chip.fails_program = 1U << 2; /* so it takes no mark either */
	boot();
	report_equal(block, 3, "the one behind the block that fails");
	chip.fails_program |= 1U << 3;
	last_run_panic("words that nobody will hear 0x1");
	boot();
	report_equal(run, 3, "its number");
	report(has_said("no last words"), "the end that failed is none");
	report_unharmed();
}

static void given_a_locked_chip_then_only_the_block_in_use_is_unlocked(void)
{
	new_chip();
	boot();
	report_equal(chip.unlocked, 1U << block, "one");
	chip.unlocked = 0;
	report_equal(operate(ONENAND_ERASE, block, 0), false, "which a locked one does not let through");
	report_equal(operate(ONENAND_PROGRAM, block, 5), false, "nor this");
	report_unharmed();
}

static void given_wrong_bits_then_they_are_counted_or_the_page_is_not_believed(void)
{
	new_chip();
	boot();
	last_run_panic("the last words 0x1");
	chip.ecc[block][BEGIN] = 0x0001;
	chip.ecc[block][END] = 0x0400;
	boot();
	report(has_said("the last words 0x1"), "put right, it is as good");
	report(has_said("flash: bits put right: 0x2"), "and counted");
	last_run_panic("other words 0x2");
	chip.ecc[block][END] = 0x0020;
	boot();
	report(has_said("no last words") && !has_said("other words 0x2"), "what cannot be put right is not told");
	last_run_off();
	chip.ecc[block][BEGIN] = 0x8000;
	boot();
	report_equal(run, 3, "nor counted: the run before it was the second");
	report_unharmed();
}

static void given_a_chip_that_does_not_answer_then_looking_ends(void)
{
	uint32_t steps = 0;

	new_chip();
	chip.is_dead = true;
	lose_power();
	while (onenand_step(ONENAND_LOAD, 0, 0) == ONENAND_WAITS)
		steps++;
	report_equal(steps, LOOKS, "after as many looks as are allowed");
	report_equal(chip.resets, 1, "and it is reset");
	boot();
	report(has_said("run on record: 0x0"), "Veil starts all the same");
	chip.is_dead = false;
	boot();
	report_equal(run, 1, "and the chip serves when it answers again");
	report_unharmed();
}

/* ---- Losses of power, at any operation ---- */

/* A run that panics; false: power was lost during that operation, before or in the middle of it. */
static NOINLINE bool run_whole(uint32_t cut_at, bool is_torn)
{
	chip.cut_at = cut_at;
	chip.is_torn = is_torn;
	if (setjmp(chip.cut))
		return false;
	boot();
	last_run_panic("the run that was cut 0x2");
	return true;
}

static void lose_power_at(uint32_t operation, bool is_torn, uint32_t runs_before)
{
	bool is_whole;

	new_chip();
	for (uint32_t i = 0; i < runs_before; i++) {
		boot();
		last_run_panic("the run before 0x1");
	}
	is_whole = run_whole(operation, is_torn);
	chip.cut_at = 0;
	boot();
	if (is_whole)
		report(has_said("the run that was cut 0x2"), "its last words");
	else if (run == runs_before + 1)
		report(has_said("the run before 0x1"), "a run that never began");
	else
		report(has_said("no last words") && !has_said("the run before 0x1"), "a run without an end");
	report(run == runs_before + 2 || (!is_whole && run == runs_before + 1), "and the number of this one");
	last_run_off();
	boot();
	report(has_said("switched off"), "and it goes on");
	report_unharmed();
}

static void given_a_loss_of_power_anywhere_then_the_next_run_tells_the_truth(void)
{
	for (uint32_t operation = 1; operation < 60; operation++)
		for (uint32_t is_torn = 0; is_torn < 2; is_torn++) {
			lose_power_at(operation, is_torn, 1);
			lose_power_at(operation, is_torn, BLOCKS + 3);
		}
}

/* ---- The version ---- */

static uint64_t version(void)
{
	uint64_t value = 0;

	report(version_place_read(&value), "there is a place for it");
	return value;
}

static enum veil_result accept_version(uint64_t value)
{
	enum veil_result result;

	do
		result = version_place_write(value);
	while (result == VEIL_RESULT_AGAIN);
	return result;
}

static void given_a_version_is_kept_then_all_later_runs_know_it(void)
{
	new_chip();
	boot();
	report_equal(version(), 0, "none yet");
	report_equal(version_place_write(5), VEIL_RESULT_AGAIN, "nothing waits for the chip");
	report_equal(accept_version(5), VEIL_RESULT_OK, "it is kept");
	report_equal(version(), 5, "from now on");
	last_run_panic("the last words 0x1");
	boot();
	report(has_said("the last words 0x1"), "with the last words");
	for (uint32_t i = 0; i < 2 * BLOCKS; i++) {
		report_equal(version(), 5, "in each run");
		boot();
	}
	report_equal(accept_version(UINT64_MAX), VEIL_RESULT_OK, "another one");
	boot();
	report_equal(version(), UINT64_MAX, "as wide as it is");
	report_unharmed();
}

static void given_the_end_while_a_version_is_kept_then_both_are_remembered(void)
{
	new_chip();
	boot();
	report_equal(version_place_write(5), VEIL_RESULT_AGAIN, "under way");
	last_run_panic("the last words 0x1");
	boot();
	report_equal(version(), 5, "the version");
	report(has_said("the last words 0x1"), "and the last words");
	report_unharmed();
}

static void given_a_block_that_fails_then_the_version_before_stays(void)
{
	new_chip();
	boot();
	report_equal(accept_version(5), VEIL_RESULT_OK, "it is kept");
	boot();
	chip.fails_program = 1U << block;
	report_equal(accept_version(6), VEIL_RESULT_NOT_KEPT, "another is not");
	report_equal(accept_version(6), VEIL_RESULT_NOT_KEPT, "and a page is not written twice");
	last_run_off();
	chip.fails_program = 0;
	boot();
	report_equal(version(), 5, "the one before");
	report_unharmed();
	for (uint32_t i = 0; i < BLOCKS; i++)
		chip.spare[i][0][0] = 0;
	boot();
	report(!version_place_read(&(uint64_t){0}), "without a block there is no place");
}

/* False: power was lost at that operation. */
static NOINLINE bool accepts(uint32_t cut_at, bool is_torn)
{
	chip.cut_at = cut_at;
	chip.is_torn = is_torn;
	if (setjmp(chip.cut))
		return false;
	boot();
	return accept_version(6) == VEIL_RESULT_OK;
}

static void given_a_loss_of_power_then_no_version_is_lost(void)
{
	for (uint32_t operation = 1; operation < 60; operation++)
		for (uint32_t is_torn = 0; is_torn < 2; is_torn++) {
			bool is_whole;

			new_chip();
			boot();
			accept_version(5);
			is_whole = accepts(operation, is_torn);
			chip.cut_at = 0;
			boot();
			report(version() == 6 || (!is_whole && version() == 5), "what was kept, or the one before");
			report_unharmed();
		}
}

/* ---- Whatever the flash holds ---- */

static void given_damaged_pages_then_they_are_not_believed(void)
{
	uint64_t random = test_seed();

	for (uint32_t i = 0; i < 2000; i++) {
		uint32_t in_page, byte;

		new_chip();
		boot();
		last_run_panic("the last words 0x1");
		in_page = test_random(&random) % 2 ? BEGIN : END;
		byte = test_random(&random) % ONENAND_PAGE;
		chip.main[block][in_page][byte] ^= (uint8_t)(1U << test_random(&random) % 8);
		boot();
		if (!report(!has_said("the last words 0x1"), "one bit is enough"))
			return;
	}
	report_unharmed();
}

static void given_zeros_or_random_bytes_then_there_was_no_run(void)
{
	uint64_t random = test_seed();

	for (uint32_t i = 0; i < 50; i++) {
		new_chip();
		for (uint32_t b = 0; b < BLOCKS; b++)
			for (uint32_t w = 0; w < (END + 1) * ONENAND_PAGE; w++)
				chip.main[b][w / ONENAND_PAGE][w % ONENAND_PAGE] = i ? (uint8_t)test_random(&random) : 0;
		boot();
		report_equal(run, 1, "the first");
		report_equal(said_count, 1, "without a word about another");
	}
	report_unharmed();
}

/* Somebody who holds the tablet can write what he likes. */
static void given_hostile_lengths_then_no_more_is_told_than_fits(void)
{
	new_chip();
	boot();
	last_run_panic("the last words 0x1");
	memcpy(page.words, chip.main[block][END], ONENAND_PAGE);
	page.line_count = UINT32_MAX;
	for (uint32_t i = 0; i < LINES; i++) {
		page.lines[i].length = UINT32_MAX - i;
		memset(page.lines[i].text, 'x', LOG_TEXT_BYTES);
	}
	page.words[WORDS - 1] = 0;
	page.words[WORDS - 1] = -sum();
	memcpy(chip.main[block][END], page.words, ONENAND_PAGE);
	boot();
	report_equal(said_count, LINES + 1, "16 lines");
	for (uint32_t i = 0; i < LINES; i++)
		report_equal(said[i].length, LOG_TEXT_BYTES - 1, "of a line's length");
	report_unharmed();
}

/* ---- Reach ---- */

static void given_any_other_block_then_the_chip_hears_nothing(void)
{
	static const enum onenand_operation operations[] = {ONENAND_LOAD,   ONENAND_LOAD_SPARE, ONENAND_PROGRAM_SPARE,
							    ONENAND_UNLOCK, ONENAND_PROGRAM,	ONENAND_ERASE};
	uint64_t random = test_seed();

	new_chip();
	lose_power();
	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t any = i < 4096 ? i : (uint32_t)test_random(&random);
		enum onenand_operation operation = operations[test_random(&random) % ARRAY_COUNT(operations)];

		if (any >= BLOCKS)
			report_equal(onenand_step(operation, any, i % ONENAND_PAGES), ONENAND_FAILED, "refused");
		else
			operate(operation, any, i % ONENAND_PAGES);
	}
	report_equal(chip.outside, 0, "nothing but Veil's own was reached");
	report(chip.commands <= BLOCKS, "and no operation begun");
}

static const struct test tests[] = {
	{"counted", given_a_new_chip_then_runs_are_counted},
	{"off", given_an_end_by_command_then_the_next_run_says_so},
	{"panic", given_a_panic_then_the_next_run_tells_its_last_lines},
	{"early", given_a_panic_before_the_flash_was_looked_at_then_nothing_is_written},
	{"exception", given_a_panic_while_the_flash_is_looked_at_then_nothing_is_written},
	{"long", given_a_line_of_full_length_then_it_fits},
	{"marked", given_blocks_marked_by_their_maker_then_they_are_left_alone},
	{"none", given_no_good_block_then_nothing_is_remembered_or_written},
	{"erasure", given_an_erasure_that_fails_then_the_block_is_marked_and_the_next_one_taken},
	{"program", given_a_program_operation_that_fails_then_the_next_block_is_taken},
	{"locked", given_a_locked_chip_then_only_the_block_in_use_is_unlocked},
	{"bits", given_wrong_bits_then_they_are_counted_or_the_page_is_not_believed},
	{"dead", given_a_chip_that_does_not_answer_then_looking_ends},
	{"power", given_a_loss_of_power_anywhere_then_the_next_run_tells_the_truth},
	{"damaged", given_damaged_pages_then_they_are_not_believed},
	{"other", given_zeros_or_random_bytes_then_there_was_no_run},
	{"hostile", given_hostile_lengths_then_no_more_is_told_than_fits},
	{"reach", given_any_other_block_then_the_chip_hears_nothing},
	{"version", given_a_version_is_kept_then_all_later_runs_know_it},
	{"version-end", given_the_end_while_a_version_is_kept_then_both_are_remembered},
	{"version-fails", given_a_block_that_fails_then_the_version_before_stays},
	{"version-power", given_a_loss_of_power_then_no_version_is_lost},
};

TEST_MAIN(tests)

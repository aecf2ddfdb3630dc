/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of Veil as a flash remembers them: each has a block of Veil's own, in turn. Its first page is written when the run begins, its second when
 * it ends, with the last lines of the log; so the last words need no erasure, and a run without that page ended without a word. A page that a
 * loss of power cut off is not whole, and counts as none. With them goes the number of the newest image that was accepted (version_place.h): each page
 * has the one that was kept when it was written, and a page between those two one that is kept during the run.
 *
 * Why a guest can do no harm here: nothing that it does leads to a write, so it can neither wear the flash out nor push out what is remembered. What is
 * read is only shown, in lines of the log. */
#include <veil/last_run.h>
#include <veil/version_place.h>

#include "core/lib.h"
#include "core/log.h"
#include "onenand.h"

#define LINES 16
#define BEGIN 0 /* pages */
#define ACCEPTED 1
#define END 2
#define WORDS (ONENAND_PAGE / 4)
#define SUM_BASIS 0x4e55524f /* odd: a page of zeros is none; another one for another format */

static union {
	struct {
		uint32_t run; /* 1 for the first one */
		uint32_t line_count;
		uint64_t version; /* of the newest image accepted so far */
		struct log_record lines[LINES];
	};
	uint32_t words[WORDS]; /* the last one makes sum() zero */
} page;

_Static_assert(sizeof(page) == ONENAND_PAGE, "a page");

static uint32_t run; /* 0: it has no block yet, or none at all, or has ended */
static uint32_t block;
static bool is_accepting; /* its page is being written */

static bool operate(enum onenand_operation operation, uint32_t in_block, uint32_t number)
{
	enum onenand_result result;

	do
		result = onenand_step(operation, in_block, number);
	while (result == ONENAND_WAITS);
	return result == ONENAND_DONE;
}

/* The chip's own check is of what was programmed whole. */
static uint32_t sum(void)
{
	uint32_t value = SUM_BASIS;

	for (uint32_t i = 0; i < WORDS; i++)
		value = value * 31 + page.words[i];
	return value;
}

static bool load(uint32_t in_block, uint32_t number)
{
	bool is_loaded = operate(ONENAND_LOAD, in_block, number);

	onenand_fetch(page.words);
	return is_loaded && sum() == 0;
}

static void fill(void)
{
	page.words[WORDS - 1] = 0;
	page.words[WORDS - 1] = -sum();
	onenand_fill(page.words);
}

static bool store(uint32_t number)
{
	fill();
	return operate(ONENAND_PROGRAM, block, number);
}

/* Its maker or a writer has marked it in the first or second page (data sheet, 3.17). */
static bool is_good(uint32_t in_block)
{
	for (uint32_t number = 0; number < 2; number++)
		if (!operate(ONENAND_LOAD_SPARE, in_block, number) || onenand_mark() != ONENAND_GOOD)
			return false;
	return true;
}

static void tell(uint32_t last)
{
	if (!load(block, END) || page.run != last) {
		log_text(VEIL_LAST_RUN, "no last words");
		return;
	}
	for (uint32_t i = 0; i < page.line_count && i < LINES; i++) {
		struct log_record *line = &page.lines[i];

		line->text[line->length < LOG_TEXT_BYTES ? line->length : LOG_TEXT_BYTES - 1] = 0;
		log_text(VEIL_LAST_RUN, line->text);
	}
}

/* A block that fails is marked; if that fails, too, it fails again next time. */
static bool begin(void)
{
	operate(ONENAND_UNLOCK, block, 0);
	if (operate(ONENAND_ERASE, block, 0) && store(BEGIN))
		return true;
	onenand_fill_spare(0);
	operate(ONENAND_PROGRAM_SPARE, block, 0);
	return false;
}

void last_run_begin(void)
{
	uint32_t tries = ONENAND_BLOCKS, last = 0;
	uint64_t version = 0;

	for (uint32_t i = 0; i < ONENAND_BLOCKS; i++)
		if (is_good(i) && load(i, BEGIN) && page.run > last) {
			last = page.run;
			block = i;
			version = page.version;
		}
	if (last) {
		if (load(block, ACCEPTED) && page.run == last)
			version = page.version;
		tell(last);
	}
	memset(&page, 0, sizeof(page));
	page.run = last + 1;
	page.version = version;
	do
		block = (block + 1) % ONENAND_BLOCKS;
	while (!(is_good(block) && begin()) && --tries);
	run = tries ? page.run : 0;
	log_number(VEIL_NO_PERSONA, "run on record:", run);
	if (onenand_corrected)
		log_number(VEIL_NO_PERSONA, "flash: bits put right:", onenand_corrected);
}

static void end(uint32_t line_count)
{
	uint32_t next = log_next();

	if (!run)
		return;
	while (is_accepting && version_place_write(page.version) == VEIL_RESULT_AGAIN)
		;
	run = 0;
	for (uint32_t i = next > line_count ? next - line_count : 0; i < next; i++)
		if (log_read(i, &page.lines[page.line_count]) && page.lines[page.line_count].header.persona != VEIL_LAST_RUN)
			page.line_count++;
	store(END);
}

/* ---- The version ---- */

bool version_place_is_on_disk(void)
{
	return false;
}

bool version_place_read(uint64_t *version)
{
	*version = page.version;
	return run != 0;
}

/* A page cannot be written twice: a block that has failed is this run's no more. */
enum veil_result version_place_write(uint64_t version)
{
	enum onenand_result result;

	if (!run)
		return VEIL_RESULT_NOT_KEPT;
	if (!is_accepting) {
		page.version = version;
		fill();
		is_accepting = true;
	}
	result = onenand_step(ONENAND_PROGRAM, block, ACCEPTED);
	if (result == ONENAND_WAITS)
		return VEIL_RESULT_AGAIN;
	is_accepting = false;
	if (result == ONENAND_DONE)
		return VEIL_RESULT_OK;
	run = 0;
	return VEIL_RESULT_NOT_KEPT;
}

NOINLINE void last_run_off(void)
{
	log_text(VEIL_NO_PERSONA, "switched off");
	end(1);
}

void last_run_panic(const char *line)
{
	log_text(VEIL_NO_PERSONA, line);
	end(LINES);
}

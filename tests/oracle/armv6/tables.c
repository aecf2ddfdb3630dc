/* SPDX-License-Identifier: Apache-2.0 */
/* Random translation tables. What they map is a few pages of memory, so that streams meet what others of their kind have done; the program
 * and what it saves are mapped for privileged modes at their own addresses, below FCSE's and above. Two kinds of entries are left out: those that
 * the architecture calls unpredictable, and those that map what a bare machine and a persona answer differently, being no memory. */
#include "oracle.h"

#define FIRST(n) ((volatile uint32_t *)(TABLES + (n)*0x4000)) /* TTBR0's, TTBR1's */
#define SECOND(n) ((volatile uint32_t *)(TABLES + 0x10000 + (n)*0x400))
#define SECOND_PLACE(n) (TABLES + 0x10000 + (n)*0x400)
#define SECONDS 10
#define SECOND_CODE SECONDS
#define SECOND_TOP (SECONDS + 1)
#define NOWHERE 0x08000000 /* no memory */

#define PROGRAM_DOMAIN 15

static const uint16_t mibs[] = {0x002, 0x010, 0x400, 0x403, 0x7ff, 0x800, 0xc00, 0xfff};
#define MIBS (sizeof(mibs) / sizeof(mibs[0]))
static const uint8_t groups[] = {0x00, 0x10, 0x80, 0xf0}; /* of sixteen pages, in a MiB */

static uint32_t process; /* MiBs of the FCSE PID */

static void first_set(uint32_t mib, uint32_t word)
{
	FIRST(0)[mib] = word;
	FIRST(1)[mib] = word;
}

static uint32_t some_domain(void)
{
	return random_below(14) << 5;
}

/* Of a second level; without XP, the same rights in all of a page most of the time. */
static uint32_t small_page(bool has_xp, bool all_same)
{
	uint32_t word = MEMORY | random_below(4) << 12 | (random_word() & 0xc);
	uint32_t ap = random_below(4);

	if (has_xp)
		return word | 2 | (random_word() & 0xa30) | (one_in(6) ? 1 : 0);
	if (one_in(3))
		return word | 3 | ap << 4;
	return word | 2 | (all_same || one_in(2) ? ap * 0x550 : random_word() & 0xff0);
}

static uint32_t large_page(bool has_xp)
{
	uint32_t word = MEMORY | (random_word() & 0xc) | 1;

	return word | (has_xp ? (random_word() & 0xa30) | (one_in(6) ? 0x8000 : 0) : random_word() & 0xff0);
}

static void second_make(volatile uint32_t *table, bool has_xp)
{
	for (uint32_t g = 0; g < sizeof(groups); g++) {
		uint32_t large = one_in(3) ? large_page(has_xp) : 0;

		for (uint32_t i = 0; i < 16; i++)
			table[groups[g] + i] = large ? large : i > 4 || one_in(5) ? 0 : small_page(has_xp, false);
	}
}

static uint32_t section(bool has_xp)
{
	return MEMORY | 2 | some_domain() | (random_word() & (has_xp ? 0x28c0c : 0xc0c)) | (has_xp && one_in(6) ? 0x10 : 0);
}

static uint32_t first_entry(uint32_t mib, bool has_xp)
{
	switch (random_below(10)) {
	case 0:
		return random_word() & ~3U & (has_xp ? ~0U : ~0x1e0U);
	case 1:
		return has_xp ? random_word() | 3 : 0;
	case 2:
	case 3:
		if (mib == 0x403 && has_xp) /* the only one whose place in a supersection at 0 is memory */
			return (section(true) & 0xfffff & ~0x1e0U) | 0x40000;
		return section(has_xp);
	case 4:
		if (one_in(3))
			return NOWHERE | some_domain() | 1;
		/* falls through */
	default:
		return SECOND_PLACE(random_below(SECONDS)) | some_domain() | 1;
	}
}

/* Where streams run: with subpages, all four are alike, since nothing could be fetched from a page whose are not in a persona. */
static void code_make(bool has_xp)
{
	volatile uint32_t *table = SECOND(SECOND_CODE);
	uint32_t word = (has_xp ? 2 | (random_word() & 0x830) : 2 | random_below(4) * 0x550) | CODE_PLACE;

	if (has_xp && one_in(8))
		word |= 1;
	if (one_in(4)) {
		word = has_xp ? section(true) : section(false) | 0xc00;
		first_set(0x100, word);
		first_set(0x100 | process, word);
		return;
	}
	if (one_in(4))
		for (uint32_t i = 0; i < 16; i++)
			table[i] = MEMORY | (has_xp ? random_below(4) << 4 : 0) | 0x30 | (has_xp ? 0 : 0xff0) | 1;
	else
		table[0xe] = word;
	first_set(0x100, SECOND_PLACE(SECOND_CODE) | some_domain() | 1);
}

/* The MiBs of the program and of what it saves, and the page of high vectors. */
static void program_map(bool has_xp)
{
	static const uint32_t program = 0x8402 | PROGRAM_DOMAIN << 5; /* privileged modes read; without XP they write as well */
	static const uint32_t saves = SAVED | 0x402 | PROGRAM_DOMAIN << 5;

	first_set(0, program);
	first_set(1, saves);
	first_set(process, program);
	first_set(process | 1, saves);
	for (uint32_t i = 0; i < 2; i++)
		FIRST(i)[0xfff] = SECOND_PLACE(SECOND_TOP) | PROGRAM_DOMAIN << 5 | 1;
	for (uint32_t i = 1; i < 16; i++)
		if ((SECOND(SECOND_TOP)[0xf0 + i] & 3) == 1)
			SECOND(SECOND_TOP)[0xf0 + i] = 0; /* of a large page, which must be so in all of it */
	SECOND(SECOND_TOP)[0xf0] = VECTORS_COPY | (has_xp ? 0x210 : 0x550) | 2;
}

static uint32_t domains(void)
{
	uint32_t dacr = 0;

	for (uint32_t i = 0; i < 14; i++)
		dacr |= (one_in(8) ? random_below(4) : one_in(4) ? 3U : 1U) << (2 * i);
	return dacr | 1U << (2 * PROGRAM_DOMAIN);
}

void tables_make(bool has_xp, uint32_t fcse)
{
	uint32_t n = one_in(2) ? 0 : random_below(8);

	first_set(process, 0); /* of the case before */
	first_set(process | 1, 0);
	first_set(process | 2, 0);
	first_set(process | 0x10, 0);
	first_set(process | 0x100, 0);
	process = fcse >> 20;
	for (uint32_t i = 0; i < SECONDS; i++)
		second_make(SECOND(i), has_xp);
	second_make(SECOND(SECOND_TOP), has_xp);
	for (uint32_t table = 0; table < 2; table++) {
		for (uint32_t i = 0; i < MIBS; i++) {
			FIRST(table)[mibs[i]] = first_entry(mibs[i], has_xp);
			if (mibs[i] < 0x20)
				FIRST(table)[mibs[i] | process] = first_entry(mibs[i], has_xp);
		}
	}
	for (uint32_t i = 0; i < 256; i++)
		SECOND(SECOND_CODE)[i] = 0;
	code_make(has_xp);
	program_map(has_xp);
	__asm__ volatile("mcr p15, 0, %0, c2, c0, 0" : : "r"(TABLES));
	__asm__ volatile("mcr p15, 0, %0, c2, c0, 1" : : "r"(TABLES + 0x4000));
	__asm__ volatile("mcr p15, 0, %0, c2, c0, 2" : : "r"(n));
	__asm__ volatile("mcr p15, 0, %0, c3, c0, 0" : : "r"(domains()));
	__asm__ volatile("mcr p15, 0, %0, c13, c0, 1" : : "r"(random_below(20)));
}

uint32_t tables_address(void)
{
	uint32_t page = groups[random_below(sizeof(groups))] + random_below(4);
	uint32_t offset = one_in(4) ? random_below(4096) : random_below(1024) << 2;

	return (uint32_t)mibs[random_below(MIBS)] << 20 | page << 12 | offset;
}

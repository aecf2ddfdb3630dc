/* SPDX-License-Identifier: Apache-2.0 */
/* Random translation tables: mostly of the kinds there are, pointing to RAM, sometimes anything at all. */
#ifndef RANDOM_TABLES_H
#define RANDOM_TABLES_H

#include "arch/armv6/sctlr.h"
#include "persona_fake.h"
#include "tests/test.h"

/* Where they lie, guest-physical: first levels at multiples of 16 KiB, then second levels. */
#define TABLES_FIRST 0U
#define TABLES_FIRST_SIZE 0x20000U
#define TABLES_SECOND 0x20000U
#define TABLES_SECOND_SIZE 0x10000U

static inline uint32_t random_below(uint64_t *state, uint32_t count)
{
	return (uint32_t)((test_random(state) >> 32) * count >> 32);
}

static inline uint32_t random_first(uint64_t *state)
{
	uint32_t word = (uint32_t)(test_random(state) >> 32);

	switch (random_below(state, 16)) {
	case 0:
		return word; /* whatever */
	case 1:
		return word & ~3U; /* nothing */
	case 2:
	case 3:
	case 4: /* a section in RAM, or of a device's registers */
		return (word & 0x2bdf0) | 2 | (random_below(state, 8) ? random_below(state, FAKE_RAM_SIZE >> 20) << 20 : word & 0xfff00000);
	case 5: /* a supersection */
		return (word & 0x2bdf0) | 0x40002 | (word & 0x3f000000 ? 0 : word & 0xff000000);
	default:
		return TABLES_SECOND | (word & (TABLES_SECOND_SIZE - 1) & ~0x3ffU) | (word & 0x1e0) | 1;
	}
}

static inline uint32_t random_second(uint64_t *state)
{
	uint32_t word = (uint32_t)(test_random(state) >> 32);

	switch (random_below(state, 8)) {
	case 0:
		return word;
	case 1:
		return word & ~3U;
	default:
		return (word & 0xfff) | random_below(state, FAKE_RAM_SIZE >> 12) << 12;
	}
}

static inline void random_tables(uint64_t *state)
{
	for (uint32_t i = 0; i < TABLES_FIRST_SIZE; i += 4)
		*fake_ram(TABLES_FIRST + i) = random_first(state);
	for (uint32_t i = 0; i < TABLES_SECOND_SIZE; i += 4)
		*fake_ram(TABLES_SECOND + i) = random_second(state);
}

/* CP15 that mostly lets things work. */
static inline void random_p15(uint64_t *state, struct p15_registers *p)
{
	static const uint32_t rules[] = {1, 1, 1, 1, 3, 0, 2, 1};

	p->sctlr = SCTLR_FIXED | (random_below(state, 16) ? SCTLR_M : 0) | (random_below(state, 4) ? SCTLR_XP : 0) |
		   (random_below(state, 4) ? 0 : SCTLR_S) | (random_below(state, 4) ? 0 : SCTLR_R) | (random_below(state, 2) ? SCTLR_V : 0);
	p->ttbcr = random_below(state, 2) ? 0 : random_below(state, 8) | (random_below(state, 8) ? 0 : random_below(state, 4) << 4);
	for (uint32_t i = 0; i < 2; i++)
		p->ttbr[i] = (random_below(state, 16) ? random_below(state, TABLES_FIRST_SIZE >> 14) << 14 : (uint32_t)test_random(state)) |
			     random_below(state, 32);
	p->dacr = 0;
	for (uint32_t i = 0; i < 16; i++)
		p->dacr |= rules[random_below(state, 8)] << (2 * i);
	p->fcse = random_below(state, 4) ? 0 : random_below(state, 128) << 25;
	p->contextidr = random_below(state, 6);
}

#endif

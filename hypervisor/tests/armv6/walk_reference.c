/* SPDX-License-Identifier: Apache-2.0 */
/* See walk_reference.h. Reads RAM that is built and RAM that is not alike: what is not built reads as zeros. */
#include "walk_reference.h"

#include "persona_fake.h"

static uint32_t field(uint32_t word, uint32_t high, uint32_t low)
{
	return (uint32_t)((uint64_t)word << (31 - high) & 0xffffffff) >> (31 - high + low);
}

/* Table B4-1, row by row: APX, AP, S, R; who may do what: r, w or - for privileged, then user. */
static const struct {
	uint8_t apx, ap, s, r; /* 2: any */
	const char *allowed;
} rows[] = {
	{0, 0, 0, 0, "----"}, {0, 0, 1, 0, "r---"}, {0, 0, 0, 1, "r-r-"}, {0, 0, 1, 1, "----"}, {0, 1, 2, 2, "rw--"}, {0, 2, 2, 2, "rwr-"},
	{0, 3, 2, 2, "rwrw"}, {1, 0, 2, 2, "----"}, {1, 1, 2, 2, "r---"}, {1, 2, 2, 2, "r-r-"}, {1, 3, 2, 2, "----"},
};

static bool is_allowed(uint32_t sctlr, uint32_t apx, uint32_t ap, bool xn, enum access access, bool privileged)
{
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *allowed = rows[i].allowed + (privileged ? 0 : 2);

		if (rows[i].apx != apx || rows[i].ap != ap || (rows[i].s != 2 && rows[i].s != field(sctlr, 8, 8)) ||
		    (rows[i].r != 2 && rows[i].r != field(sctlr, 9, 9)))
			continue;
		if (access == ACCESS_WRITE)
			return allowed[1] == 'w';
		return allowed[0] == 'r' && !(access == ACCESS_FETCH && xn);
	}
	return false;
}

static struct reference fails(uint32_t status, uint32_t domain, enum access access)
{
	return (struct reference){.faults = true, .fsr = status | domain << 4 | (access == ACCESS_WRITE ? 1U << 11 : 0)};
}

/* False: there is no RAM. */
static bool word_at(uint32_t sctlr, uint32_t address, uint32_t *word)
{
	if (address >= FAKE_RAM_GUEST + FAKE_RAM_SIZE)
		return false;
	*word = *fake_ram(address);
	if (field(sctlr, 25, 25))
		*word = field(*word, 7, 0) << 24 | field(*word, 15, 8) << 16 | field(*word, 23, 16) << 8 | field(*word, 31, 24);
	return true;
}

struct reference reference_walk(const struct vcpu *v, uint32_t address, enum access access, bool privileged)
{
	const struct p15_registers *p = &v->arch.p15;
	uint32_t n = field(p->ttbcr, 2, 0), base, first, second, domain, rule, apx, ap, bits;
	bool xp = field(p->sctlr, 23, 23), is_section, xn, global;

	if (field(address, 31, 25) == 0)
		address |= field(p->fcse, 31, 25) << 25;
	if (!field(p->sctlr, 0, 0))
		return (struct reference){.physical = address};
	if (n > 0 && field(address, 31, 32 - n) != 0) {
		if (field(p->ttbcr, 5, 5))
			return fails(5, 0, access);
		base = field(p->ttbr[1], 31, 14) << 14;
	} else {
		if (field(p->ttbcr, 4, 4))
			return fails(5, 0, access);
		base = field(p->ttbr[0], 31, 14 - n) << (14 - n);
	}
	if (!word_at(p->sctlr, base + 4 * field(address, 31, 20), &first))
		return fails(0xc, 0, access);
	if (field(first, 1, 0) == 0 || field(first, 1, 0) == 3)
		return fails(5, 0, access);
	is_section = field(first, 1, 0) == 2;
	domain = is_section && field(first, 18, 18) ? 0 : field(first, 8, 5);
	rule = field(p->dacr, 2 * domain + 1, 2 * domain);
	if (rule == 0 || rule == 2)
		return fails(is_section ? 9 : 0xb, domain, access);
	if (is_section) {
		bits = field(first, 18, 18) ? 24 : 20;
		apx = xp ? field(first, 15, 15) : 0;
		ap = field(first, 11, 10);
		xn = xp && field(first, 4, 4);
		global = !(xp && field(first, 17, 17));
		second = first;
	} else {
		if (!word_at(p->sctlr, (field(first, 31, 10) << 10) + 4 * field(address, 19, 12), &second))
			return fails(0xe, domain, access);
		if (field(second, 1, 0) == 0)
			return fails(7, domain, access);
		bits = field(second, 1, 0) == 1 ? 16 : 12;
		apx = xp ? field(second, 9, 9) : 0;
		ap = field(second, 5, 4);
		if (!xp && bits == 16)
			ap = second >> (4 + 2 * field(address, 15, 14)) & 3;
		else if (!xp && field(second, 1, 0) == 2)
			ap = second >> (4 + 2 * field(address, 11, 10)) & 3;
		xn = xp && (bits == 16 ? field(second, 15, 15) : field(second, 0, 0));
		global = !(xp && field(second, 11, 11));
	}
	if (rule == 1 && !is_allowed(p->sctlr, apx, ap, xn, access, privileged))
		return fails(is_section ? 0xd : 0xf, domain, access);
	return (struct reference){.physical = field(second, 31, bits) << bits | field(address, bits - 1, 0), .is_global = global};
}

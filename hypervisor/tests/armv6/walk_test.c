/* SPDX-License-Identifier: Apache-2.0 */
/* The walk of guests' tables: random ones against a reference, and one by one what random ones seldom meet. */
#include "arch/armv6/walk.h"

#include "arch/armv6/shadow.h"
#include "arch/armv6/stage2.h"
#include "random_tables.h"
#include "walk_reference.h"

#define CASES 60000

static struct p15_registers *p15 = &fake_vcpu.arch.p15;

static const char *described(uint32_t address, enum access access, bool privileged)
{
	static char text[160];

	snprintf(text, sizeof(text), "address %08x access %d privileged %d sctlr %08x ttbcr %x ttbr %08x %08x dacr %08x fcse %08x", address,
		 access, privileged, p15->sctlr, p15->ttbcr, p15->ttbr[0], p15->ttbr[1], p15->dacr, p15->fcse);
	return text;
}

/* All that a translation says of its surroundings holds there. */
static void check_surroundings(uint64_t *state, uint32_t address, bool privileged, const struct translation *t)
{
	uint32_t within = address & ~((1U << t->size) - 1);
	uint32_t elsewhere = within | ((uint32_t)test_random(state) & ((1U << t->size) - 1));
	uint32_t page_rights = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE;
	struct reference r;

	for (uint32_t access = ACCESS_READ; access <= ACCESS_FETCH; access++) {
		r = reference_walk(&fake_vcpu, elsewhere, access, privileged);
		report_equal(!r.faults, t->rights >> access & 1, "the same rights in all of the size");
		if (!r.faults)
			report_equal(r.physical - elsewhere, t->physical - address, "the same place in all of the size");
		for (uint32_t part = 0; part < 4; part++)
			if (reference_walk(&fake_vcpu, (address & ~0xfffU) | part << 10, access, privileged).faults)
				page_rights &= ~(1U << access);
	}
	report_equal(t->page_rights, page_rights, "what is allowed in all of the page");
}

static void given_random_tables_when_walked_then_as_the_reference_says(void)
{
	uint64_t state = test_seed();

	fake_persona_init();
	fake_build_all();
	for (uint32_t i = 0; i < CASES; i++) {
		uint32_t address = (uint32_t)test_random(&state) >> (random_below(&state, 4) ? 0 : 6);
		enum access access = random_below(&state, 3);
		bool privileged = random_below(&state, 2);
		struct reference wanted;
		struct translation t;
		enum walk_result found;

		if (i % 500 == 0)
			random_tables(&state);
		random_p15(&state, p15);
		wanted = reference_walk(&fake_vcpu, address, access, privileged);
		fake_looks = 0;
		found = walk(&fake_vcpu, address, access, privileged, &t);
		report(fake_looks <= 2, "each descriptor is read once");
		if (!report_equal(found, wanted.faults ? WALK_FAULT : WALK_OK, described(address, access, privileged)))
			continue;
		if (wanted.faults) {
			report_equal(t.fsr, wanted.fsr, described(address, access, privileged));
			continue;
		}
		report_equal(t.physical, wanted.physical, described(address, access, privileged));
		report(t.is_global == wanted.is_global, "global");
		if (t.size <= 12 || t.size == 20) /* what spans more descriptors is not repeated in them here, as it should be */
			check_surroundings(&state, address, privileged, &t);
	}
}

/* A first-level table at 0x4000 with one entry for address 0x80000000, ARMv6's format, all domains clients. */
#define FIRST 0x4000U
#define SECOND 0x8000U
#define ADDRESS 0x80000000U
#define ENTRY_PLACE (FIRST + (ADDRESS >> 18))

static enum walk_result result;
static struct translation t;

static void given(uint32_t first, uint32_t second)
{
	fake_persona_init();
	fake_build_all();
	*p15 = (struct p15_registers){.sctlr = SCTLR_FIXED | SCTLR_M | SCTLR_XP, .ttbr = {FIRST, FIRST}, .dacr = 0x55555555};
	*fake_ram(ENTRY_PLACE) = first;
	*fake_ram(SECOND) = second;
}

static void when(enum access access, bool privileged)
{
	result = walk(&fake_vcpu, ADDRESS + 0x123, access, privileged, &t);
}

static void then_fault(uint32_t fsr, const char *name)
{
	if (report_equal(result, WALK_FAULT, name))
		report_equal(t.fsr, fsr, name);
}

static void given_tables_in_unbuilt_ram_then_it_is_to_be_built(void)
{
	given(SECOND | 1, 0x00123002 | 0x30);
	stage2_unmap(&fake_persona, 0);
	when(ACCESS_READ, true);
	report_equal(result, WALK_UNBUILT, "the first level is not there");
	report_equal(t.physical, ENTRY_PLACE, "and where");
	given(0x00200000 | 1, 0);
	stage2_unmap(&fake_persona, 0x20);
	when(ACCESS_READ, true);
	report_equal(result, WALK_UNBUILT, "the second level is not there");
	report_equal(t.physical, 0x00200000, "and where");
}

static void given_tables_outside_ram_then_external_aborts(void)
{
	given(0, 0);
	p15->ttbr[0] = FAKE_RAM_SIZE;
	when(ACCESS_READ, true);
	then_fault(FSR_EXTERNAL_SECTION, "first level just behind RAM");
	given(0xfffffc01 | 5 << 5, 0);
	when(ACCESS_WRITE, true);
	then_fault(FSR_EXTERNAL_PAGE | 5 << 4 | FSR_WRITE, "second level nowhere, with the domain");
}

static void given_a_fault_of_each_kind_then_its_status(void)
{
	given(3, 0);
	when(ACCESS_READ, true);
	then_fault(FSR_TRANSLATION_SECTION, "there are no fine tables");
	p15->sctlr &= ~SCTLR_XP;
	when(ACCESS_READ, true);
	then_fault(FSR_TRANSLATION_SECTION, "nor in the older format");
	given(SECOND | 1 | 7 << 5, 0);
	when(ACCESS_WRITE, false);
	then_fault(FSR_TRANSLATION_PAGE | 7 << 4 | FSR_WRITE, "no page");
	p15->dacr = 2 << 14;
	when(ACCESS_READ, false);
	then_fault(FSR_DOMAIN_PAGE | 7 << 4, "a reserved domain's page, before the page is looked at");
	given(0x00300002 | 9 << 5 | 0xc00, 0);
	p15->dacr = 0;
	when(ACCESS_FETCH, true);
	then_fault(FSR_DOMAIN_SECTION | 9 << 4, "no domain's section");
	p15->dacr = 1 << 18;
	*fake_ram(ENTRY_PLACE) |= 0x10;
	when(ACCESS_FETCH, true);
	then_fault(FSR_PERMISSION_SECTION | 9 << 4, "never executed");
	p15->dacr = 3 << 18;
	when(ACCESS_FETCH, true);
	report_equal(result, WALK_OK, "but by managers");
	given(SECOND | 1, 0x00345022);
	when(ACCESS_WRITE, false);
	then_fault(FSR_PERMISSION_PAGE | FSR_WRITE, "user mode only reads");
	when(ACCESS_READ, false);
	report_equal(result, WALK_OK, "it does read");
	report_equal(t.physical, 0x00345123, "from there");
}

static void given_a_supersection_then_its_domain_is_0(void)
{
	given(0x01000002 | 0x40000 | 0xc00 | 9 << 5, 0);
	p15->dacr = 1;
	when(ACCESS_READ, false);
	report_equal(result, WALK_OK, "domain bits are address bits there");
	report_equal(t.size, 24, "16 MiB");
	report_equal(t.physical, 0x01000123, "from there");
	p15->sctlr &= ~SCTLR_XP;
	when(ACCESS_READ, false);
	report_equal(t.size, 24, "in the older format as well");
}

static void given_subpages_that_differ_then_each_has_its_rights(void)
{
	given(SECOND | 1, 0x00345002 | 0x1b0); /* 11, 11, 10, 01 from below: 0x1b0 = AP3 0 AP2 1 AP1 2 AP0 3 */
	p15->sctlr &= ~SCTLR_XP;
	when(ACCESS_WRITE, false);
	report_equal(result, WALK_OK, "the first may be written");
	report_equal(t.size, 10, "the first alone");
	report_equal(t.page_rights, 0, "not all of them are even read");
	given(SECOND | 1, 0x00340001 | 0x1b0);
	p15->sctlr &= ~SCTLR_XP;
	when(ACCESS_WRITE, false);
	report_equal(t.size, 14, "a quarter of a large page");
	report_equal(t.page_rights, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE, "all of these 4 KiB");
	given(SECOND | 1, 0x00345003 | 0xff0);
	p15->sctlr &= ~SCTLR_XP;
	when(ACCESS_WRITE, false);
	report_equal(t.size, 12, "an extended small page has one");
}

static void given_fcse_then_a_process_has_the_lowest_32_mib(void)
{
	fake_persona_init();
	p15->fcse = 0x84000000;
	report_equal(walk_modified(&fake_vcpu, 0x01ffffff), 0x85ffffff, "below 32 MiB");
	report_equal(walk_modified(&fake_vcpu, 0x02000000), 0x02000000, "above");
	p15->fcse = 0x85ffffff;
	report_equal(walk_modified(&fake_vcpu, 0), 0x84000000, "the PID's bits alone count");
}

static const struct test tests[] = {
	{"random tables", given_random_tables_when_walked_then_as_the_reference_says},
	{"unbuilt", given_tables_in_unbuilt_ram_then_it_is_to_be_built},
	{"outside", given_tables_outside_ram_then_external_aborts},
	{"faults", given_a_fault_of_each_kind_then_its_status},
	{"supersection", given_a_supersection_then_its_domain_is_0},
	{"subpages", given_subpages_that_differ_then_each_has_its_rights},
	{"fcse", given_fcse_then_a_process_has_the_lowest_32_mib},
};

TEST_MAIN(tests)

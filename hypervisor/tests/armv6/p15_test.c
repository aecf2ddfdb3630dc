/* SPDX-License-Identifier: Apache-2.0 */
/* CP15 of the virtual CPU (Arm DDI 0211, chapter 3). */
#include "tests/armv6/cpu_fake.h"

static uint32_t *reg = fake.arch.r;

/* MRC or MCR p15, 0, r0, crn, crm, opc2. */
#define MRC(crn, crm, opc2) (0xee100f10U | (crn) << 16 | (opc2) << 5 | (crm))
#define MCR(crn, crm, opc2) (0xee000f10U | (crn) << 16 | (opc2) << 5 | (crm))
#define MCRR(crm) (0xec410f00U | (crm)) /* p15, 0, r0, r1, crm: from r1 to r0 */

static uint32_t get(uint32_t instruction)
{
	reg[0] = 0xdeadbeef;
	report(p15(&fake, instruction), "the register is there");
	return reg[0];
}

static void set(uint32_t instruction, uint32_t value)
{
	reg[0] = value;
	report(p15(&fake, instruction), "the register is there");
}

static void given_identification_then_it_is_an_r0p2(void)
{
	fake_reset(MODE_SUPERVISOR);
	report_equal(get(MRC(0, 0, 0)), 0x4107b362, "MIDR");
	report_equal(get(MRC(0, 0, 1)), 0x01dd20d2, "cache type");
	report_equal(get(MRC(0, 0, 2)), 0, "no tightly coupled memory");
	report_equal(get(MRC(0, 0, 3)), 0, "a unified TLB");
	report_equal(get(MRC(0, 1, 4)), 0x01130003, "MMFR0");
	report_equal(get(MRC(0, 2, 1)), 0x12002111, "ISAR1");
	reg[0] = 1;
	report(!p15(&fake, MCR(0, 0, 0)), "it cannot be written");
	report(!p15(&fake, MRC(13, 0, 2)), "no thread-ID registers");
	report(!p15(&fake, 0xee300f10), "nothing with another opcode 1 there");
}

static void given_translation_registers_then_they_are_kept_and_choose_tables(void)
{
	static const struct {
		uint32_t crn, opc2, written, read;
	} registers[] = {
		{1, 0, 0xffffffff, SCTLR_WRITABLE | SCTLR_FIXED},
		{2, 0, 0x1234405b, 0x1234405b},
		{2, 1, 0x87654321, 0x87654321},
		{2, 2, 0xffffffff, 7},
		{3, 0, 0x55555555, 0x55555555},
		{13, 0, 0xffffffff, 0xfe000000},
		{13, 1, 0x123456, 0x123456},
	};

	fake_reset(MODE_SUPERVISOR);
	report_equal(get(MRC(1, 0, 0)), SCTLR_FIXED | SCTLR_U | SCTLR_XP, "control register");
	for (uint32_t i = 0; i < ARRAY_COUNT(registers); i++) {
		set(MCR(registers[i].crn, 0, registers[i].opc2), registers[i].written);
		report_equal(get(MRC(registers[i].crn, 0, registers[i].opc2)), registers[i].read, "reads as it was written");
		report_equal(fakes.contexts, i + 1, "chooses tables");
		set(MCR(registers[i].crn, 0, registers[i].opc2), registers[i].written);
		report_equal(fakes.contexts, i + 1, "but not the same again");
	}
	report_equal(fakes.controls, 1, "the real control register follows once");
	report(fake.arch.tables_stale, "tables are loaded before it goes on");
	set(MCR(1, 0, 2), 0xffffffff);
	report_equal(get(MRC(1, 0, 2)), 0x00f00000, "CPACR: VFP alone");
	report_equal(fakes.vfp_controls, 1, "is told");
}

static void given_fault_registers_then_they_are_kept(void)
{
	fake_reset(MODE_ABORT);
	guest_data_abort(&fake, 0x1234, 0x805);
	report_equal(get(MRC(5, 0, 0)), 0x805, "DFSR");
	report_equal(get(MRC(6, 0, 0)), 0x1234, "FAR");
	guest_prefetch_abort(&fake, 7);
	report_equal(get(MRC(5, 0, 1)), 7, "IFSR");
	report_equal(get(MRC(5, 0, 0)), 0x805, "DFSR stays");
	set(MCR(5, 0, 0), 0);
	set(MCR(6, 0, 0), 77);
	report_equal(get(MRC(5, 0, 0)), 0, "may be written");
	report_equal(get(MRC(6, 0, 0)), 77, "too");
	report_equal(fakes.contexts, 0, "and decide on nothing");
}

static void given_tlb_operations_then_shadows_are_forgotten(void)
{
	fake_reset(MODE_SUPERVISOR);
	for (uint32_t crm = 5; crm <= 7; crm++) {
		set(MCR(8, crm, 0), 0);
		report_equal(fakes.forgot_all, crm - 4, "all");
		set(MCR(8, crm, 1), 0x12345017);
		report_equal(fakes.mva, 0x12345017, "a page of an ASID");
		set(MCR(8, crm, 2), 0xffffff42);
		report_equal(fakes.asid, 0x42, "an ASID");
		report(!p15(&fake, MCR(8, crm, 3)), "no other kinds");
	}
	report_equal(fakes.forgot_page + fakes.forgot_asid, 6, "each once");
	report(!p15(&fake, MCR(8, 4, 0)), "no other TLB");
	report(!p15(&fake, MRC(8, 7, 0)), "nothing to read");
}

static void given_cache_operations_then_data_is_never_lost(void)
{
	fake_reset(MODE_SUPERVISOR);
	set(MCR(7, 6, 1), 0xc000123f); /* forget a line: cleaned as well */
	set(MCR(7, 10, 1), 0xc000123f);
	set(MCR(7, 14, 1), 0xc000123f);
	report_equal(fakes.data_lines, 3, "data lines");
	report_equal(fakes.line, 0xc000123f, "the guest's address");
	set(MCR(7, 5, 1), 0x40);
	report_equal(fakes.instruction_lines, 1, "an instruction line");
	set(MCR(7, 6, 2), 0x80000020);
	report_equal(fakes.set_ways, 1, "by set and way");
	set(MCR(7, 6, 0), 0);
	set(MCR(7, 7, 0), 0);
	report_equal(fakes.data, 2, "all data");
	report_equal(fakes.instructions, 1, "all instructions");
	set(MCR(7, 0, 4), 0);
	report_equal(fakes.waits, 1, "WFI");
	report_equal(get(MRC(7, 10, 6)), 0, "the cache is clean");
	set(MCR(7, 15, 0), 0);
	report_equal(fakes.data, 3, "what is unknown is all of it");
	report_equal(fakes.instructions, 2, "of both");
	report(!p15(&fake, MCR(7, 15, 0) | 1 << 21), "no others");
}

static void given_ranges_then_they_end(void)
{
	fake_reset(MODE_SUPERVISOR);
	reg[1] = 0x1010;
	reg[0] = 0x1040;
	report(p15(&fake, MCRR(12)), "clean a range");
	report_equal(fakes.data_lines, 3, "both ends' lines included");
	report(p15(&fake, MCRR(5)), "forget a range of instructions");
	report_equal(fakes.instruction_lines, 3, "the same");
	reg[1] = 0;
	reg[0] = 0xffffffe0;
	report(p15(&fake, MCRR(14)), "everything");
	report(p15(&fake, MCRR(5)), "of both kinds");
	report_equal(fakes.data + fakes.instructions, 2, "is done as a whole");
	reg[1] = 0x2000;
	reg[0] = 0x1000;
	report(p15(&fake, MCRR(6)), "backwards");
	report_equal(fakes.data, 2, "as well");
	report_equal(fakes.data_lines + fakes.instruction_lines, 6, "line by line only what is short");
	report(!p15(&fake, MCRR(7)), "no others");
}

static void given_conditions_then_they_count(void)
{
	fake_reset(MODE_SUPERVISOR);
	fake.arch.cpsr |= 0x40000000;
	report(p15(&fake, MRC(0, 0, 0) - 0xe0000000), "eq");
	report_equal(reg[0], 0x4107b362, "holds with Z");
	reg[0] = 0;
	report(p15(&fake, MRC(0, 0, 0) - 0xd0000000), "ne");
	report_equal(reg[0], 0, "does not");
	report(p15(&fake, MRC(0, 0, 0) | 0xf000), "to the flags");
	report_equal(fake.arch.cpsr >> 28, 4, "the highest four bits");
	report(!p15(&fake, MRC(0, 0, 0) | 0xf0000000), "MRC2 is nothing");
	report(!p15(&fake, MCR(7, 10, 1) | 0xf000), "the PC is never written from");
	report(!p15(&fake, 0xe1a00000), "nor is what is no access to a coprocessor");
	report(!p15(&fake, MRC(0, 0, 0) - 0x100), "or to another one");
}

static const struct test tests[] = {
	{"identification", given_identification_then_it_is_an_r0p2},
	{"translation", given_translation_registers_then_they_are_kept_and_choose_tables},
	{"faults", given_fault_registers_then_they_are_kept},
	{"tlb", given_tlb_operations_then_shadows_are_forgotten},
	{"cache", given_cache_operations_then_data_is_never_lost},
	{"ranges", given_ranges_then_they_end},
	{"conditions", given_conditions_then_they_count},
};
TEST_MAIN(tests)

/* SPDX-License-Identifier: Apache-2.0 */
/* Privileged instructions on the virtual CPU, against what Arm DDI 0100I says of them; encodings as an assembler gives them. */
#include "tests/armv6/cpu_fake.h"

#define STACK 0x10100U
#define SPSR_SET 0xa00001d0U /* N, C, all masks, user mode */

static uint32_t *reg = fake.arch.r;

static uint32_t *spsr_of(uint32_t mode)
{
	return &fake.rest.banks[guest_bank(mode)].spsr;
}

static void given_a_status_register_then_it_is_read_and_written_in_fields(void)
{
	fake_reset(MODE_SUPERVISOR);
	fake.arch.cpsr |= 0x60000000;
	emulate(&fake, 0xe10f3000); /* mrs r3, cpsr */
	report_equal(reg[3], 0x600001d3, "mrs cpsr shows the virtual mode and masks");
	reg[0] = 0xffffffd2;
	emulate(&fake, 0xe121f000); /* msr cpsr_c, r0 */
	report_equal(virtual_cpsr(&fake), 0x600001d2, "the control field alone: A, in the next one, stays");
	emulate(&fake, 0xe328f20a); /* msr cpsr_f, #0xa0000000 */
	report_equal(virtual_cpsr(&fake), 0xa00001d2, "the flags alone");
	report_equal(fake.arch.cpsr, 0xa0000050, "the real one stays in user mode, with interrupts on");
	reg[0] = 0xffffffff;
	emulate(&fake, 0xe169f000); /* msr spsr_fc, r0 */
	report_equal(*spsr_of(MODE_IRQ), 0xf90000ff, "spsr: what is allocated in these fields, execution state included");
	emulate(&fake, 0xe14f4000); /* mrs r4, spsr */
	report_equal(reg[4], 0xf90000ff, "mrs spsr");
	reg[0] = 0x00000013;
	emulate(&fake, 0xe12ff000); /* msr cpsr_fsxc, r0 */
	report_equal(virtual_cpsr(&fake), 0x13, "all fields");
	report_equal(fake_shadow.view, FAKE_VIEW, "privilege never changed");
	report_equal(reg[15], FAKE_CODE + 4, "the next instruction follows");
}

static void given_a_change_of_mode_then_registers_are_banked(void)
{
	static const uint32_t modes[] = {MODE_FIQ, MODE_IRQ, MODE_SUPERVISOR, MODE_ABORT, MODE_UNDEFINED, MODE_SYSTEM};

	fake_reset(MODE_SYSTEM);
	for (uint32_t i = 0; i < ARRAY_COUNT(modes); i++) {
		emulate(&fake, 0xf1020000 | modes[i]); /* cps #mode */
		report_equal(fake.arch.mode & PSR_MODE, modes[i], "cps changes the mode");
		for (uint32_t n = modes[i] == MODE_FIQ ? 8 : 13; n < 15; n++)
			reg[n] = modes[i] << 8 | n;
	}
	for (uint32_t i = 0; i < ARRAY_COUNT(modes); i++) {
		reg[0] = modes[i] | PSR_MASKS;
		emulate(&fake, 0xe12ff000);
		report_equal(reg[7], 0x107, "r0 to r7 are the same in all modes");
		for (uint32_t n = 8; n < 15; n++)
			report_equal(reg[n], modes[i] == MODE_FIQ || n >= 13 ? modes[i] << 8 | n : 0x100 + n, "each has its own");
	}
	reg[0] = MODE_USER;
	emulate(&fake, 0xe121f000);
	report_equal(reg[13], MODE_SYSTEM << 8 | 13, "user mode's are system mode's");
	report_equal(fake_shadow.view, guest_is_privileged(&fake), "its tables are others");
	report(fake.arch.tables_stale, "which are loaded before it goes on");
}

static void given_modes_there_are_not_then_the_mode_stays(void)
{
	fake_reset(MODE_SUPERVISOR);
	for (uint32_t mode = 0; mode < 32; mode++) {
		bool exists = mode == MODE_USER || mode == MODE_FIQ || mode == MODE_IRQ || mode == MODE_SUPERVISOR || mode == MODE_ABORT ||
			      mode == MODE_UNDEFINED || mode == MODE_SYSTEM;

		fake_reset(MODE_SUPERVISOR);
		reg[0] = 0xa0000000 | mode;
		emulate(&fake, 0xe12ff000);
		report_equal(fake.arch.mode, exists ? mode : MODE_SUPERVISOR, "only modes that exist");
		report_equal(fake.arch.cpsr, 0xa0000050, "the other fields are written, and the real mode is always user mode");
	}
}

static void given_cps_then_it_sets_and_clears_masks(void)
{
	fake_reset(MODE_SUPERVISOR);
	emulate(&fake, 0xf1080080); /* cpsie i */
	report_equal(fake.arch.mode, MODE_SUPERVISOR | PSR_A | PSR_F, "cpsie i");
	emulate(&fake, 0xf10c0080); /* cpsid i */
	report_equal(fake.arch.mode, MODE_SUPERVISOR | PSR_MASKS, "cpsid i");
	emulate(&fake, 0xf10a01d2); /* cpsie aif, #0x12 */
	report_equal(fake.arch.mode, MODE_IRQ, "with a mode");
	emulate(&fake, 0xf1040000);
	report(fake_was_undefined(), "imod 1 is reserved");
}

static void given_an_exception_return_then_mode_and_flags_come_from_the_spsr(void)
{
	static const struct {
		uint32_t word, pc;
	} cases[] = {
		{0xe1b0f00e, 0x9000}, /* movs pc, lr */
		{0xe25ef004, 0x8ffc}, /* subs pc, lr, #4 */
		{0xe29ef008, 0x9008}, /* adds pc, lr, #8 */
		{0xe01ef000, 0x0}, /* ands pc, lr, r0 */
		{0xe03ef000, 0x9100}, /* eors pc, lr, r0 */
		{0xe07ef001, 0xffff7100}, /* rsbs pc, lr, r1 */
		{0xe0bef000, 0x9100}, /* adcs pc, lr, r0 (carry clear) */
		{0xe0def002, 0x8efc}, /* sbcs pc, lr, r2 */
		{0xe0fef003, 0xffff7100}, /* rscs pc, lr, r3 */
		{0xe19ef000, 0x9100}, /* orrs pc, lr, r0 */
		{0xe1def000, 0x9000}, /* bics pc, lr, r0 */
		{0xe1f0f00e, 0xffff6ffc}, /* mvns pc, lr */
		{0xe1b0f10e, 0x24000}, /* movs pc, lr, lsl #2 */
		{0xe1b0f12e, 0x2400}, /* lsr #2 */
		{0xe1b0f02e, 0x0}, /* lsr #32 */
		{0xe1b0f14e, 0x2400}, /* asr #2 */
		{0xe1b0f06e, 0x4800}, /* rrx */
		{0xe1b0fc6e, 0x900000}, /* ror #24 */
		{0xe1b0f41e, 0x0}, /* lsl r4: 0x104 & 0xff is 4, below */
		{0xe3b0fa09, 0x9000}, /* movs pc, #0x9000 */
	};

	for (uint32_t i = 0; i < ARRAY_COUNT(cases); i++) {
		fake_reset(MODE_ABORT);
		*spsr_of(MODE_ABORT) = SPSR_SET;
		reg[14] = 0x9000;
		reg[2] = 0x103;
		emulate(&fake, cases[i].word);
		report_equal(reg[15], cases[i].word == 0xe1b0f41e ? 0x90000 : cases[i].pc, "where it goes on");
		report_equal(virtual_cpsr(&fake), SPSR_SET, "with the status it had");
		report_equal(fake.arch.cpsr, 0xa0000050, "user mode in reality");
	}
	fake_reset(MODE_ABORT);
	emulate(&fake, 0xe28ff000);
	report(fake_was_undefined(), "without S it is not one of these");
	fake_reset(MODE_ABORT);
	emulate(&fake, 0xe15ef000);
	report(fake_was_undefined(), "nor a comparison");
	fake_reset(MODE_SYSTEM);
	emulate(&fake, 0xe1b0f00e);
	report(fake_was_undefined(), "system mode has no SPSR");
	fake_reset(MODE_IRQ);
	*spsr_of(MODE_IRQ) = MODE_USER | PSR_T;
	reg[14] = 0x9007;
	emulate(&fake, 0xe25ef004);
	report_equal(reg[15], 0x9002, "to Thumb state: halfwords");
	report_equal(fake.arch.cpsr & PSR_T, PSR_T, "T is real");
	report_equal(fake_shadow.view, 0, "on user mode's tables");
	report(fake.arch.tables_stale, "which are not in force yet");
}

static void given_pc_as_operand_then_it_is_eight_ahead(void)
{
	fake_reset(MODE_SUPERVISOR);
	*spsr_of(MODE_SUPERVISOR) = MODE_SYSTEM;
	emulate(&fake, 0xe29ff000); /* adds pc, pc, #0 */
	report_equal(reg[15], FAKE_CODE + 8, "its own address and 8");
}

static void given_user_registers_then_they_are_stored_and_loaded_from_any_mode(void)
{
	fake_reset(MODE_SUPERVISOR);
	fake.rest.banks[BANK_USER].r13 = 0x555d;
	fake.rest.banks[BANK_USER].r14 = 0x555e;
	reg[13] = STACK;
	emulate(&fake, 0xe8cd7fff); /* stmia sp, {r0-lr}^ */
	report_equal(fake_word(STACK), 0x100, "r0");
	report_equal(fake_word(STACK + 48), 0x10c, "r12");
	report_equal(fake_word(STACK + 52), 0x555d, "user mode's r13");
	report_equal(fake_word(STACK + 56), 0x555e, "user mode's r14");
	report_equal(reg[13], STACK, "the base stays");
	fake_set_word(STACK + 52, 0x777d);
	emulate(&fake, 0xe9dd6000); /* ldmib sp, {sp, lr}^ */
	report_equal(fake.rest.banks[BANK_USER].r13, 0x101, "ldmib begins above the base");
	emulate(&fake, 0xe8dd7fff); /* ldmia sp, {r0-lr}^ */
	report_equal(fake.rest.banks[BANK_USER].r13, 0x777d, "user mode's r13 comes back");
	report_equal(reg[13], STACK, "the mode's own does not");

	fake_reset(MODE_FIQ);
	reg[8] = 0xf8;
	fake.rest.fiq_r8[0] = 0x108;
	reg[0] = STACK + 8;
	emulate(&fake, 0xe9400100); /* stmdb r0, {r8}^ */
	report_equal(fake_word(STACK + 4), 0x108, "in FIQ mode, r8 is user mode's too");
	emulate(&fake, 0xe8408000); /* stmda r0, {pc}^ */
	report_equal(fake_word(STACK + 8), FAKE_CODE + 8, "the PC is stored 8 ahead");
	fake_set_word(STACK + 8, 0xabc);
	emulate(&fake, 0xe8500100); /* ldmda r0, {r8}^ */
	report_equal(fake.rest.fiq_r8[0], 0xabc, "and loaded there");
	report_equal(reg[8], 0xf8, "not into FIQ's");
}

static void given_ldm_with_the_pc_then_it_returns(void)
{
	fake_reset(MODE_SUPERVISOR);
	*spsr_of(MODE_SUPERVISOR) = SPSR_SET;
	fake.rest.banks[BANK_USER].r13 = 0x555d;
	reg[13] = STACK;
	for (uint32_t i = 0; i < 16; i++)
		fake_set_word(STACK + 4 * i, 0x2000 + 4 * i);
	emulate(&fake, 0xe8fd800f); /* ldmia sp!, {r0-r3, pc}^ */
	report_equal(reg[3], 0x200c, "registers");
	report_equal(reg[15], 0x2010, "PC");
	report_equal(virtual_cpsr(&fake), SPSR_SET, "CPSR from SPSR");
	report_equal(fake.rest.banks[BANK_SUPERVISOR].r13, STACK + 20, "the base of the mode it left");
	report_equal(reg[13], 0x555d, "user mode has its own");
}

static void given_srs_and_rfe_then_they_fit_together(void)
{
	fake_reset(MODE_IRQ);
	fake.rest.banks[BANK_SUPERVISOR].r13 = STACK;
	*spsr_of(MODE_IRQ) = SPSR_SET;
	reg[14] = 0x4444;
	emulate(&fake, 0xf96d0513); /* srsdb sp!, #0x13 */
	report_equal(fake.rest.banks[BANK_SUPERVISOR].r13, STACK - 8, "write-back to the named mode's stack");
	report_equal(fake_word(STACK - 8), 0x4444, "r14");
	report_equal(fake_word(STACK - 4), SPSR_SET, "SPSR");
	emulate(&fake, 0xf1020013); /* cps #0x13 */
	emulate(&fake, 0xf8bd0a00); /* rfeia sp! */
	report_equal(reg[15], 0x4444, "rfe goes there");
	report_equal(virtual_cpsr(&fake), SPSR_SET, "with that status");
	report_equal(fake.rest.banks[BANK_SUPERVISOR].r13, STACK, "the stack is where it was");
	fake_reset(MODE_SYSTEM);
	emulate(&fake, 0xf96d0513);
	report(fake_was_undefined(), "system mode has no SPSR to store");
	fake_reset(MODE_SUPERVISOR);
	emulate(&fake, 0xf96d0514);
	report(fake_was_undefined(), "no mode 0x14");
}

static void given_user_accesses_then_user_rights_count(void)
{
	fake_reset(MODE_SUPERVISOR);
	fake_set_word(FAKE_MEMORY, 0x11223344);
	reg[1] = FAKE_MEMORY;
	emulate(&fake, 0xe4b10004); /* ldrt r0, [r1], #4 */
	report_equal(reg[0], 0x11223344, "ldrt");
	report_equal(reg[1], FAKE_MEMORY + 4, "post-indexed");
	reg[1] = FAKE_MEMORY + 2;
	emulate(&fake, 0xe4f10000); /* ldrbt r0, [r1] */
	report_equal(reg[0], 0x22, "ldrbt");
	reg[0] = 0xa1b2c3d4;
	emulate(&fake, 0xe4e10001); /* strbt r0, [r1], #1 */
	report_equal(fake_word(FAKE_MEMORY), 0x11d43344, "strbt");
	reg[1] = FAKE_MEMORY + 8;
	reg[2] = 1;
	emulate(&fake, 0xe6210102); /* strt r0, [r1], -r2, lsl #2 */
	report_equal(fake_word(FAKE_MEMORY + 8), 0xa1b2c3d4, "strt");
	report_equal(reg[1], FAKE_MEMORY + 4, "by a shifted register, downwards");
	reg[1] = FAKE_PRIVILEGED;
	emulate(&fake, 0xe4b10004);
	report_equal(fake.arch.mode & PSR_MODE, MODE_ABORT, "what only privileged modes may read");
	report_equal(reg[15], 0x10, "is a data abort");
	report_equal(reg[14], FAKE_CODE + 8, "8 ahead of the instruction");
	report_equal(fake.arch.p15.far, FAKE_PRIVILEGED, "FAR");
	report_equal(fake.arch.p15.dfsr, FSR_PERMISSION_PAGE, "DFSR");
	report_equal(reg[1], FAKE_PRIVILEGED, "the base is restored");
	fake_reset(MODE_SUPERVISOR);
	reg[1] = FAKE_PRIVILEGED;
	emulate(&fake, 0xe4a10004); /* strt */
	report_equal(fake.arch.p15.dfsr, FSR_PERMISSION_PAGE | FSR_WRITE, "a write says so");
}

static void given_unaligned_user_words_then_the_control_register_decides(void)
{
	fake_reset(MODE_SUPERVISOR);
	fake_set_word(FAKE_MEMORY, 0x44332211);
	fake_set_word(FAKE_MEMORY + 4, 0x88776655);
	reg[1] = FAKE_MEMORY + 1;
	emulate(&fake, 0xe4b10000);
	report_equal(reg[0], 0x55443322, "U: as it lies");
	emulate(&fake, 0xe4a10000);
	report_equal(fake_word(FAKE_MEMORY + 4), 0x88776655, "and stored so");
	fake.arch.p15.sctlr &= ~SCTLR_U;
	emulate(&fake, 0xe4b10000);
	report_equal(reg[0], 0x11443322, "not U: turned, as before ARMv6");
	fake.arch.p15.sctlr |= SCTLR_A;
	emulate(&fake, 0xe4b10000);
	report_equal(fake.arch.p15.dfsr, FSR_ALIGNMENT, "A: a fault");
	fake_reset(MODE_SUPERVISOR);
	fake.arch.cpsr |= PSR_E;
	reg[1] = FAKE_MEMORY;
	emulate(&fake, 0xe4b10000);
	report_equal(reg[0], 0x11223344, "big-endian data");
	emulate(&fake, 0xe4a10000);
	report_equal(fake_word(FAKE_MEMORY), 0x44332211, "both ways");
}

static void given_blocks_that_fault_then_nothing_has_changed(void)
{
	static const uint32_t words[] = {0xe8fd800f, 0xe8dd7fff, 0xe8cd7fff, 0xf8bd0a00, 0xf96d0513}; /* the last stores below sp */
	static const uint32_t stacks[] = {FAKE_END - 8, FAKE_END - 8, FAKE_END - 8, FAKE_END - 4, FAKE_MEMORY + 4};

	for (uint32_t i = 0; i < ARRAY_COUNT(words); i++) {
		fake_reset(MODE_SUPERVISOR);
		reg[13] = stacks[i];
		emulate(&fake, words[i]);
		report_equal(fake.arch.mode & PSR_MODE, MODE_ABORT, "a data abort");
		report_equal(fake.rest.banks[BANK_SUPERVISOR].r13, stacks[i], "the base is as before");
		report_equal(reg[0], 0x100, "and registers are");
		report_equal(reg[14], FAKE_CODE + 8, "the instruction can be made again");
		fake_reset(MODE_SUPERVISOR);
		reg[13] = STACK + 2;
		emulate(&fake, words[i]);
		report_equal(fake.arch.p15.dfsr & 15, FSR_ALIGNMENT, "unaligned blocks fault");
		fake_reset(MODE_SUPERVISOR);
		reg[13] = STACK;
		fakes.again = true;
		emulate(&fake, words[i]);
		report_equal(reg[15], FAKE_CODE, "an interrupt first: the same instruction");
		report_equal(reg[13], STACK, "as if it had not begun");
		report_equal(fake.arch.mode & PSR_MODE, MODE_SUPERVISOR, "and no exception");
	}
}

/* Any word, in any mode: the guest's state stays one that may run, whatever happens to it. */
static void given_any_word_then_the_real_state_is_user_modes(void)
{
	static const uint32_t modes[] = {MODE_FIQ, MODE_IRQ, MODE_SUPERVISOR, MODE_ABORT, MODE_UNDEFINED, MODE_SYSTEM};
	uint64_t seed = test_seed();
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < 300000; i++) {
		fake_reset(modes[test_random(&seed) % ARRAY_COUNT(modes)]);
		for (uint32_t n = 0; n < 15; n++)
			reg[n] = test_random(&seed) & 1 ? (uint32_t)test_random(&seed) : FAKE_MEMORY + (test_random(&seed) & 0xffff);
		*spsr_of(fake.arch.mode) = (uint32_t)test_random(&seed);
		emulate(&fake, (uint32_t)test_random(&seed));
		wrong += (fake.arch.cpsr & (PSR_MODE | PSR_I | PSR_A | PSR_F | PSR_J)) != (MODE_USER | PSR_F);
		wrong += !guest_mode_exists(fake.arch.mode);
	}
	report_equal(wrong, 0, "user mode, interrupts on, no Jazelle");
}

static const struct test tests[] = {
	{"status registers", given_a_status_register_then_it_is_read_and_written_in_fields},
	{"banks", given_a_change_of_mode_then_registers_are_banked},
	{"reserved modes", given_modes_there_are_not_then_the_mode_stays},
	{"cps", given_cps_then_it_sets_and_clears_masks},
	{"exception returns", given_an_exception_return_then_mode_and_flags_come_from_the_spsr},
	{"pc operand", given_pc_as_operand_then_it_is_eight_ahead},
	{"user registers", given_user_registers_then_they_are_stored_and_loaded_from_any_mode},
	{"ldm with pc", given_ldm_with_the_pc_then_it_returns},
	{"srs and rfe", given_srs_and_rfe_then_they_fit_together},
	{"user accesses", given_user_accesses_then_user_rights_count},
	{"unaligned", given_unaligned_user_words_then_the_control_register_decides},
	{"faults", given_blocks_that_fault_then_nothing_has_changed},
	{"any word", given_any_word_then_the_real_state_is_user_modes},
};
TEST_MAIN(tests)

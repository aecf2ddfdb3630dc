/* SPDX-License-Identifier: Apache-2.0 */
/* Timer interrupts while others take the CPU away at every moment, also within the handler: each comes exactly once, none after its line
 * was lowered. Run several on one CPU. Boot argument: rounds=5000. */
#include "runtime.h"

static volatile uint64_t fired;

static void on_interrupt(uint32_t id)
{
	(void)id;
	for (volatile int i = 0; i < 300; i++) /* a long handler, so that it is preempted now and then */
		;
	SYSREG_WRITE("cntv_ctl_el0", 0);
	for (volatile int i = 0; i < 300; i++)
		;
	fired++;
}

void test(void)
{
	uint64_t rounds = argument("rounds", 5000), lost = 0, per_second = ticks_per_second(), before;
	gic_init();
	gic_on_interrupt(on_interrupt);
	gic_enable(INTERRUPT_VIRTUAL_TIMER);
	interrupts_on();
	for (uint64_t i = 0; i < rounds; i++) {
		before = fired;
		SYSREG_WRITE("cntv_cval_el0", ticks() + per_second / 20000);
		SYSREG_WRITE("cntv_ctl_el0", 1);
		uint64_t limit = ticks() + 5 * per_second;
		while (fired == before && ticks() < limit)
			;
		lost += fired == before;
	}
	interrupts_off();
	report(lost == 0, "%u timer interrupts, %u lost", rounds, lost);
	report(fired == rounds, "each came once: %u", fired);
	report(gic_spurious_timer == 0, "none came with the line low: %u", gic_spurious_timer);
}

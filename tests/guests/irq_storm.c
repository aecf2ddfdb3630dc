/* SPDX-License-Identifier: Apache-2.0 */
/* Floods itself with interrupts: a timer that is always due, SGIs that send the next SGI. It may only use up its share.
 * Boot argument: storms=0 for no end. */
#include "runtime.h"

static uint64_t storms, limit;

/* Everything happens here: the code below never gets to run again. */
static void on_interrupt(uint32_t id)
{
	storms++;
	if (id < 16)
		gic_send_sgi((id + 1) % 16, 0);
	if (storms % 100000 == 0)
		print("%u interrupts\n", storms);
	if (limit && storms >= limit) {
		report(true, "survived %u interrupts", storms);
		finish();
	}
}

void test(void)
{
	limit = argument("storms", 0);
	gic_init();
	gic_on_interrupt(on_interrupt);
	for (uint32_t id = 0; id < 16; id++)
		gic_enable(id);
	gic_enable(INTERRUPT_VIRTUAL_TIMER);
	SYSREG_WRITE("cntv_cval_el0", 0);
	SYSREG_WRITE("cntv_ctl_el0", 1);
	ready();
	gic_send_sgi(0, 0);
	interrupts_on();
	for (;;)
		wait_for_interrupt();
}

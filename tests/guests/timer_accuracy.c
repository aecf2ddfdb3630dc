/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual counter never goes back, timer interrupts are never early and never lost; masking and the status bit work. How
 * late they are is for bench/ to judge, which counts instructions: here a busy host decides. Boot argument: rounds=100. */
#include "runtime.h"

static volatile uint64_t fired, fired_at;

static void on_interrupt(uint32_t id)
{
	if (id != INTERRUPT_VIRTUAL_TIMER)
		return;
	fired_at = ticks();
	fired++;
	SYSREG_WRITE("cntv_ctl_el0", 0);
}

void test(void)
{
	uint64_t per_second = ticks_per_second(), rounds = argument("rounds", 100);
	report(per_second >= 1000000 && per_second <= 1000000000, "counter frequency %u Hz", per_second);
	uint64_t back = 0, last = ticks();
	for (int i = 0; i < 1000000; i++) {
		uint64_t now = ticks();
		back += now < last;
		last = now;
	}
	report(back == 0, "the counter went back %u times", back);
	gic_init();
	gic_on_interrupt(on_interrupt);
	gic_enable(INTERRUPT_VIRTUAL_TIMER);
	for (int idle = 0; idle < 2; idle++) {
		uint64_t early = 0, worst = 0, lost = 0;
		for (uint64_t i = 0; i < rounds; i++) {
			uint64_t before = fired, deadline = ticks() + per_second / 1000 + i * 7;
			SYSREG_WRITE("cntv_cval_el0", deadline);
			SYSREG_WRITE("cntv_ctl_el0", 1);
			interrupts_on();
			while (fired == before && ticks() < deadline + per_second) {
				if (!idle)
					continue;
				interrupts_off();
				if (fired == before)
					wait_for_interrupt();
				interrupts_on();
			}
			interrupts_off();
			lost += fired == before;
			early += fired_at < deadline;
			if (fired_at > deadline && fired_at - deadline > worst)
				worst = fired_at - deadline;
		}
		worst = worst * 1000000 / per_second;
		report(lost == 0 && early == 0, "%s: %u timer interrupts, %u lost, %u early", idle ? "in WFI" : "busy", rounds, lost,
		       early);
		print("NOTE: %s: the latest came after %u us\n", idle ? "in WFI" : "busy", worst);
	}
	/* Masked: status set, no interrupt; unmasked: it comes at once. */
	uint64_t before = fired;
	SYSREG_WRITE("cntv_cval_el0", ticks());
	SYSREG_WRITE("cntv_ctl_el0", 3);
	interrupts_on();
	wait_ms(2);
	report(fired == before && SYSREG_READ("cntv_ctl_el0") == 7, "masked timer is silent, its status shows");
	SYSREG_WRITE("cntv_ctl_el0", 1);
	wait_ms(1);
	report(fired == before + 1, "unmasked it fires");
	/* Disabled before it is due: never. */
	SYSREG_WRITE("cntv_tval_el0", per_second / 500);
	SYSREG_WRITE("cntv_ctl_el0", 1);
	SYSREG_WRITE("cntv_ctl_el0", 0);
	before = fired; /* it may have been due before, if somebody else had the CPU meanwhile */
	wait_ms(5);
	report(fired == before, "a disabled timer is silent");
	interrupts_off();
}

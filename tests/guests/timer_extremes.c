/* SPDX-License-Identifier: Apache-2.0 */
/* Sets both timers to the ends of their range, enabled, and waits a while each time. A hypervisor that lets the sum of compare value and offset
 * overflow stops QEMU (before 8.2) for ever, and with it every persona. */
#include "runtime.h"

static volatile uint64_t fired;

static void on_interrupt(uint32_t id)
{
	fired++;
	if (id == INTERRUPT_VIRTUAL_TIMER)
		SYSREG_WRITE("cntv_ctl_el0", 0);
	else
		SYSREG_WRITE("cntp_ctl_el0", 0);
}

#define TRY(timer, compare, is_past)                                                                                           \
	do {                                                                                                                   \
		uint64_t before = fired;                                                                                       \
		SYSREG_WRITE("cnt" timer "_cval_el0", compare);                                                                \
		SYSREG_WRITE("cnt" timer "_ctl_el0", 1);                                                                       \
		interrupts_on();                                                                                               \
		wait_ms(3);                                                                                                    \
		interrupts_off();                                                                                              \
		SYSREG_WRITE("cnt" timer "_ctl_el0", 0);                                                                       \
		report((fired != before) == (is_past), "timer %s at %x %s", timer, compare, (is_past) ? "fires" : "is quiet"); \
	} while (0)

void test(void)
{
	static const uint64_t distances[] = {1, 2, 0xffffffff, 1ul << 32, 1ul << 40, 1ul << 55, 1ul << 62};

	report(ticks() < 1ul << 62, "the counter has most of its range before it");
	gic_init();
	gic_on_interrupt(on_interrupt);
	gic_enable(INTERRUPT_VIRTUAL_TIMER);
	gic_enable(INTERRUPT_PHYSICAL_TIMER);
	for (unsigned i = 0; i < sizeof(distances) / sizeof(distances[0]); i++) {
		TRY("v", 0 - distances[i], false);
		TRY("p", 0 - distances[i], false);
	}
	TRY("v", 0ul, true);
	TRY("p", 0ul, true);
	TRY("v", 1ul, true);
	TRY("p", 1ul, true);
	/* A timer value below zero: long ago, not in the far future. */
	SYSREG_WRITE("cntv_tval_el0", 0x80000000);
	SYSREG_WRITE("cntv_ctl_el0", 1);
	report(SYSREG_READ("cntv_ctl_el0") == 5, "the least timer value is past");
	SYSREG_WRITE("cntv_ctl_el0", 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sleeps: WFI and WFE with nothing to come, then WFI for ever. It must cost no CPU time. */
#include "runtime.h"

void test(void)
{
	gic_init();
	interrupts_on();
	uint64_t before = ticks();
	for (int i = 0; i < 10; i++)
		sleep_ms(5);
	uint64_t took = (ticks() - before) * 1000 / ticks_per_second();
	report(took >= 50, "10 × 5 ms of sleep took %u ms", took);
	__asm__ volatile("sev\n\twfe\n\tsevl\n\twfe");
	report(true, "WFE after an event goes on");
	ready();
	interrupts_off();
	for (;;)
		wait_for_interrupt();
}
